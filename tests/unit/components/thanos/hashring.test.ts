import assert from "node:assert/strict";
import { hashringsFile, membersOf } from "../../../../components/thanos/hashring";

describe("the hashrings file of Receive", () => {
    it("names every member of each ring and its tenants, and chooses ketama", () => {
        const rings = [
            { name: "big", tenants: ["red"], members: membersOf("ingester-big", 1) },
            { name: "fleet", tenants: ["green", "blue"], members: membersOf("ingester", 2) },
        ];
        assert.deepEqual(JSON.parse(hashringsFile(rings, "ns")), [
            {
                hashring: "big",
                tenants: ["red"],
                algorithm: "ketama",
                endpoints: [{ address: "ingester-big-0.ingester-big.ns.svc.cluster.local:10901" }],
            },
            {
                hashring: "fleet",
                tenants: ["green", "blue"],
                algorithm: "ketama",
                endpoints: [
                    { address: "ingester-0.ingester.ns.svc.cluster.local:10901" },
                    { address: "ingester-1.ingester.ns.svc.cluster.local:10901" },
                ],
            },
        ]);
    });

    it("leaves a ring without tenants out, which would take everybody's samples", () =>
        assert.equal(hashringsFile([{ name: "fleet", tenants: [], members: membersOf("ingester", 3) }], "ns"), "[]"));
});
