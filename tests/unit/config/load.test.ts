import assert from "node:assert/strict";
import { ConfigError } from "../../../config/configError";
import { loadConfig } from "../../../config/load";
import { observeeConfig, observerConfig } from "../../support/testFleet";

function problemsOf(raw: Record<string, unknown>): string[] {
    try {
        loadConfig(raw);
    } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        return error.problems.map((p) => `${p.path}: ${p.problem} ${p.remedy}`);
    }
    return [];
}

describe("configuration", () => {
    it("of every role and cloud is accepted", () => {
        for (const raw of [observerConfig("aws"), observerConfig("local"), observeeConfig("blue", "aws"), observeeConfig("blue", "local")])
            assert.deepEqual(problemsOf(raw), []);
    });

    it("gets its defaults", () => {
        const config = loadConfig(observerConfig("aws"));
        assert.equal(config.role, "observer");
        assert.deepEqual(config.role === "observer" && config.compact, {
            retention: { raw: "90d", fiveMinutes: "90d", oneHour: "90d" },
            allowUnequalRetention: false,
            consistencyDelay: "30m",
            deleteDelay: "48h",
            waitInterval: "5m",
            storage: "100Gi",
            memory: "4Gi",
        });
        assert.deepEqual(config.prometheus, {
            replicas: 2,
            retention: "24h",
            blockDuration: "2h",
            scrapeInterval: "30s",
            storage: "50Gi",
            memory: "4Gi",
        });
    });

    it("names every problem at once, each with its path and the remedy", () => {
        const wrong = observerConfig("aws", {
            role: "observator",
            cluster: "Blue",
            aws: { region: "eu-west-1", cluster: { name: "eks" } },
            observees: [
                { name: "blue", mode: "sidecar" },
                { name: "blue", mode: "sidecar" },
                { name: "red", mode: "push" },
            ],
            compact: { retention: { raw: "24h" }, retentoin: "1d" },
            prometheus: { retention: "1h" },
        });
        assert.deepEqual(problemsOf(wrong), [
            'role: "observator" is not known. Write observer or observee.',
            'cluster: "Blue" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
            'observees[2].mode: "push" is not known. Write sidecar or sidecar-remote-write.',
            "compact.retentoin: is not a setting here. Remove it, or look at docs/configuration.md for its name.",
            "prometheus.retention: 1h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer; 24h survives a night without S3.",
            "aws.bucket: is missing. Name the bucket to make for the fleet's blocks: `pulumi config set --path aws.bucket NAME`. A store of your own goes into objectStore instead.",
            'observees[1].name: "blue" is used twice (also observees[0].name). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
            "compact.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            "compact.retention: raw 1d, 5m 90d and 1h 90d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. Where the difference is meant, say so: compact.allowUnequalRetention in a configuration, allowUnequal of this rule in the pack.",
        ]);
    });

    it("of nothing at all asks for what has no default", () => {
        assert.deepEqual(problemsOf({}), [
            "role: is missing. Write observer or observee.",
            "cloud: is missing. Write aws or local.",
            "cluster: is missing. Name this cluster, for instance blue: `pulumi config set cluster blue`.",
            "domain: is missing. Set the fleet's DNS domain, the same in every stack: `pulumi config set domain fleet.example.internal`.",
        ]);
    });

    it("suggests the setting that was meant", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observee: [] })), [
            "observee: is not a setting here. Did you mean observees?",
        ]);
    });

    it("refuses an observee with the observer's own name", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "observer", mode: "sidecar" }] })), [
            'observees[0].name: "observer" is used twice (also cluster). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
        ]);
    });

    it("refuses fewer ingesters than copies", () => {
        assert.deepEqual(
            problemsOf(observerConfig("local", { receive: { ingesters: 2 } })).map((p) => p.split(":")[0]),
            ["receive.ingesters"],
        );
    });

    it("refuses a single Prometheus", () => {
        assert.deepEqual(
            problemsOf(observeeConfig("blue", "local", { prometheus: { replicas: 1 } })).map((p) => p.split(":")[0]),
            ["prometheus.replicas"],
        );
    });

    it("refuses a Store that looks for blocks longer than Compact keeps them", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { store: { ignoreDeletionMarksDelay: "48h" } })), [
            "store.ignoreDeletionMarksDelay: 48h is not shorter than compact.deleteDelay (48h): Store would ask for blocks that are gone. Half of compact.deleteDelay is Thanos's own choice.",
        ]);
    });

    it("lets retentions differ where it is meant", () => {
        const compact = { allowUnequalRetention: true, retention: { raw: "30d", fiveMinutes: "90d", oneHour: "0d" } };
        assert.deepEqual(problemsOf(observerConfig("local", { compact })), []);
    });

    it("says everything in one message", () => {
        assert.throws(() => loadConfig({ ...observerConfig("local"), domain: "no domain", cluster: "" }, "configuration of stack x"), {
            message: [
                "configuration of stack x: 2 problems. Nothing was changed.",
                '  cluster: "" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
                '  domain: "no domain" is not a DNS domain. Write for instance fleet.example.internal.',
            ].join("\n"),
        });
    });
});

/** An observer on AWS with other settings of the account. */
const onAws = (aws: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    observerConfig("aws", { aws: { ...(observerConfig("aws").aws as Record<string, unknown>), ...aws }, ...more });
const S3_OF_MY_OWN = { type: "S3", config: { bucket: "mine", endpoint: "s3.example.internal" } };
const CREATE = { admins: ["arn:aws:iam::111111111111:role/Admin"], vpcCidr: "10.42.0.0/16", privateAccessCidrs: ["10.0.0.0/8"] };

describe("configuration of an account", () => {
    it("may create its cluster", () =>
        assert.deepEqual(problemsOf(onAws({ cluster: { name: "eks", create: CREATE }, nodeGroups: {}, zoneId: "Z0123456789ABC" })), []));

    it("wants nodes, a zone and nothing that is there already in a cluster that it creates", () =>
        assert.deepEqual(
            problemsOf(onAws({ cluster: { name: "eks", create: CREATE }, nodeGroups: undefined, addOns: { ebsCsi: "present" } })),
            [
                "aws.nodeGroups: is missing: a cluster that is made here has no node for a pod to run on. Write aws.nodeGroups: {} for the defaults.",
                "aws.addOns.ebsCsi: cannot be present in a cluster that is made here. Write install, or unmanaged if you bring it yourself.",
                "aws.zoneId: is missing: ExternalDNS is to be installed, and may only write to one zone. Write the id of the domain's hosted zone; `npm run plan` prints the command that makes one. Or write aws.addOns.externalDns: unmanaged.",
            ],
        ));

    it("wants a network that fits the fleet's others, and a way in", () =>
        assert.deepEqual(
            problemsOf(
                onAws({
                    cluster: { name: "eks", create: { admins: CREATE.admins } },
                    nodeGroups: {},
                    zoneId: "Z0123456789ABC",
                }),
            ),
            [
                "aws.cluster.create.vpcCidr: is missing. Write addresses that no other cluster of the fleet has, for instance 10.42.0.0/16: VPCs that overlap can never be connected. Or list subnetIds.",
                "aws.cluster.create.privateAccessCidrs: is empty, and publicAccessCidrs too: nobody could reach the API server, `pulumi up` included. Write the network that `pulumi up` runs in, for instance 10.0.0.0/8.",
            ],
        ));

    it("refuses tags that a controller keeps for itself", () =>
        assert.deepEqual(
            problemsOf(onAws({ tags: { "kubernetes.io/cluster/a": "owned", team: "observability" } })).map((p) => p.split(":")[0]),
            ["aws.tags.kubernetes.io/cluster/a"],
        ));

    it("takes the nodes' subnets from one place only", () =>
        assert.deepEqual(
            [
                problemsOf(onAws({ nodeGroups: {} })),
                problemsOf(
                    onAws({
                        cluster: { name: "eks", create: CREATE },
                        nodeGroups: { subnetIds: ["subnet-0a"] },
                        zoneId: "Z0123456789ABC",
                    }),
                ),
            ],
            [
                [
                    "aws.nodeGroups.subnetIds: is missing. List one private subnet per zone; `aws eks describe-cluster --name eks-observer --query cluster.resourcesVpcConfig.subnetIds` shows the cluster's.",
                ],
                ["aws.nodeGroups.subnetIds: is set for a cluster that is made here. Remove it: nodes go to the cluster's own subnets."],
            ],
        ));

    it("may keep blocks in a store of one's own instead of a bucket", () =>
        assert.deepEqual(problemsOf(onAws({ bucket: undefined }, { objectStore: S3_OF_MY_OWN })), []));

    it("keeps blocks in one place only", () =>
        assert.deepEqual(problemsOf(onAws({}, { objectStore: S3_OF_MY_OWN })), [
            'objectStore: is set beside aws.bucket ("blocks-of-the-fleet"): blocks can only be in one place. Remove one of the two.',
        ]));

    it("refuses a bucket whose derived names are too long", () =>
        assert.deepEqual(problemsOf(onAws({ bucket: "b".repeat(50), bucketPerCluster: true, replicationRegion: "eu-central-1" })), [
            `aws.bucket: makes a bucket named "${"b".repeat(50)}-observer-eu-central-1", 72 characters long: S3 takes 63. Shorten it by 9.`,
        ]));

    it("copies to another region", () =>
        assert.deepEqual(problemsOf(onAws({ replicationRegion: "eu-west-1" })), [
            'aws.replicationRegion: "eu-west-1" is where the bucket itself is. Write another region.',
        ]));

    it("says how another account gets at the bucket only for another account", () =>
        assert.deepEqual(problemsOf(onAws({}, { observees: [{ name: "blue", mode: "sidecar", via: "role" }] })), [
            "observees[0].via: is for clusters in another account. Remove it, or name that account in observees[].account.",
        ]));

    it("has no other accounts on a machine of one's own", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "blue", mode: "sidecar", account: "222222222222" }] })), [
            "observees[0].account: has no meaning on a machine of one's own. Remove it, or write cloud: aws.",
        ]));
});

describe("configuration of certificates", () => {
    it("renews them before their end, in whole hours", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { certificates: { validity: "30m", renewBefore: "1d" } })), [
            "certificates.validity: 30m is not a number of whole hours. Write whole hours, days or weeks.",
            "certificates.renewBefore: 1d is not shorter than certificates.validity (30m): every update would renew every certificate. A third of the validity leaves time for a failed update.",
        ]));
});
