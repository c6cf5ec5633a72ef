import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { clusterOpener } from "../../../clients/cluster";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const RESOURCES: Record<string, object[]> = {
    "/api/v1": [
        { name: "services", kind: "Service", namespaced: true },
        { name: "namespaces", kind: "Namespace", namespaced: false },
    ],
};

describe("the cluster of a provider", () => {
    let server: Server;
    let kubeconfig = "";
    const objects: Record<string, object> = {};
    before(async () => {
        server = createServer((request, response) => {
            const path = (request.url ?? "").split("?")[0] ?? "";
            const resources = RESOURCES[path] && { kind: "APIResourceList", groupVersion: "v1", resources: RESOURCES[path] };
            const answer = resources ?? objects[path];
            const refused = path.endsWith("/forbidden");
            response.writeHead(answer ? 200 : refused ? 403 : 404, { "Content-Type": "application/json" });
            response.end(JSON.stringify(answer ?? { kind: "Status", message: refused ? "no rights" : "not found" }));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": "other",
            clusters: [{ name: "blue", cluster: { server: address, "insecure-skip-tls-verify": true } }],
            users: [{ name: "me", user: {} }],
            contexts: [{ name: "blue", context: { cluster: "blue", user: "me" } }],
        });
    });
    after(() => {
        server.close();
    });
    const cluster = (helm = "helm") => clusterOpener(helm)({ kubeconfig, context: "blue" });
    const service = (name: string) => ({ apiVersion: "v1", kind: "Service", name, namespace: "monitoring" });

    it("shows the origin of an object", async () => {
        objects["/api/v1/namespaces/monitoring/services/query"] = {
            apiVersion: "v1",
            kind: "Service",
            metadata: {
                name: "query",
                namespace: "monitoring",
                creationTimestamp: "2026-11-21T18:00:00Z",
                labels: { a: "b" },
                managedFields: [{ manager: "pulumi-kubernetes" }, { manager: "kube-controller-manager" }, { manager: "pulumi-kubernetes" }],
            },
        };
        assert.deepEqual(await cluster().findObject(service("query")), {
            namespace: "monitoring",
            createdAt: new Date("2026-11-21T18:00:00Z"),
            deleting: false,
            managers: ["pulumi-kubernetes", "kube-controller-manager"],
            labels: { a: "b" },
            annotations: {},
        });
    });

    it("shows no namespace of an object whose kind has none", async () => {
        objects["/api/v1/namespaces/monitoring"] = { apiVersion: "v1", kind: "Namespace", metadata: { name: "monitoring" } };
        const found = await cluster().findObject({ apiVersion: "v1", kind: "Namespace", name: "monitoring" });
        assert.ok(found && !("namespace" in found));
    });

    it("has no object that the API server does not find, nor of a kind that it does not know", async () => {
        assert.equal(await cluster().findObject(service("gone")), undefined);
        for (const apiVersion of ["v1", "monitoring.coreos.com/v1"])
            assert.equal(await cluster().findObject({ apiVersion, kind: "ServiceMonitor", name: "x", namespace: "monitoring" }), undefined);
    });

    it("does not take a refusal for a missing object", async () => {
        await assert.rejects(cluster().findObject(service("forbidden")), /no rights/);
    });

    it("reads a release with its time and values", async () => {
        const directory = temporaryDirectory();
        const helm = join(directory, "helm");
        const line = JSON.stringify([{ name: "kps", status: "pending-install", updated: "2026-11-21 18:20:03.1 +0000 UTC" }]);
        writeFileSync(helm, `#!/bin/sh\ncase "$1" in list) echo '${line}' ;; get) echo '{"a":1}' ;; esac\n`, { mode: 0o755 });
        assert.deepEqual(await cluster(helm).findRelease({ name: "kps", namespace: "monitoring" }), {
            status: "pending-install",
            updatedAt: new Date("2026-11-21T18:20:03Z"),
            values: { a: 1 },
        });
    });
});
