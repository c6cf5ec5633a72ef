import assert from "node:assert/strict";
import { type ResourceValidationArgs, type StackValidationArgs, UnknownValueError } from "@pulumi/policy";
import { toPolicy } from "../../../policies/policy";
import { RULES } from "../../../rules";
import { retentionOutlivesDownsampling } from "../../../rules/L04-retention-outlives-downsampling";
import { receiveReplicates } from "../../../rules/L07-receive-replicates";
import type { Manifest } from "../../../rules/reading/manifest";
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
async function violations(name: string, manifests: Manifest[], config: object = {}): Promise<Violation[]> {
    const resources = manifests.map(registered);
    const rule = RULES.find((r) => r.name === name);
    assert.ok(rule);
    const policy = toPolicy(rule);
    const found: Violation[] = [];
    const report = (message: string, urn?: string) => void found.push({ message, urn });
    const getConfig = () => config;
    if ("validateStack" in policy) await policy.validateStack({ resources, getConfig } as unknown as StackValidationArgs, report);
    else for (const r of resources) await runResource(policy, { ...r, getConfig } as unknown as ResourceValidationArgs, report);
    return found;
}

async function runResource(
    policy: ReturnType<typeof toPolicy>,
    args: ResourceValidationArgs,
    report: (message: string, urn?: string) => void,
): Promise<void> {
    assert.ok("validateResource" in policy && typeof policy.validateResource === "function");
    await policy.validateResource(args, report);
}

const urnOf = (kind: string, name: string) => `urn:pulumi:dev::fleet::kubernetes:apps/v1:${kind}::${name}`;

describe("policies", () => {
    it("are all rules, of their severity and scope: those stop an update that keep from a loss, others warn", () => {
        assert.deepEqual(
            RULES.map((rule) => toPolicy(rule)).map((p) => [
                p.name,
                p.enforcementLevel,
                p.severity,
                "validateStack" in p ? "deployment" : "part",
            ]),
            RULES.map(({ name, severity, scope }) => [name, severity === "medium" ? "advisory" : "mandatory", severity, scope]),
        );
    });

    it("take the thresholds of their rules as configuration", () => {
        const settings = {
            ...toPolicy(retentionOutlivesDownsampling).configSchema?.properties,
            ...toPolicy(receiveReplicates).configSchema?.properties,
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

    it("report a short retention with the URN of its resource", async () => {
        assert.deepEqual(await violations("retention-outlives-downsampling", [compact("thanos-compact-blue", "blue", "24h")]), [
            {
                message:
                    "StatefulSet thanos-compact-blue.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
                urn: urnOf("StatefulSet", "thanos-compact-blue"),
            },
        ]);
    });

    it("report a flag that Thanos would refuse, instead of throwing", async () => {
        assert.deepEqual(await violations("retention-outlives-downsampling", [compact("c", "blue", "forever")]), [
            {
                message:
                    'StatefulSet c: --retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
                urn: urnOf("StatefulSet", "c"),
            },
        ]);
    });

    it("report a second compactor with its URN, also where one name begins with the other", async () => {
        const found = await violations("one-compactor-per-stream", [compact("compact", "blue"), compact("compact.b", "blue")]);
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

        it("take each Secret for that of its own cluster, known or not", async () => {
            assert.deepEqual(await compactors(bucket("eu"), bucket("us")), []);
            assert.deepEqual(await compactors(UNKNOWN, UNKNOWN), []);
            assert.deepEqual(await compactors(bucket("eu"), UNKNOWN), []);
            assert.deepEqual(await compactors(bucket("blocks", "minio.minio.svc:9000"), bucket("blocks", "minio.minio.svc:9000")), []);
        });

        it("see that both compact one bucket, and that one cluster has two compactors", async () => {
            const refused = [
                {
                    message:
                        "urn:us.stream: S3 s3.eu-west-1.amazonaws.com/blocks already has a compactor (StatefulSet compact). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
                    urn: "urn:us",
                },
            ];
            assert.deepEqual(await compactors(bucket("blocks"), bucket("blocks")), refused);
            assert.deepEqual(await compactors(bucket("blocks"), bucket("blocks"), [provider("eu"), provider("eu")]), refused);
            assert.equal((await compactors(UNKNOWN, UNKNOWN, [provider("eu"), provider("eu")])).length, 1);
        });

        it("look for a router in the cluster of its ingesters", async () => {
            const copies = (euRouter: boolean) =>
                violations("receive-replicates", [
                    ...(euRouter ? [at(provider("eu"), router("3"))] : []),
                    at(provider("eu"), ingester(3)),
                    at(provider("us"), router("3")),
                    at(provider("us"), ingester(3)),
                ]);
            assert.deepEqual(await copies(true), []);
            assert.equal((await copies(false)).length, 1);
        });

        it("tell clusters apart whose providers have the same name below different parents", async () => {
            const below = (parent: string) => `urn:pulumi:dev::fleet::my:index:${parent}$pulumi:providers:kubernetes::k8s`;
            assert.deepEqual(await compactors(UNKNOWN, UNKNOWN, [below("Eu"), below("Us")]), []);
        });
    });

    it("distinguish two resources of one name by their URN", async () => {
        const twin = { ...compact("compact", "blue"), id: "urn:zzz" };
        assert.deepEqual(
            (await violations("one-compactor-per-stream", [compact("compact", "blue"), twin])).map((v) => v.urn),
            ["urn:zzz"],
        );
    });

    it("take thresholds from the pack's configuration", async () => {
        const stack = [router("2"), ingester(3)];
        assert.equal((await violations("receive-replicates", stack)).length, 1);
        assert.deepEqual(await violations("receive-replicates", stack, { minReplicationFactor: 2 }), []);
    });

    it("report what has another type than its program demands, instead of ending for all resources", async () => {
        const query = workload("Deployment", "query", ["query", "--endpoint.sd-config=endpoints: 5"]);
        const [found, ...others] = await violations("strict-endpoints-are-static", [query]);
        assert.match(found?.message ?? "", /^Deployment query: has something of another type than its program demands \(.*\)\.$/);
        assert.deepEqual([found?.urn, others], [urnOf("Deployment", "query"), []]);
        assert.deepEqual(
            await violations("strict-endpoints-are-static", [
                workload("Deployment", "query", ["query", "--endpoint.sd-config=endpoints:"]),
            ]),
            [],
        );
    });

    it("leave a Prometheus alone that has nothing to do with Thanos", async () => {
        const single = (spec: object) =>
            violations("redundant-prometheus", [
                release({ chart: "kube-prometheus-stack", values: { prometheus: { prometheusSpec: spec } } }),
            ]);
        assert.deepEqual(await single({ replicas: 1 }), []);
        assert.equal((await single({ replicas: 1, thanos: { image: IMAGE } })).length, 1);
    });

    it("throw for an unknown value after they have reported every known problem", async () => {
        const args = ["compact", `--retention.resolution-raw=90d`, UNKNOWN];
        await assert.rejects(violations("retention-outlives-downsampling", [workload("StatefulSet", "c", args)]), UnknownValueError);

        const rule = RULES.find((r) => r.name === "one-compactor-per-stream");
        const policy = rule && toPolicy(rule);
        assert.ok(policy && "validateStack" in policy);
        const found: string[] = [];
        const resources = [workload("StatefulSet", "unknown", args), compact("a", "blue"), compact("b", "blue")].map(registered);
        const run = async () =>
            policy.validateStack(
                { resources, getConfig: () => ({}) } as unknown as StackValidationArgs,
                (message) => void found.push(message),
            );
        await assert.rejects(run, UnknownValueError);
        assert.deepEqual(found, [
            "StatefulSet b.stream: blue already has a compactor (StatefulSet a). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        ]);
    });

    it("ignore resources of other providers", async () => {
        const bucket = { type: "gcp:storage/bucket:Bucket", name: "blocks", urn: "urn:bucket", props: { name: "blocks" } };
        for (const rule of RULES) {
            const policy = toPolicy(rule);
            const report = () => assert.fail();
            const getConfig = () => ({});
            if ("validateStack" in policy)
                await policy.validateStack({ resources: [bucket], getConfig } as unknown as StackValidationArgs, report);
            else await runResource(policy, { ...bucket, getConfig } as unknown as ResourceValidationArgs, report);
        }
    });

    it("read no unknown value that their rule does not need", async () => {
        const unknownValues = release({ chart: UNKNOWN, values: UNKNOWN });
        assert.deepEqual(await violations("one-compactor-per-stream", [unknownValues, compact("a", "blue")]), []);
        const labelled = {
            metadata: { namespace: UNKNOWN, labels: { "thanos-fleet/stream": "blue" } },
            spec: {
                replicas: 1,
                template: {
                    spec: { containers: [{ image: IMAGE, args: ["compact", "--objstore.config-file=/o/o.yml"] }], volumes: UNKNOWN },
                },
            },
        };
        assert.deepEqual(await violations("one-compactor-per-stream", [manifest("apps/v1", "StatefulSet", "a", labelled)]), []);
        const unknownImage = { spec: { template: { spec: { containers: [{ image: UNKNOWN }] } } } };
        assert.deepEqual(await violations("redundant-prometheus", [manifest("apps/v1", "Deployment", "d", unknownImage)]), []);
        const unknownFlag = workload("StatefulSet", "c", ["compact", UNKNOWN]);
        assert.deepEqual(await violations("receive-replicates", [unknownFlag]), []);
    });
});
