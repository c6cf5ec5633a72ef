import assert from "node:assert/strict";
import { holdsData, risksIn, type Step } from "../../../rollout/risks";

type Inputs = Record<string, unknown>;

/** A step on a Kubernetes object. What it does follows from what there is before and after. */
function step(type: string, name: string, states: { old?: Inputs; new?: Inputs }, more: Partial<Step> = {}): Step {
    const op = states.old && states.new ? "update" : states.new ? "create" : "delete";
    const kind = type.slice(type.lastIndexOf(":") + 1);
    return {
        op,
        urn: `urn:pulumi:observer::thanos-fleet::${type}::${name}`,
        type,
        resource: `${kind} ${name}`,
        stays: false,
        ...states,
        ...more,
    };
}

const CLAIM = "kubernetes:core/v1:PersistentVolumeClaimPatch";
const claim = { spec: { resources: { requests: { storage: "10Gi" } } } };

const pods = (args: string[], stream?: string): Inputs => ({
    metadata: { namespace: "monitoring", ...(stream && { labels: { "thanos-fleet/stream": stream } }) },
    spec: {
        replicas: 1,
        volumeClaimTemplates: [{}],
        template: { spec: { containers: [{ image: "quay.io/thanos/thanos:v0.42.4", args }] } },
    },
});
const compact = (stream: string, raw: string, oneHour = "0d") =>
    pods(
        ["compact", `--retention.resolution-raw=${raw}`, "--retention.resolution-5m=180d", `--retention.resolution-1h=${oneHour}`],
        stream,
    );
const ofCompact = (stream: string, states: { old?: Inputs; new?: Inputs }, more?: Partial<Step>) =>
    step("kubernetes:apps/v1:StatefulSet", `thanos-compact-${stream}`, states, more);

describe("the risks of an update", () => {
    it("are none where resources are made, or change in place", () =>
        assert.deepEqual(
            risksIn([
                step(CLAIM, "data-0", { new: claim }),
                step(CLAIM, "data-1", { old: claim, new: { spec: {} } }),
                ofCompact("blue", { new: compact("blue", "90d") }),
            ]),
            [],
        ));

    for (const [type, old, replaced, deleted] of [
        [CLAIM, claim, "a volume: what is in it does not move to the new one.", "a volume: what is in it goes with it."],
        [
            "aws:eks/cluster:Cluster",
            {},
            "a cluster: all that runs in it ends, and the new one is empty.",
            "a cluster: all that runs in it ends.",
        ],
        [
            "kubernetes:core/v1:PersistentVolumeClaim",
            claim,
            "a volume: what is in it does not move to the new one.",
            "a volume: what is in it goes with it.",
        ],
        [
            "kubernetes:core/v1:PersistentVolume",
            {},
            "a volume: what is in it does not move to the new one.",
            "a volume: what is in it goes with it.",
        ],
        [
            "kubernetes:apps/v1:StatefulSet",
            pods([]),
            "a StatefulSet with volumes: all its pods end at once; their volumes stay.",
            undefined,
        ],
        [
            "kubernetes:core/v1:Namespace",
            {},
            "a namespace: everything in it is deleted first.",
            "a namespace: everything in it goes with it.",
        ],
        [
            "kubernetes:helm.sh/v3:Release",
            {},
            "a Helm release: everything that it has installed is removed, and then installed again.",
            "a Helm release: everything that it has installed is removed.",
        ],
        ["aws:s3/bucket:Bucket", {}, "a bucket: what is in it does not move to the new one.", "a bucket: what is in it goes with it."],
        [
            "aws:kms/key:Key",
            {},
            "a key: what it has encrypted cannot be read with the new one.",
            "a key: what it has encrypted cannot be read any more.",
        ],
    ] as const)
        it(`are said of ${type}, which holds data, where it is replaced or deleted`, () => {
            const of = (op: "replaces" | "deletes", text: string | undefined, resource: string) => {
                const [called, follows] = text?.split(": ") ?? [];
                return text === undefined ? [] : [{ risk: `${op} ${called}`, text: `${resource}: ${follows}` }];
            };
            const replacing = step(type, "a", { old, new: old }, { op: "replace" });
            const deleting = step(type, "a", { old });
            assert.deepEqual([holdsData(replacing), holdsData(deleting)], [true, deleted !== undefined]);
            assert.deepEqual(risksIn([replacing]), of("replaces", replaced, replacing.resource));
            assert.deepEqual(risksIn([deleting]), of("deletes", deleted, deleting.resource));
        });

    it("are none where a StatefulSet without volumes, or what holds no data, is replaced", () => {
        const { spec, ...rest } = pods([]) as { spec: { template: unknown } };
        const stateless = { ...rest, spec: { template: spec.template } };
        for (const type of ["kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:Deployment"]) {
            const replaced = step(type, "a", { old: stateless, new: stateless }, { op: "replace" });
            assert.deepEqual([holdsData(replaced), risksIn([replaced])], [false, []]);
        }
    });

    it("are a fleet whose clusters do not trust each other any more, where the key or the certificate of an authority is replaced", () => {
        const made = (kind: string, name: string, op: Step["op"]) =>
            step(`tls:index/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`, name, { old: {}, new: {} }, { op });
        const cut = "what it has signed is trusted no more, so every cluster is cut off from the observer until its own update.";
        assert.deepEqual(
            risksIn([
                made("PrivateKey", "ca-servers", "replace"),
                made("SelfSignedCert", "ca-servers", "replace"),
                made("SelfSignedCert", "ca-readers", "update"),
                made("PrivateKey", "leaf-blue", "replace"),
                made("LocallySignedCert", "leaf-blue", "replace"),
            ]),
            ["PrivateKey", "SelfSignedCert"].map((kind) => ({ risk: "replaces an authority", text: `${kind} ca-servers: ${cut}` })),
        );
    });

    it("say that what the stack only forgets stays, and are none where it is not replaced", () => {
        assert.deepEqual(risksIn([step(CLAIM, "a", { old: claim }, { stays: true })]), []);
        assert.deepEqual(risksIn([step(CLAIM, "a", { old: claim, new: claim }, { op: "replace", stays: true })]), [
            {
                risk: "replaces a volume",
                text: "PersistentVolumeClaimPatch a: what is in it does not move to the new one. The old one stays.",
            },
        ]);
    });

    it("are a stream that nothing compacts any more, and not one whose Compact has another name", () =>
        assert.deepEqual(
            risksIn([
                ofCompact("blue", { old: compact("blue", "90d") }),
                ofCompact("red", { old: compact("red", "90d") }),
                step("kubernetes:apps/v1:StatefulSet", "another", { new: compact("red", "90d") }),
            ]),
            [
                {
                    risk: "deletes a stream",
                    text: "blue: nothing answers from its blocks any more, or expires them. They stay where they are.",
                },
            ],
        ));

    it("are a shorter retention of blocks, by resolution, and 0 is for ever", () =>
        assert.deepEqual(
            risksIn([
                ofCompact("blue", { old: compact("blue", "90d"), new: compact("blue", "30d", "1y") }),
                ofCompact("red", { old: compact("red", "90d", "1y"), new: compact("red", "0d", "2y") }),
            ]),
            [
                { risk: "shrinks retention", text: "raw samples are kept for 30d instead of 90d in stream blue." },
                { risk: "shrinks retention", text: "1h samples are kept for 365d instead of ever in stream blue." },
            ],
        ));

    it("name streams and resolutions together whose retention shrinks alike", () =>
        assert.deepEqual(
            risksIn([
                ofCompact("blue", { old: compact("blue", "90d", "90d"), new: compact("blue", "30d", "30d") }),
                ofCompact("red", { old: compact("red", "90d", "90d"), new: compact("red", "30d", "30d") }),
                ofCompact("green", { old: compact("green", "90d", "90d"), new: compact("green", "30d", "45d") }),
            ]),
            [
                { risk: "shrinks retention", text: "raw, 1h samples are kept for 30d instead of 90d in streams blue, red." },
                { risk: "shrinks retention", text: "raw samples are kept for 30d instead of 90d in stream green." },
                { risk: "shrinks retention", text: "1h samples are kept for 45d instead of 90d in stream green." },
            ],
        ));

    it("are a shorter retention of recent samples, in Receive and in Prometheus", () => {
        const ingester = (retention: string) => pods(["receive", "--tsdb.path=/data", `--tsdb.retention=${retention}`]);
        const release = (retention: string) => ({
            values: { prometheus: { prometheusSpec: { retention, thanos: { objectStorageConfig: {} } } } },
        });
        const change = (before: string, after: string) =>
            risksIn([
                step("kubernetes:apps/v1:StatefulSet", "ingester", { old: ingester(before), new: ingester(after) }),
                step("kubernetes:helm.sh/v3:Release", "kps", { old: release(before), new: release(after) }),
            ]);
        assert.deepEqual(change("2d", "1d"), [
            { risk: "shrinks retention", text: "recent samples of StatefulSet ingester are kept for 1d instead of 2d." },
            { risk: "shrinks retention", text: "recent samples of Release kps are kept for 1d instead of 2d." },
        ]);
        assert.deepEqual(change("1d", "2d"), []);
        // Receive takes 0 for for ever. Of Prometheus nobody says so.
        assert.deepEqual(change("0d", "2d"), [
            { risk: "shrinks retention", text: "recent samples of StatefulSet ingester are kept for 2d instead of ever." },
        ]);
    });

    describe("of a file of hashrings", () => {
        const ring = (hashring: string, tenants: string[] | undefined, ...endpoints: unknown[]) => ({ hashring, tenants, endpoints });
        const change = (before: unknown, after: unknown, type = "kubernetes:core/v1:ConfigMap") =>
            risksIn([step(type, "router", { old: file(before), new: file(after) })]);
        const file = (rings: unknown) => ({ data: { "limits.yml": "write: {}", "hashrings.json": JSON.stringify(rings) } });

        it("are none where each tenant keeps its ingesters, in whatever order and form they are written", () => {
            const before = [ring("fleet", ["red", "green"], "a:10901", { address: "b:10901", az: "x" })];
            assert.deepEqual(change(before, [ring("fleet", ["green", "red", "new"], { address: "b:10901" }, "a:10901")]), []);
        });

        it("are tenants whose samples go to other ingesters", () => {
            const before = [ring("big", ["red"], "a", "b"), ring("fleet", ["blue", "green"], "c")];
            const after = [ring("big", ["red", "blue"], "a", "b"), ring("fleet", ["green"], "d")];
            assert.deepEqual(change(before, after), [
                { risk: "moves a ring", text: "samples of blue go to ring big (2 ingesters) instead of ring fleet (1 ingester)." },
                { risk: "moves a ring", text: "samples of green go to other ingesters of ring fleet (1 ingester)." },
            ]);
        });

        it("are tenants that no ring takes any more, where none takes everybody's", () => {
            const before = [ring("fleet", ["red", "blue"], "a")];
            assert.deepEqual(change(before, [ring("fleet", ["red"], "a")]), [
                { risk: "shuts a tenant out", text: "no ring takes samples of blue any more: Receive refuses them." },
            ]);
            assert.deepEqual(change(before, [ring("fleet", ["red"], "a"), ring("all", undefined, "a")]), []);
            assert.deepEqual(change(before, []), [
                { risk: "shuts a tenant out", text: "no ring takes samples of red, blue any more: Receive refuses them." },
            ]);
        });

        it("are none in what is no such file, or no ConfigMap", () => {
            assert.deepEqual(change("text", [ring("fleet", ["red"], "b")]), []);
            assert.deepEqual(change([ring("fleet", ["red"], "a")], [ring("fleet", ["red"], "b")], "kubernetes:core/v1:Service"), []);
        });
    });

    it("come with what is worst first, whatever the order of the steps", () =>
        assert.deepEqual(
            risksIn([
                ofCompact("blue", { old: compact("blue", "90d"), new: compact("blue", "30d") }),
                step(CLAIM, "a", { old: claim }),
            ]).map(({ risk }) => risk),
            ["deletes a volume", "shrinks retention"],
        ));
});
