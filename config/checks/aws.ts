import { type Problem, Problems } from "../../rules/problem";
import { ADD_ONS, type AwsAccount, type CreateCluster, type ObserverConfig, type StackConfig } from "../schema";
import { addOnChoices } from "../schema/addOnChoices";
import { streamsOf } from "../streams";

/** Settings for AWS that contradict each other. */
export function awsChecks(config: StackConfig): Problem[] {
    const problems = new Problems();
    if (config.role === "observer") problems.add(blockStorage(config)).add(observeeAccounts(config));
    if (config.cloud === "aws") problems.add(nodes(config.aws)).add(ownNodes(config)).add(addOns(config.aws));
    return problems.all();
}

/** S3's limit. */
const BUCKET_NAME_LENGTH = 63;

function blockStorage(config: ObserverConfig): Problem[] {
    if (config.cloud === "local") return [];
    const { bucket, replicationRegion, region } = config.aws;
    const problems = new Problems()
        .when(
            bucket === undefined && config.objectStore === undefined,
            "aws.bucket",
            "is missing.",
            "Name the bucket that this stack creates for the fleet's blocks: `pulumi config set --path aws.bucket NAME`. To use an existing store, set objectStore instead.",
        )
        .when(
            bucket !== undefined && config.objectStore !== undefined,
            "objectStore",
            `is set beside aws.bucket ("${bucket}"): blocks can only be in one place.`,
            "Remove one of the two.",
        );
    if (bucket === undefined || config.objectStore) return problems.all();
    const longest = bucketNames(config, bucket).reduce((a, b) => (b.length > a.length ? b : a));
    return problems
        .when(
            longest.length > BUCKET_NAME_LENGTH,
            "aws.bucket",
            `leads to a bucket named "${longest}", ${longest.length} characters long: S3 allows ${BUCKET_NAME_LENGTH}.`,
            `Shorten it by ${longest.length - BUCKET_NAME_LENGTH}.`,
        )
        .when(replicationRegion === region, "aws.replicationRegion", `"${region}" is the region of the bucket.`, "Write another region.")
        .all();
}

/** The bucket and every name derived from it. */
function bucketNames(config: Extract<ObserverConfig, { cloud: "aws" }>, bucket: string): string[] {
    const { aws } = config;
    const streams = aws.bucketPerCluster ? streamsOf(config) : [];
    const names = [bucket, ...streams.map(({ name }) => `${bucket}-${name}`)];
    return aws.replicationRegion ? names.flatMap((name) => [name, `${name}-${aws.replicationRegion}`]) : names;
}

function observeeAccounts({ cloud, observees }: ObserverConfig): Problem[] {
    const problems = new Problems();
    for (const [i, { account, via }] of observees.entries())
        problems
            .when(
                account !== undefined && cloud === "local",
                `observees[${i}].account`,
                "has no meaning with cloud: local.",
                "Remove it, or write cloud: aws.",
            )
            .when(
                via !== undefined && account === undefined,
                `observees[${i}].via`,
                "is for clusters in another account.",
                "Remove it, or name that account in observees[].account.",
            );
    return problems.all();
}

function nodes({ cluster, nodeGroups }: AwsAccount): Problem[] {
    const { create } = cluster;
    if (create)
        return new Problems()
            .add(network(create))
            .when(
                nodeGroups === undefined,
                "aws.nodeGroups",
                "is missing: a cluster that this stack creates has no other nodes.",
                "Write aws.nodeGroups: {} for the defaults.",
            )
            .when(
                nodeGroups?.subnetIds !== undefined,
                "aws.nodeGroups.subnetIds",
                "is set for a cluster that this stack creates.",
                "Remove it: nodes go into the cluster's own subnets.",
            )
            .when(
                nodeGroups?.securityGroupIds !== undefined,
                "aws.nodeGroups.securityGroupIds",
                "is set for a cluster that this stack creates.",
                "Remove it: nodes are in the cluster's own security group.",
            )
            .all();
    return new Problems()
        .when(
            nodeGroups !== undefined && nodeGroups.subnetIds === undefined,
            "aws.nodeGroups.subnetIds",
            "is missing.",
            `List one private subnet per zone; \`aws eks describe-cluster --name ${cluster.name} --query cluster.resourcesVpcConfig.subnetIds\` shows the cluster's.`,
        )
        .all();
}

/** Nodes that the stack makes have its own labels only. */
const ownNodes = ({ pods, aws }: Extract<StackConfig, { cloud: "aws" }>): Problem[] =>
    new Problems()
        .when(
            aws.nodeGroups !== undefined && Object.keys(pods.nodeSelector).length > 0,
            "pods.nodeSelector",
            "asks for labels that the nodes of aws.nodeGroups do not have: no pod would run.",
            "Remove it, or remove aws.nodeGroups to use nodes that exist.",
        )
        .all();

/** The network of a cluster that the stack creates, and from where its API server is reachable. */
const network = ({ subnetIds, vpcCidr, publicAccessCidrs, privateAccessCidrs }: CreateCluster): Problem[] =>
    new Problems()
        .when(
            subnetIds === undefined && vpcCidr === undefined,
            "aws.cluster.create.vpcCidr",
            "is missing.",
            "Write a block that no other cluster of the fleet uses, for instance 10.42.0.0/16: overlapping VPCs can never be connected. Or list subnetIds.",
        )
        .when(
            publicAccessCidrs.length === 0 && privateAccessCidrs.length === 0,
            "aws.cluster.create.privateAccessCidrs",
            "is empty, and publicAccessCidrs too: nobody could reach the API server, `pulumi up` included.",
            subnetIds === undefined
                ? "Write your own address in publicAccessCidrs: nothing can be in a VPC that the same update creates."
                : "Write the network that `pulumi up` runs in, for instance 10.0.0.0/8.",
        )
        .all();

function addOns(aws: AwsAccount): Problem[] {
    const { cluster, addOns, zoneId } = aws;
    const problems = new Problems();
    for (const name of ADD_ONS)
        problems.when(
            cluster.create !== undefined && addOns[name] === "present",
            `aws.addOns.${name}`,
            "cannot be present in a cluster that this stack creates.",
            "Write install, or unmanaged if you install it yourself.",
        );
    return problems
        .when(
            addOnChoices(aws).externalDns === "install" && zoneId === undefined,
            "aws.zoneId",
            "is missing: this stack installs ExternalDNS, which may write to one zone only.",
            "Write the id of the domain's hosted zone; `npm run plan` prints the command that creates one. Or write aws.addOns.externalDns: unmanaged.",
        )
        .all();
}
