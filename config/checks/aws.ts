import type { Problem } from "../../rules/problem";
import { ADD_ONS, type AwsAccount, type CreateCluster, type ObserverConfig, type StackConfig } from "../schema";
import { addOnChoices } from "../schema/addOnChoices";

/** Settings of an account that contradict each other. */
export function awsChecks(config: StackConfig): Problem[] {
    return [
        ...(config.role === "observer" ? [...whereBlocksAre(config), ...accounts(config)] : []),
        ...(config.cloud === "aws" ? [...nodes(config.aws), ...addOns(config.aws)] : []),
    ];
}

/** S3's limit. */
const BUCKET_NAME_LENGTH = 63;

function whereBlocksAre(config: ObserverConfig): Problem[] {
    if (config.cloud === "local") return [];
    const { bucket, bucketPerCluster, replicationRegion, region } = config.aws;
    if (bucket === undefined)
        return config.objectStore
            ? []
            : [
                  {
                      path: "aws.bucket",
                      problem: "is missing.",
                      remedy: "Name the bucket to make for the fleet's blocks: `pulumi config set --path aws.bucket NAME`. A store of your own goes into objectStore instead.",
                  },
              ];
    if (config.objectStore)
        return [
            {
                path: "objectStore",
                problem: `is set beside aws.bucket ("${bucket}"): blocks can only be in one place.`,
                remedy: "Remove one of the two.",
            },
        ];
    const clusters = bucketPerCluster ? [config.cluster, ...config.observees.map(({ name }) => name)] : [];
    const longest = [bucket, ...clusters.map((name) => `${bucket}-${name}`)]
        .flatMap((name) => (replicationRegion ? [name, `${name}-${replicationRegion}`] : [name]))
        .reduce((a, b) => (b.length > a.length ? b : a));
    return [
        ...(longest.length > BUCKET_NAME_LENGTH
            ? [
                  {
                      path: "aws.bucket",
                      problem: `makes a bucket named "${longest}", ${longest.length} characters long: S3 takes ${BUCKET_NAME_LENGTH}.`,
                      remedy: `Shorten it by ${longest.length - BUCKET_NAME_LENGTH}.`,
                  },
              ]
            : []),
        ...(replicationRegion === region
            ? [{ path: "aws.replicationRegion", problem: `"${region}" is where the bucket itself is.`, remedy: "Write another region." }]
            : []),
    ];
}

function accounts({ cloud, observees }: ObserverConfig): Problem[] {
    return observees.flatMap(({ account, via }, i) => [
        ...(account !== undefined && cloud === "local"
            ? [
                  {
                      path: `observees[${i}].account`,
                      problem: "has no meaning on a machine of one's own.",
                      remedy: "Remove it, or write cloud: aws.",
                  },
              ]
            : []),
        ...(via !== undefined && account === undefined
            ? [
                  {
                      path: `observees[${i}].via`,
                      problem: "is for clusters in another account.",
                      remedy: "Remove it, or name that account in observees[].account.",
                  },
              ]
            : []),
    ]);
}

function nodes({ cluster, nodeGroups }: AwsAccount): Problem[] {
    const { create } = cluster;
    if (create) return [...reach(create), ...nodesOfMade(nodeGroups)];
    if (nodeGroups && nodeGroups.subnetIds === undefined)
        return [
            {
                path: "aws.nodeGroups.subnetIds",
                problem: "is missing.",
                remedy: `List one private subnet per zone; \`aws eks describe-cluster --name ${cluster.name} --query cluster.resourcesVpcConfig.subnetIds\` shows the cluster's.`,
            },
        ];
    return [];
}

/** Who can get at a cluster that is made here, and from where. */
function reach({ subnetIds, vpcCidr, publicAccessCidrs, privateAccessCidrs }: CreateCluster): Problem[] {
    return [
        ...(subnetIds === undefined && vpcCidr === undefined
            ? [
                  {
                      path: "aws.cluster.create.vpcCidr",
                      problem: "is missing.",
                      remedy: "Write addresses that no other cluster of the fleet has, for instance 10.42.0.0/16: VPCs that overlap can never be connected. Or list subnetIds.",
                  },
              ]
            : []),
        ...(publicAccessCidrs.length === 0 && privateAccessCidrs.length === 0
            ? [
                  {
                      path: "aws.cluster.create.privateAccessCidrs",
                      problem: "is empty, and publicAccessCidrs too: nobody could reach the API server, `pulumi up` included.",
                      remedy: "Write the network that `pulumi up` runs in, for instance 10.0.0.0/8.",
                  },
              ]
            : []),
    ];
}

function nodesOfMade(nodeGroups: AwsAccount["nodeGroups"]): Problem[] {
    if (nodeGroups === undefined)
        return [
            {
                path: "aws.nodeGroups",
                problem: "is missing: a cluster that is made here has no node for a pod to run on.",
                remedy: "Write aws.nodeGroups: {} for the defaults.",
            },
        ];
    if (nodeGroups.subnetIds)
        return [
            {
                path: "aws.nodeGroups.subnetIds",
                problem: "is set for a cluster that is made here.",
                remedy: "Remove it: nodes go to the cluster's own subnets.",
            },
        ];
    return [];
}

function addOns(aws: AwsAccount): Problem[] {
    const { cluster, addOns, zoneId } = aws;
    const made = cluster.create !== undefined;
    return [
        ...ADD_ONS.filter((name) => made && addOns[name] === "present").map((name) => ({
            path: `aws.addOns.${name}`,
            problem: "cannot be present in a cluster that is made here.",
            remedy: "Write install, or unmanaged if you bring it yourself.",
        })),
        ...(addOnChoices(aws).externalDns === "install" && zoneId === undefined
            ? [
                  {
                      path: "aws.zoneId",
                      problem: "is missing: ExternalDNS is to be installed, and may only write to one zone.",
                      remedy: "Write the id of the domain's hosted zone; `npm run plan` prints the command that makes one. Or write aws.addOns.externalDns: unmanaged.",
                  },
              ]
            : []),
    ];
}
