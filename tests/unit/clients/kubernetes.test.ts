import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { clusterId, kubeConfig, loadBalancerAddress, unschedulablePods } from "../../../clients/kubernetes";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the client of Kubernetes", () => {
    let server: Server;
    let directory = "";
    let asked = "";
    let answer: unknown;
    const blue = () => ({ kubeconfig: join(directory, "kubeconfig"), context: "blue" });
    before(async () => {
        server = createServer((request, response) => {
            asked = request.url ?? "";
            response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
        }).listen(0, "127.0.0.1");
        await once(server, "listening");
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        directory = temporaryDirectory();
        writeFileSync(
            blue().kubeconfig,
            JSON.stringify({
                apiVersion: "v1",
                kind: "Config",
                "current-context": "other",
                clusters: [
                    { name: "other", cluster: { server: "http://127.0.0.1:1" } },
                    { name: "blue", cluster: { server: address, "insecure-skip-tls-verify": true } },
                ],
                users: [{ name: "me", user: {} }],
                contexts: ["other", "blue"].map((name) => ({ name, context: { cluster: name, user: "me" } })),
            }),
        );
    });
    after(() => {
        server.close();
    });

    it("uses the context that it is given, not the file's current one", () =>
        assert.equal(kubeConfig(blue()).getCurrentCluster()?.name, "blue"));

    describe("reads the address of a load balancer", () => {
        const addressOf = (ingress: object[]) => {
            answer = { spec: { ports: [{ port: 10902 }, { port: 10901 }] }, status: { loadBalancer: { ingress } } };
            return loadBalancerAddress(blue(), { name: "query", namespace: "monitoring" });
        };

        it("from its IP, with the Service's first port", async () => {
            assert.equal(await addressOf([{ ip: "10.0.0.1" }]), "10.0.0.1:10902");
            assert.equal(asked, "/api/v1/namespaces/monitoring/services/query");
        });

        it("from its host name on AWS", async () => assert.equal(await addressOf([{ hostname: "nlb.example" }]), "nlb.example:10902"));

        it("and says what is missing if there is none", async () =>
            assert.rejects(addressOf([]), /^Error: Service query has no address: nothing in its cluster serves LoadBalancer Services\./));
    });

    it("identifies a cluster by the UID of kube-system", async () => {
        answer = { metadata: { uid: "0a1b" } };
        assert.equal(await clusterId(blue()), "0a1b");
        assert.equal(asked, "/api/v1/namespaces/kube-system");
    });

    it("lists the pods that no node takes, with the scheduler's message", async () => {
        const pod = (name: string, ...conditions: object[]) => ({ metadata: { name }, status: { conditions } });
        answer = {
            items: [
                pod("waits", { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/1 nodes are available." }),
                pod("starts", { type: "PodScheduled", status: "True" }),
                pod("new"),
            ],
        };
        assert.deepEqual(await unschedulablePods(blue(), "monitoring"), ["waits: 0/1 nodes are available."]);
        assert.equal(asked, "/api/v1/namespaces/monitoring/pods?fieldSelector=status.phase%3DPending");
    });
});
