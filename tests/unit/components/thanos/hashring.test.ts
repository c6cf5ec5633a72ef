import assert from "node:assert/strict";
import { hashringsFile } from "../../../../components/thanos/hashring";

describe("the hashrings file of Receive", () => {
    it("names every ordinal of the ingesters and every tenant, and chooses ketama", () => {
        assert.deepEqual(JSON.parse(hashringsFile({ tenants: ["red"], ingesters: "ingester", replicas: 2, namespace: "ns" })), [
            {
                hashring: "fleet",
                tenants: ["red"],
                algorithm: "ketama",
                endpoints: [
                    { address: "ingester-0.ingester.ns.svc.cluster.local:10901" },
                    { address: "ingester-1.ingester.ns.svc.cluster.local:10901" },
                ],
            },
        ]);
    });
});
