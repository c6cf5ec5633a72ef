import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observerConfig } from "../../../support/testFleet";

/** An observer with these AWS settings beside its usual ones. */
const onAws = (aws: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    observerConfig("aws", { aws: { ...(observerConfig("aws").aws as Record<string, unknown>), ...aws }, ...more });
const EXISTING_STORE = { type: "S3", config: { bucket: "mine", endpoint: "s3.example.internal" } };
const CREATE = {
    version: "1.35",
    admins: ["arn:aws:iam::111111111111:role/Admin"],
    vpcCidr: "10.42.0.0/16",
    privateAccessCidrs: ["10.0.0.0/8"],
};

describe("checks of the AWS settings", () => {
    it("allow a stack to create its cluster", () =>
        assert.deepEqual(problemsOf(onAws({ cluster: { name: "eks", create: CREATE }, nodeGroups: {}, zoneId: "Z0123456789ABC" })), []));

    it("demand nodes, a hosted zone and no present add-on for a cluster that the stack creates", () =>
        assert.deepEqual(
            problemsOf(onAws({ cluster: { name: "eks", create: CREATE }, nodeGroups: undefined, addOns: { ebsCsi: "present" } })),
            [
                "aws.nodeGroups: is missing: a cluster that this stack creates has no other nodes. Write aws.nodeGroups: {} for the defaults.",
                "aws.addOns.ebsCsi: cannot be present in a cluster that this stack creates. Write install, or unmanaged if you install it yourself.",
                "aws.zoneId: is missing: this stack installs ExternalDNS, which may write to one zone only. Write the id of the domain's hosted zone; `npm run plan` prints the command that creates one. Or write aws.addOns.externalDns: unmanaged.",
            ],
        ));

    it("demand a VPC block and a network with access for a cluster that the stack creates", () =>
        assert.deepEqual(
            problemsOf(
                onAws({
                    cluster: { name: "eks", create: { version: "1.35", admins: CREATE.admins } },
                    nodeGroups: {},
                    zoneId: "Z0123456789ABC",
                }),
            ),
            [
                "aws.cluster.create.vpcCidr: is missing. Write a block that no other cluster of the fleet uses, for instance 10.42.0.0/16: overlapping VPCs can never be connected. Or list subnetIds.",
                "aws.cluster.create.privateAccessCidrs: is empty, and publicAccessCidrs too: nobody could reach the API server, `pulumi up` included. Write your own address in publicAccessCidrs: nothing can be in a VPC that the same update creates.",
            ],
        ));

    it("name the private networks as the remedy where the subnets exist already", () => {
        const create = { version: CREATE.version, admins: CREATE.admins, subnetIds: ["subnet-0a", "subnet-0b"] };
        assert.deepEqual(problemsOf(onAws({ cluster: { name: "eks", create }, nodeGroups: {}, zoneId: "Z0123456789ABC" })), [
            "aws.cluster.create.privateAccessCidrs: is empty, and publicAccessCidrs too: nobody could reach the API server, `pulumi up` included. Write the network that `pulumi up` runs in, for instance 10.0.0.0/8.",
        ]);
    });

    it("refuse security groups of nodes for a cluster that the stack creates", () =>
        assert.deepEqual(
            problemsOf(
                onAws({ cluster: { name: "eks", create: CREATE }, nodeGroups: { securityGroupIds: ["sg-0a"] }, zoneId: "Z0123456789ABC" }),
            ),
            [
                "aws.nodeGroups.securityGroupIds: is set for a cluster that this stack creates. Remove it: nodes are in the cluster's own security group.",
            ],
        ));

    it("demand a version for a cluster that the stack creates", () => {
        const { version, ...create } = CREATE;
        assert.deepEqual(problemsOf(onAws({ cluster: { name: "eks", create }, nodeGroups: {}, zoneId: "Z0123456789ABC" })), [
            "aws.cluster.create.version: is missing. Write the Kubernetes version of the new cluster, in quotes; `aws eks describe-cluster-versions --query 'clusterVersions[].[clusterVersion,endOfStandardSupportDate]' --output text` prints what EKS has.",
        ]);
    });

    it("refuse tags that a controller reserves", () =>
        assert.deepEqual(
            problemsOf(onAws({ tags: { "kubernetes.io/cluster/a": "owned", team: "observability" } })).map((p) => p.split(":")[0]),
            ["aws.tags.kubernetes.io/cluster/a"],
        ));

    it("demand subnets of the nodes for an existing cluster only", () =>
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
                [
                    "aws.nodeGroups.subnetIds: is set for a cluster that this stack creates. Remove it: nodes go into the cluster's own subnets.",
                ],
            ],
        ));

    it("allow an existing object store instead of a bucket", () =>
        assert.deepEqual(problemsOf(onAws({ bucket: undefined }, { objectStore: EXISTING_STORE })), []));

    it("refuse an object store beside a bucket", () =>
        assert.deepEqual(problemsOf(onAws({}, { objectStore: EXISTING_STORE })), [
            'objectStore: is set beside aws.bucket ("blocks-of-the-fleet"): blocks can only be in one place. Remove one of the two.',
        ]));

    it("refuse a bucket whose derived names are too long", () =>
        assert.deepEqual(problemsOf(onAws({ bucket: "b".repeat(50), bucketPerCluster: true, replicationRegion: "eu-central-1" })), [
            `aws.bucket: leads to a bucket named "${"b".repeat(50)}-observer-eu-central-1", 72 characters long: S3 allows 63. Shorten it by 9.`,
        ]));

    it("refuse replication to the bucket's own region", () =>
        assert.deepEqual(problemsOf(onAws({ replicationRegion: "eu-west-1" })), [
            'aws.replicationRegion: "eu-west-1" is the region of the bucket. Write another region.',
        ]));

    it("refuse via without another account", () =>
        assert.deepEqual(problemsOf(onAws({}, { observees: [{ name: "blue", mode: "sidecar", via: "role" }] })), [
            "observees[0].via: is for clusters in another account. Remove it, or name that account in observees[].account.",
        ]));

    it("refuse other accounts with cloud: local", () =>
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "blue", mode: "sidecar", account: "222222222222" }] })), [
            "observees[0].account: has no meaning with cloud: local. Remove it, or write cloud: aws.",
        ]));
});
