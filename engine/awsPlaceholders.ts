import { M7G } from "../components/cloud/aws/cluster/instanceType";
import { dnsSuffixOf, partitionOf } from "../components/cloud/aws/iam/names";
import { EKS } from "../upstream/versions";

/**
 * Readable placeholders for values that only AWS knows (ARNs, ids, endpoints): for a plan without an account, and for the recorder that stands in
 * for the plugin `aws` in tests. Only outputs that this program reads have one.
 */

type Bag = Record<string, unknown>;

/** The account in every placeholder ARN. */
export const ACCOUNT = "111111111111";

/** The id and the outputs of a resource: its inputs, and placeholders for what AWS adds. */
export function awsOutputs(type: string, name: string, inputs: Bag, region: string): { id: string; outputs: Bag } {
    const givenName = inputs.bucket ?? inputs.name;
    const id = typeof givenName === "string" ? givenName : name;
    return { id, outputs: { name: id, ...inputs, arn: arnOf(type, id, inputs, region), ...computedOutputs(type, id, inputs, region) } };
}

/** The ARN of a resource: `aws:kms/key:Key` has the service `kms` and the kind `key`. */
function arnOf(type: string, id: string, inputs: Bag, region: string): string {
    const [service = "", kind = ""] = (type.split(":")[1] ?? "").split("/");
    const partition = partitionOf(region);
    if (type === "aws:s3/bucket:Bucket") return `arn:${partition}:s3:::${id}`;
    if (service === "iam") return `arn:${partition}:iam::${ACCOUNT}:${kind}${typeof inputs.path === "string" ? inputs.path : "/"}${id}`;
    return `arn:${partition}:${service}:${region}:${ACCOUNT}:${kind}/${id}`;
}

function computedOutputs(type: string, id: string, inputs: Bag, region: string): Bag {
    switch (type) {
        case "aws:eks/cluster:Cluster":
            return {
                ...clusterOutputs(id, region),
                certificateAuthority: authorityOf(id),
                vpcConfig: { ...(inputs.vpcConfig as Bag), ...networkIds(id) },
            };
        case "aws:ec2/launchTemplate:LaunchTemplate":
            return { latestVersion: 1 };
        case "aws:kms/key:Key":
            return { keyId: id };
        default:
            return {};
    }
}

const authorityOf = (eksName: string) => ({ data: `<certificate authority of ${eksName}>` });
const networkIds = (eksName: string) => ({ vpcId: `<vpc of ${eksName}>`, clusterSecurityGroupId: `<security group of ${eksName}>` });

const clusterOutputs = (eksName: string, region: string): Bag => ({
    endpoint: `<endpoint of ${eksName}>`,
    certificateAuthorities: [authorityOf(eksName)],
    identities: [{ oidcs: [{ issuer: `https://oidc.eks.${region}.${dnsSuffixOf(region)}/id/${eksName}` }] }],
    status: "ACTIVE",
});

/** The identity that calls AWS. */
export interface Caller {
    /** Account id. */
    account: string;
    /** Name of the role. */
    role: string;
}

const ADMIN: Caller = { account: ACCOUNT, role: "Admin" };

/**
 * The caller that a stack expects: one of `aws.cluster.create.admins` of the cluster that it creates, in the account that its observer has for it.
 * A plan answers with this caller, so it works with any credentials and with none.
 */
export function expectedCaller(admins: readonly string[], account: string | undefined): Caller {
    const roles = admins.map((arn) => ({ account: arn.split(":")[4] ?? "", role: arn.split("/").at(-1) ?? "" }));
    return roles.find((admin) => admin.account === (account ?? admin.account)) ?? { ...ADMIN, ...(account && { account }) };
}

/** An instance type on which everything fits. */
const HUGE = { cpus: 1e6, memory: 1e9, interfaces: 100, addresses: 100 };

/**
 * The result of a call of a data source (`aws:eks/getCluster:getCluster`): the object exists, and is recent and large enough.
 * `version`: the Kubernetes version of every cluster.
 */
export function awsAnswer(token: string, args: Bag, region: string, caller = ADMIN, version: string = EKS.version): Bag {
    const partition = partitionOf(region);
    switch (token) {
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return { accountId: caller.account, arn: `arn:${partition}:sts::${caller.account}:assumed-role/${caller.role}/session` };
        case "aws:index/getAvailabilityZones:getAvailabilityZones": {
            const names = ["a", "b", "c", "d"].map((letter) => region + letter);
            return { names, zoneIds: names.map((name) => `<zone id of ${name}>`) };
        }
        case "aws:eks/getCluster:getCluster": {
            const eksName = String(args.name);
            return {
                name: eksName,
                arn: `arn:${partition}:eks:${region}:${ACCOUNT}:cluster/${eksName}`,
                version,
                vpcConfig: { ...networkIds(eksName), subnetIds: [] },
                accessConfigs: [{ authenticationMode: "API" }],
                computeConfigs: [],
                kubernetesNetworkConfigs: [{ ipFamily: "ipv4" }],
                ...clusterOutputs(eksName, region),
            };
        }
        case "aws:ec2/getInstanceType:getInstanceType": {
            const { cpus, memory, interfaces, addresses } = M7G[String(args.instanceType)] ?? HUGE;
            return {
                ...args,
                defaultVcpus: cpus,
                memorySize: memory,
                maximumNetworkInterfaces: interfaces,
                maximumIpv4AddressesPerInterface: addresses,
            };
        }
        case "aws:eks/getClusterVersions:getClusterVersions":
            return {
                clusterVersions: (args.clusterVersionsOnlies as string[]).map((clusterVersion) => ({
                    clusterVersion,
                    versionStatus: "STANDARD_SUPPORT",
                    endOfStandardSupportDate: "2999-12-31T00:00:00Z",
                })),
            };
        case "aws:eks/getAddon:getAddon":
            return { ...args, addonVersion: "v99.0.0-eksbuild.1" };
        case "aws:eks/getAddonVersion:getAddonVersion":
            return { ...args, version: "v99.0.0-eksbuild.1" };
        case "aws:eks/getNodeGroups:getNodeGroups":
            return { ...args, names: [] };
        case "aws:ebs/getDefaultKmsKey:getDefaultKmsKey":
            return { keyArn: "alias/aws/ebs" };
        case "aws:ec2/getSubnet:getSubnet":
            return { ...args, vpcId: `<vpc of ${args.id}>` };
        case "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": {
            const url = String(args.url).replace("https://", "");
            return { arn: `arn:${partition}:iam::${ACCOUNT}:oidc-provider/${url}`, url, clientIdLists: ["sts.amazonaws.com"] };
        }
        default:
            throw new Error(`unexpected call of ${token}`);
    }
}
