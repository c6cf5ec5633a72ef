import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { ON_AWS, observerConfig } from "../../../support/testFleet";

const limits = (value: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    problemsOf(observerConfig("local", { receive: { limits: value }, ...more }));

describe("limits of Receive", () => {
    it("are refused for a cluster that does not write remotely", () => {
        assert.deepEqual(limits({ tenants: { blue: { series: 10 }, red: { series: 10 } } }), [
            "receive.limits.tenants.blue: no observee blue writes remotely. Write red, or remove the entry.",
        ]);
        assert.deepEqual(limits({ tenants: { red: {} } }, { observees: [] }), [
            "receive.limits.tenants.red: no observee red writes remotely. Remove the entry.",
        ]);
    });

    it("may stay when the cluster is archived", () => {
        const observees = [{ name: "red", mode: "sidecar-remote-write", archived: true }];
        assert.deepEqual(limits({ tenants: { red: { series: 10 } } }, { observees }), []);
    });

    it("are refused where Prometheus's own requests would be dropped", () => {
        const least = { requestSize: "2Mi", requestSeries: 2000, requestSamples: 2000 };
        assert.deepEqual(limits({ default: least, tenants: { red: least } }), []);
        assert.deepEqual(limits({ default: { requestSize: "1Mi" }, tenants: { red: { requestSeries: 1999, requestSamples: 1999 } } }), [
            'receive.limits.default.requestSize: "1Mi" is less than the 2Mi that 2000 series may need. Prometheus drops a request that is refused for its size.',
            "receive.limits.tenants.red.requestSeries: 1999 is less than the 2000 samples that Prometheus sends in a request. Prometheus drops a request that is refused for its size.",
            "receive.limits.tenants.red.requestSamples: 1999 is less than the 2000 samples that Prometheus sends in a request. Prometheus drops a request that is refused for its size.",
        ]);
    });
});

describe("rings of Receive", () => {
    const rings = (...list: Record<string, unknown>[]) => problemsOf(observerConfig("local", { receive: { rings: list } }));

    it("are refused with a name or a tenant of another ring, and with one that does not write", () =>
        assert.deepEqual(rings({ name: "big", tenants: ["red", "blue"] }, { name: "big", tenants: ["red"] }), [
            "receive.rings[0].tenants[1]: no observee blue writes remotely. Write red, or remove the entry.",
            'receive.rings[1].name: "big" is used twice (also receive.rings[0].name). Rename one.',
            'receive.rings[1].tenants[0]: "red" is in a ring already (receive.rings[0].tenants[0]): a tenant writes to one ring. Remove one of the two.',
        ]));

    it("are each refused with too few ingesters, the shared one only while somebody writes to it", () => {
        const few = { name: "big", tenants: ["red"], ingesters: 2 };
        assert.deepEqual(rings(few), [
            "receive.rings[0].ingesters: 2 cannot hold 3 copies of a sample. Receive refuses the hashring and accepts no sample. Run at least 3 ingesters.",
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { receive: { ingesters: 0 } })), [
            "receive.ingesters: 0 cannot hold 3 copies of a sample. Receive refuses the hashring and accepts no sample. Run at least 3 ingesters.",
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { receive: { ingesters: 0, rings: [{ ...few, ingesters: 3 }] } })), []);
    });

    it("have names that fit into the name of a StatefulSet", () => {
        assert.deepEqual(rings({ name: "a".repeat(12), tenants: ["red"] }), []);
        assert.deepEqual(
            rings({ name: "a".repeat(13), tenants: ["red"] }).map((problem) => problem.split(":")[0]),
            ["receive.rings[0].name"],
        );
    });
});

describe("zones of Receive", () => {
    const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    const zones = (receive: Record<string, unknown>) => problemsOf(observerConfig("local", { receive }));

    it("have equally many ingesters each, of those too that leave", () => {
        assert.deepEqual(zones({ zones: ZONES, ingesters: 6, leaving: 3 }), []);
        assert.deepEqual(zones({ zones: ZONES, ingesters: 7, leaving: 1 }), [
            "receive.ingesters: 7 are not equally many in each of 3 zones. Write a multiple of 3.",
            "receive.leaving: 1 are not equally many in each of 3 zones. Write a multiple of 3.",
        ]);
    });

    it("are as many as copies, and each is there once", () =>
        assert.deepEqual(
            zones({
                zones: ZONES.slice(0, 2),
                ingesters: 4,
                rings: [{ name: "big", tenants: ["red"], zones: ["a", "a", "b"], ingesters: 3 }],
            }),
            [
                'receive.rings[0].zones[1]: "a" is there twice. Remove one.',
                "receive.zones: 2 zones for 3 copies of a sample: a lost zone could take two of them. Write 3 zones, or none.",
            ],
        ));

    it("are counted where each is there once", () =>
        assert.deepEqual(zones({ zones: ["a", "b"], ingesters: 4 }), [
            "receive.zones: 2 zones for 3 copies of a sample: a lost zone could take two of them. Write 3 zones, or none.",
        ]));

    it("are those of the rings that have none of their own", () =>
        assert.deepEqual(zones({ zones: ZONES, rings: [{ name: "big", tenants: ["red"], ingesters: 4 }] }), [
            "receive.rings[0].ingesters: 4 are not equally many in each of 3 zones. Write a multiple of 3.",
        ]));

    it("fit into the name of a StatefulSet, with the ring's", () => {
        const long = (zone: string) => zones({ rings: [{ name: "big", tenants: ["red"], zones: ["a", "b", zone] }] });
        assert.deepEqual(long("z".repeat(24)), []);
        assert.deepEqual(long("z".repeat(25)), [
            `receive.rings[0].zones[2]: "${"z".repeat(25)}" is too long for the name of a StatefulSet, together with the ring's. Name the ring with 2 characters at most, or leave the zones out.`,
        ]);
    });

    it("are those of the network that the stack creates", () => {
        const aws = {
            ...(observerConfig("aws").aws as object),
            ...(ON_AWS.created?.observer.aws as object),
        };
        assert.deepEqual(problemsOf(observerConfig("aws", { aws, receive: { zones: ["eu-west-1a", "eu-west-1b", "eu-west-1x"] } })), [
            'receive.zones[2]: "eu-west-1x" is not a zone of this cluster (eu-west-1a, eu-west-1b, eu-west-1c). Write one of these, or add its letter to aws.cluster.create.zones.',
        ]);
    });
});
