import assert from "node:assert/strict";
import { hashringsFile, membersOf, partsOf } from "../../../../components/thanos/hashring";

describe("the hashrings file of Receive", () => {
    it("names every member of each ring and its tenants, and chooses ketama", () => {
        const rings = [
            { name: "big", tenants: ["red"], members: membersOf({ name: "ingester-big", members: 1 }) },
            { name: "fleet", tenants: ["green", "blue"], members: membersOf({ name: "ingester", members: 2 }) },
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

    it("names the zone of each member, where it is known", () => {
        const members = ["a", "b"].flatMap((zone) => membersOf({ name: `ingester-${zone}`, zone, members: 1 }));
        assert.deepEqual(JSON.parse(hashringsFile([{ name: "fleet", tenants: ["red"], members }], "ns"))[0].endpoints, [
            { address: "ingester-a-0.ingester-a.ns.svc.cluster.local:10901", az: "a" },
            { address: "ingester-b-0.ingester-b.ns.svc.cluster.local:10901", az: "b" },
        ]);
    });
});

describe("the StatefulSets of a ring", () => {
    it("are one without zones", () =>
        assert.deepEqual(partsOf({ zones: [], ingesters: 4, leaving: 1 }), [{ name: "thanos-receive-ingester", members: 4, pods: 5 }]));

    it("are one in each zone, with equally many members and leaving pods", () =>
        assert.deepEqual(partsOf({ name: "big", zones: ["a", "b", "c"], ingesters: 6, leaving: 3 }), [
            { name: "thanos-receive-ingester-big-a", zone: "a", members: 2, pods: 3 },
            { name: "thanos-receive-ingester-big-b", zone: "b", members: 2, pods: 3 },
            { name: "thanos-receive-ingester-big-c", zone: "c", members: 2, pods: 3 },
        ]));
});
