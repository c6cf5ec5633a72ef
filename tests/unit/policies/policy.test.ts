import assert from "node:assert/strict";
import { toPolicy } from "../../../policies/policy";
import { UnknownValueError } from "../../../policies/properties";
import { RULES } from "../../../rules";
import { retentionOutlivesDownsampling } from "../../../rules/L04-retention-outlives-downsampling";
import { receiveReplicates } from "../../../rules/L07-receive-replicates";
import type { Manifest } from "../../../rules/reading/manifest";
import type { Overrides } from "../../../rules/rule";
import { compact, IMAGE, ingester, manifest, release, router, UNKNOWN, workload } from "../../support/thanosManifests";

type Violation = { message: string; urn: string | undefined };

/** The resource that gives this manifest. */
const registered = ({ apiVersion, kind, name, id, fields, cluster }: Manifest) => ({
    type: `kubernetes:${apiVersion}:${kind}`,
    name,
    urn: id,
    props: fields,
    ...(cluster !== undefined && { provider: { urn: cluster } }),
});

/** Runs a rule's policy as the pack's server does. */
function violations(name: string, manifests: Manifest[], settings: Overrides = {}): Violation[] {
    const resources = manifests.map(registered);
    const rule = RULES.find((r) => r.name === name);
    assert.ok(rule);
    const policy = toPolicy(rule);
    const found: Violation[] = [];
    for (const together of policy.scope === "part" ? resources.map((resource) => [resource]) : [resources])
        policy.validate(together, settings, (message, urn) => void found.push({ message, urn }));
    return found;
}

const urnOf = (kind: string, name: string) => `urn:pulumi:dev::fleet::kubernetes:apps/v1:${kind}::${name}`;

describe("policies", () => {
    it("are all rules, of their severity and scope: those stop an update that keep from a loss, others warn", () => {
        assert.deepEqual(
            RULES.map((rule) => toPolicy(rule)).map((p) => [p.name, p.level, p.severity, p.scope]),
            RULES.map(({ name, severity, scope }) => [name, severity === "medium" ? "advisory" : "mandatory", severity, scope]),
        );
    });

    it("take the thresholds of their rules as configuration", () => {
        const settings = {
            ...toPolicy(retentionOutlivesDownsampling).settings,
            ...toPolicy(receiveReplicates).settings,
        };
        const pattern = "^(0|([0-9]+(y|w|d|h|m|s|ms))+)$";
        assert.deepEqual(settings, {
            minRaw: {
                type: "string",
                pattern,
                default: "40h",
                description: "Shortest retention of raw samples. Thanos downsamples them after 40h.",
            },
            minFiveMinutes: {
                type: "string",
                pattern,
                default: "10d",
                description: "Shortest retention of 5m samples. Thanos downsamples them after 10d.",
            },
            minReplicationFactor: { type: "integer", minimum: 1, default: 3, description: "Fewest copies of each sample." },
        });
    });

    it("report a short retention with the URN of its resource", () => {
        assert.deepEqual(violations("retention-outlives-downsampling", [compact("thanos-compact-blue", "blue", "24h")]), [
            {
                message:
                    "StatefulSet thanos-compact-blue.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
                urn: urnOf("StatefulSet", "thanos-compact-blue"),
            },
        ]);
    });

    it("report a flag that Thanos would refuse, instead of throwing", () => {
        assert.deepEqual(violations("retention-outlives-downsampling", [compact("c", "blue", "forever")]), [
            {
                message:
                    'StatefulSet c: --retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
                urn: urnOf("StatefulSet", "c"),
            },
        ]);
    });

    it("report a second compactor with its URN, also where one name begins with the other", () => {
        const found = violations("one-compactor-per-stream", [compact("compact", "blue"), compact("compact.b", "blue")]);
        assert.deepEqual(found, [
            {
                message:
                    "StatefulSet compact.b.stream: blue already has a compactor (StatefulSet compact). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
                urn: urnOf("StatefulSet", "compact.b"),
            },
        ]);
    });

    describe("about a stack with two clusters", () => {
        const provider = (name: string) => `urn:pulumi:dev::fleet::pulumi:providers:kubernetes::${name}`;
        const at = (cluster: string, { id, ...rest }: Manifest): Manifest => ({ ...rest, id: `${id}-${cluster}`, cluster });
        const secret = (file: unknown) =>
            manifest("core/v1", "Secret", "thanos-objstore", {
                metadata: { name: "thanos-objstore", namespace: "monitoring" },
                stringData: { "objstore.yml": file },
            });
        const bucket = (name: string, endpoint = "s3.eu-west-1.amazonaws.com") =>
            `type: S3\nconfig: {bucket: ${name}, endpoint: "${endpoint}"}`;
        const compacting = manifest("apps/v1", "StatefulSet", "compact", {
            metadata: { name: "compact", namespace: "monitoring" },
            spec: {
                template: {
                    spec: {
                        containers: [
                            {
                                image: IMAGE,
                                args: ["compact", "--objstore.config-file=/o/objstore.yml"],
                                volumeMounts: [{ name: "o", mountPath: "/o" }],
                            },
                        ],
                        volumes: [{ name: "o", secret: { secretName: "thanos-objstore" } }],
                    },
                },
            },
        });
        const compactors = (eu: unknown, us: unknown, providers = [provider("eu"), provider("us")]) => {
            const [first = "", second = ""] = providers;
            return violations("one-compactor-per-stream", [
                at(first, secret(eu)),
                at(first, compacting),
                { ...at(second, secret(us)), id: "urn:secret:us" },
                { ...at(second, compacting), id: "urn:us" },
            ]);
        };

        it("take each Secret for that of its own cluster, known or not", () => {
            assert.deepEqual(compactors(bucket("eu"), bucket("us")), []);
            assert.deepEqual(compactors(UNKNOWN, UNKNOWN), []);
            assert.deepEqual(compactors(bucket("eu"), UNKNOWN), []);
            assert.deepEqual(compactors(bucket("blocks", "minio.minio.svc:9000"), bucket("blocks", "minio.minio.svc:9000")), []);
        });

        it("see that both compact one bucket, and that one cluster has two compactors", () => {
            const refused = [
                {
                    message:
                        "urn:us.stream: S3 s3.eu-west-1.amazonaws.com/blocks already has a compactor (StatefulSet compact). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
                    urn: "urn:us",
                },
            ];
            assert.deepEqual(compactors(bucket("blocks"), bucket("blocks")), refused);
            assert.deepEqual(compactors(bucket("blocks"), bucket("blocks"), [provider("eu"), provider("eu")]), refused);
            assert.equal(compactors(UNKNOWN, UNKNOWN, [provider("eu"), provider("eu")]).length, 1);
        });

        it("look for a router in the cluster of its ingesters", () => {
            const copies = (euRouter: boolean) =>
                violations("receive-replicates", [
                    ...(euRouter ? [at(provider("eu"), router("3"))] : []),
                    at(provider("eu"), ingester(3)),
                    at(provider("us"), router("3")),
                    at(provider("us"), ingester(3)),
                ]);
            assert.deepEqual(copies(true), []);
            assert.equal(copies(false).length, 1);
        });

        it("tell clusters apart whose providers have the same name below different parents", () => {
            const below = (parent: string) => `urn:pulumi:dev::fleet::my:index:${parent}$pulumi:providers:kubernetes::k8s`;
            assert.deepEqual(compactors(UNKNOWN, UNKNOWN, [below("Eu"), below("Us")]), []);
        });
    });

    it("distinguish two resources of one name by their URN", () => {
        const twin = { ...compact("compact", "blue"), id: "urn:zzz" };
        assert.deepEqual(
            violations("one-compactor-per-stream", [compact("compact", "blue"), twin]).map((v) => v.urn),
            ["urn:zzz"],
        );
    });

    it("take thresholds from the pack's configuration", () => {
        const stack = [router("2"), ingester(3)];
        assert.equal(violations("receive-replicates", stack).length, 1);
        assert.deepEqual(violations("receive-replicates", stack, { minReplicationFactor: 2 }), []);
    });

    it("report what has another type than its program demands, instead of ending for all resources", () => {
        const query = workload("Deployment", "query", ["query", "--endpoint.sd-config=endpoints: 5"]);
        const [found, ...others] = violations("strict-endpoints-are-static", [query]);
        assert.match(found?.message ?? "", /^Deployment query: has something of another type than its program demands \(.*\)\.$/);
        assert.deepEqual([found?.urn, others], [urnOf("Deployment", "query"), []]);
        assert.deepEqual(
            violations("strict-endpoints-are-static", [workload("Deployment", "query", ["query", "--endpoint.sd-config=endpoints:"])]),
            [],
        );
    });

    it("leave a Prometheus alone that has nothing to do with Thanos", () => {
        const single = (spec: object) =>
            violations("redundant-prometheus", [
                release({ chart: "kube-prometheus-stack", values: { prometheus: { prometheusSpec: spec } } }),
            ]);
        assert.deepEqual(single({ replicas: 1 }), []);
        assert.equal(single({ replicas: 1, thanos: { image: IMAGE } }).length, 1);
    });

    it("throw for an unknown value after they have reported every known problem", () => {
        const args = ["compact", `--retention.resolution-raw=90d`, UNKNOWN];
        assert.throws(() => violations("retention-outlives-downsampling", [workload("StatefulSet", "c", args)]), UnknownValueError);

        const rule = RULES.find((r) => r.name === "one-compactor-per-stream");
        assert.ok(rule);
        const found: string[] = [];
        const resources = [workload("StatefulSet", "unknown", args), compact("a", "blue"), compact("b", "blue")].map(registered);
        assert.throws(() => toPolicy(rule).validate(resources, {}, (message) => void found.push(message)), UnknownValueError);
        assert.deepEqual(found, [
            "StatefulSet b.stream: blue already has a compactor (StatefulSet a). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        ]);
    });

    it("ignore resources of other providers", () => {
        const bucket = { type: "gcp:storage/bucket:Bucket", name: "blocks", urn: "urn:bucket", props: { name: "blocks" } };
        for (const rule of RULES) toPolicy(rule).validate([bucket], {}, () => assert.fail());
    });

    it("read no unknown value that their rule does not need", () => {
        const unknownValues = release({ chart: UNKNOWN, values: UNKNOWN });
        assert.deepEqual(violations("one-compactor-per-stream", [unknownValues, compact("a", "blue")]), []);
        const labelled = {
            metadata: { namespace: UNKNOWN, labels: { "thanos-fleet/stream": "blue" } },
            spec: {
                replicas: 1,
                template: {
                    spec: { containers: [{ image: IMAGE, args: ["compact", "--objstore.config-file=/o/o.yml"] }], volumes: UNKNOWN },
                },
            },
        };
        assert.deepEqual(violations("one-compactor-per-stream", [manifest("apps/v1", "StatefulSet", "a", labelled)]), []);
        const unknownImage = { spec: { template: { spec: { containers: [{ image: UNKNOWN }] } } } };
        assert.deepEqual(violations("redundant-prometheus", [manifest("apps/v1", "Deployment", "d", unknownImage)]), []);
        const unknownFlag = workload("StatefulSet", "c", ["compact", UNKNOWN]);
        assert.deepEqual(violations("receive-replicates", [unknownFlag]), []);
    });
});
