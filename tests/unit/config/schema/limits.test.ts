import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observeeConfig, observerConfig } from "../../../support/testFleet";

const CREATE = {
    version: "1.35",
    admins: ["arn:aws:iam::111111111111:role/Admin"],
    vpcCidr: "10.42.0.0/16",
    privateAccessCidrs: ["10.0.0.0/8"],
};
const creating = (create: Record<string, unknown>) =>
    observerConfig("aws", {
        aws: {
            ...(observerConfig("aws").aws as Record<string, unknown>),
            cluster: { name: "eks", create: { ...CREATE, ...create } },
            nodeGroups: {},
            zoneId: "Z0123456789ABC",
        },
    });
const named = (cluster: string) => observeeConfig(cluster, "local");
const tagged = (key: string) =>
    observerConfig("aws", { aws: { ...(observerConfig("aws").aws as Record<string, unknown>), tags: { [key]: "x" } } });

const query = (settings: Record<string, unknown>) => observeeConfig("blue", "local", { query: settings });
const domain = (length: number) =>
    observeeConfig("blue", "local", { domain: `${`${"a".repeat(60)}.`.repeat(4).slice(0, length - 5)}.test` });

/** The last accepted value of each setting, and the first refused one beyond it. */
const LIMITS: [what: string, path: string, accepted: Record<string, unknown>, refused: Record<string, unknown>][] = [
    ["a cluster's name has 32 characters", "cluster", named("c".repeat(32)), named("c".repeat(33))],
    ["a cluster has an administrator", "aws.cluster.create.admins", creating({}), creating({ admins: [] })],
    ["a VPC is a /20", "aws.cluster.create.vpcCidr", creating({ vpcCidr: "10.42.0.0/20" }), creating({ vpcCidr: "10.42.0.0/21" })],
    ["a VPC is a /16", "aws.cluster.create.vpcCidr", creating({ vpcCidr: "10.42.0.0/16" }), creating({ vpcCidr: "10.0.0.0/15" })],
    ["a tag's key begins with aws", "aws.tags.aws:x", tagged("aws-x"), tagged("aws:x")],
    ["there are a thousand pods", "query.replicas", query({ replicas: 1000 }), query({ replicas: 1001 })],
    ["a pod has 64 tebibytes of memory", "query.memory", query({ memory: "64Ti" }), query({ memory: "65537Gi" })],
    ["a pod has 2000 cores", "query.cpu", query({ cpu: "2000" }), query({ cpu: "2000001m" })],
    [
        "a domain does not end like an IPv4 address",
        "domain",
        observeeConfig("blue", "local", { domain: "1.a0" }),
        observeeConfig("blue", "local", { domain: "1.0" }),
    ],
    ["a domain has 200 characters", "domain", domain(200), domain(201)],
    [
        "autoscaling ends at a thousand pods",
        "query.autoscale.maxReplicas",
        query({ autoscale: { maxReplicas: 1000 } }),
        query({ autoscale: { maxReplicas: 1001 } }),
    ],
    [
        "a limit of series is as large as a number counts exactly",
        "store.limits.requestSeries",
        observerConfig("local", { store: { limits: { requestSeries: 2 ** 53 - 1 } } }),
        observerConfig("local", { store: { limits: { requestSeries: 2 ** 53 } } }),
    ],
    [
        "certificates are renewed an hour after they were made",
        "certificates.renewBefore",
        observerConfig("local", { certificates: { validity: "10h", renewBefore: "9h" } }),
        observerConfig("local", { certificates: { validity: "10h", renewBefore: "10h" } }),
    ],
    [
        "Query gives up on a source before the query ends",
        "query.storeResponseTimeout",
        observeeConfig("blue", "local", { query: { timeout: "1m", storeResponseTimeout: "59s" } }),
        observeeConfig("blue", "local", { query: { timeout: "1m", storeResponseTimeout: "60s" } }),
    ],
    [
        "a part of a split query has a length",
        "queryFrontend.splitInterval",
        observerConfig("local", { queryFrontend: { splitInterval: "1ms" } }),
        observerConfig("local", { queryFrontend: { splitInterval: "0s" } }),
    ],
    [
        "a Store's limit of samples is a chunk",
        "store.limits.requestSamples",
        observerConfig("local", { store: { limits: { requestSamples: 120 } } }),
        observerConfig("local", { store: { limits: { requestSamples: 119 } } }),
    ],
    [
        "all requests are traced",
        "tracing.samplingRatio",
        observeeConfig("blue", "local", { tracing: { endpoint: "collector:4317", samplingRatio: 1 } }),
        observeeConfig("blue", "local", { tracing: { endpoint: "collector:4317", samplingRatio: 1.01 } }),
    ],
    [
        "Query waits for a source for some time",
        "query.storeResponseTimeout",
        observeeConfig("blue", "local", { query: { storeResponseTimeout: "1ms" } }),
        observeeConfig("blue", "local", { query: { storeResponseTimeout: "0s" } }),
    ],
    [
        "Prometheus keeps three blocks",
        "prometheus.retention",
        observeeConfig("blue", "local", { prometheus: { retention: "6h" } }),
        observeeConfig("blue", "local", { prometheus: { retention: "359m" } }),
    ],
];

describe("the last accepted value", () => {
    for (const [what, path, accepted, refused] of LIMITS)
        it(`is accepted, and the next one not: ${what}`, () => {
            assert.deepEqual(problemsOf(accepted), []);
            assert.deepEqual(
                problemsOf(refused).filter((problem) => !problem.startsWith(`${path}: `)),
                [],
            );
            assert.equal(problemsOf(refused).length, 1);
        });
});
