import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { kubeletClientCertificate } from "../../../../../local/offline/cluster/keys";
import { ApiError, ApiServer } from "../../../../../local/offline/standins/apiServer";

describe("the stand-in's client of an API server", () => {
    let server: Server;
    let api: ApiServer;
    let answer: { status: number; body: unknown };
    let asked: string[];
    before(async () => {
        const { key, certificate: cert } = await kubeletClientCertificate();
        server = createServer({ key, cert }, (request, response) => {
            asked.push(`${request.method} ${request.url}`);
            const discovery = { resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true }] };
            const { status, body } = request.url === "/api/v1" ? { status: 200, body: discovery } : answer;
            response.writeHead(status).end(JSON.stringify(body));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const kubeconfig = JSON.stringify({
            apiVersion: "v1",
            kind: "Config",
            "current-context": "fake",
            clusters: [
                {
                    name: "fake",
                    cluster: { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, "insecure-skip-tls-verify": true },
                },
            ],
            users: [{ name: "fake", user: {} }],
            contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
        });
        api = await ApiServer.connect({ kubeconfig });
    });
    beforeEach(() => {
        asked = [];
    });
    after(() => {
        server.close();
        server.closeAllConnections();
    });
    const ref = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "monitoring" };

    it("finds the path of a kind by discovery, and returns the object as it is", async () => {
        answer = { status: 200, body: { kind: "ConfigMap", data: { a: "1" } } };
        assert.deepEqual(await api.get(ref), answer.body);
        assert.deepEqual(asked, ["GET /api/v1", "GET /api/v1/namespaces/monitoring/configmaps/a"]);
    });

    for (const status of [400, 404, 409, 422, 500])
        it(`rejects with the server's own message and the status ${status}`, async () => {
            answer = { status, body: { kind: "Status", message: "configmaps a: the object has been modified" } };
            await assert.rejects(api.get(ref), (error) => {
                assert.ok(error instanceof ApiError);
                assert.deepEqual([error.code, error.message], [status, "configmaps a: the object has been modified"]);
                return true;
            });
        });
});
