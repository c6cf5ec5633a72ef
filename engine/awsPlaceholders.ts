import { dnsSuffixOf, partitionOf } from "../components/cloud/aws/iam/names";
import { EKS } from "../upstream/versions";

/**
 * What only AWS knows (ARNs, ids, endpoints), as readable placeholders: for a plan without an account, and for the recorder that stands in for
 * the plugin `aws` in tests. Only what this program reads is here.
 */

type Bag = Record<string, unknown>;

/** The account everything is in. */
export const ACCOUNT = "111111111111";

/** A resource as AWS would give it back: its inputs, and what AWS adds to them. */
export function awsOutputs(type: string, name: string, inputs: Bag, region: string): { id: string; outputs: Bag } {
    const known = inputs.bucket ?? inputs.name;
    const id = typeof known === "string" ? known : name;
    return { id, outputs: { name: id, ...inputs, arn: arnOf(type, id, inputs, region), ...computed(type, id, inputs, region) } };
}

/** `aws:kms/key:Key` is an ARN of the service `kms` and the kind `key`. */
function arnOf(type: string, id: string, inputs: Bag, region: string): string {
    const [service = "", kind = ""] = (type.split(":")[1] ?? "").split("/");
    const partition = partitionOf(region);
    if (type === "aws:s3/bucket:Bucket") return `arn:${partition}:s3:::${id}`;
    if (service === "iam") return `arn:${partition}:iam::${ACCOUNT}:${kind}${typeof inputs.path === "string" ? inputs.path : "/"}${id}`;
    return `arn:${partition}:${service}:${region}:${ACCOUNT}:${kind}/${id}`;
}

function computed(type: string, id: string, inputs: Bag, region: string): Bag {
    switch (type) {
        case "aws:eks/cluster:Cluster":
            return {
                ...clusterFacts(id, region),
                certificateAuthority: authorityOf(id),
                vpcConfig: { ...(inputs.vpcConfig as Bag), ...networkOf(id) },
            };
        case "aws:ec2/launchTemplate:LaunchTemplate":
            return { latestVersion: 1 };
        case "aws:kms/key:Key":
            return { keyId: id };
        default:
            return {};
    }
}

const authorityOf = (cluster: string) => ({ data: `<certificate authority of ${cluster}>` });
const networkOf = (cluster: string) => ({ vpcId: `<vpc of ${cluster}>`, clusterSecurityGroupId: `<security group of ${cluster}>` });

const clusterFacts = (cluster: string, region: string): Bag => ({
    endpoint: `<endpoint of ${cluster}>`,
    certificateAuthorities: [authorityOf(cluster)],
    identities: [{ oidcs: [{ issuer: `https://oidc.eks.${region}.${dnsSuffixOf(region)}/id/${cluster}` }] }],
    status: "ACTIVE",
});

/** A role, as which AWS is asked. */
export interface Caller {
    account: string;
    role: string;
}

const ADMIN: Caller = { account: ACCOUNT, role: "Admin" };

/**
 * As whom a stack expects to be run: one of the administrators of the cluster that it makes, in the account that its observer has for it. A plan is for
 * everybody, whatever credentials they have.
 */
export function expectedCaller(admins: readonly string[], account: string | undefined): Caller {
    const roles = admins.map((arn) => ({ account: arn.split(":")[4] ?? "", role: arn.split("/").at(-1) ?? "" }));
    return roles.find((admin) => admin.account === (account ?? admin.account)) ?? { ...ADMIN, ...(account && { account }) };
}

/** What AWS answers when it is asked for something that exists: it exists, and is recent enough. */
export function awsAnswer(token: string, args: Bag, region: string, caller = ADMIN): Bag {
    const partition = partitionOf(region);
    switch (token) {
        case "aws:index/getCallerIdentity:getCallerIdentity":
            return { accountId: caller.account, arn: `arn:${partition}:sts::${caller.account}:assumed-role/${caller.role}/session` };
        case "aws:index/getAvailabilityZones:getAvailabilityZones": {
            const names = ["a", "b", "c", "d"].map((letter) => region + letter);
            return { names, zoneIds: names.map((name) => `<zone id of ${name}>`) };
        }
        case "aws:eks/getCluster:getCluster": {
            const cluster = String(args.name);
            return {
                name: cluster,
                arn: `arn:${partition}:eks:${region}:${ACCOUNT}:cluster/${cluster}`,
                version: EKS.version,
                vpcConfig: { ...networkOf(cluster), subnetIds: [] },
                accessConfigs: [{ authenticationMode: "API" }],
                ...clusterFacts(cluster, region),
            };
        }
        case "aws:eks/getAddon:getAddon":
            return { ...args, addonVersion: "v99.0.0-eksbuild.1" };
        case "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": {
            const url = String(args.url).replace("https://", "");
            return { arn: `arn:${partition}:iam::${ACCOUNT}:oidc-provider/${url}`, url, clientIdLists: ["sts.amazonaws.com"] };
        }
        default:
            throw new Error(`unexpected call of ${token}`);
    }
}
