/**
 * A stand-in for the plugins `aws` and `kubernetes`, for tests without an account or a cluster: it accepts every declared resource, records it in the
 * engine's state, and returns placeholders for the outputs that only AWS knows. bin/<plugin>/pulumi-resource-<plugin> starts it with the plugin's name.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { awsAnswer, awsOutputs } from "../../../engine/awsPlaceholders";
import { type Decision, decide, differences } from "../../../local/offline/standins/diff";
import { type Bag, keepSecrets, revealBag } from "../../../local/offline/standins/secretValues";
import { type StandIn, serve } from "../../../local/offline/standins/server";
import { isMap } from "../../../rules/isMap";

/** Name of the environment variable with the file to which each deleted resource is appended, as `Kind name`. */
export const RECORDED_DELETIONS = "RECORDED_DELETIONS";

/**
 * Name of the environment variable with a file of what others have changed, as JSON: by `Kind name`, either `null` (it is gone) or what a read finds of
 * its fields. Only fields that the program declares are returned as inputs, as the official plugins do.
 */
export const CHANGED_BY_OTHERS = "CHANGED_BY_OTHERS";

/** Properties that AWS cannot change in place: the Terraform provider marks them `ForceNew`. Only types that this program uses. */
const FORCE_NEW: Record<string, string[]> = {
    "aws:cloudwatch/logGroup:LogGroup": ["name"],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ["vpcId"],
    "aws:ec2/eip:Eip": ["domain"],
    "aws:ec2/launchTemplate:LaunchTemplate": ["name"],
    "aws:ec2/natGateway:NatGateway": ["allocationId", "connectivityType", "subnetId"],
    "aws:ec2/route:Route": ["destinationCidrBlock", "routeTableId"],
    "aws:ec2/routeTable:RouteTable": ["vpcId"],
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ["gatewayId", "subnetId"],
    "aws:ec2/securityGroup:SecurityGroup": ["description", "name", "namePrefix", "vpcId"],
    "aws:ec2/subnet:Subnet": ["availabilityZone", "cidrBlock", "vpcId"],
    "aws:ec2/vpc:Vpc": ["cidrBlock"],
    "aws:ec2/vpcEndpoint:VpcEndpoint": ["serviceName", "vpcEndpointType", "vpcId"],
    "aws:eks/accessEntry:AccessEntry": ["clusterName", "principalArn", "type"],
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ["accessScope", "clusterName", "policyArn", "principalArn"],
    "aws:eks/addon:Addon": ["addonName", "clusterName"],
    "aws:eks/cluster:Cluster": [
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "bootstrapSelfManagedAddons",
        "kubernetesNetworkConfig.ipFamily",
        "kubernetesNetworkConfig.serviceIpv4Cidr",
        "name",
        "roleArn",
    ],
    "aws:eks/nodeGroup:NodeGroup": [
        "amiType",
        "capacityType",
        "clusterName",
        "diskSize",
        "instanceTypes",
        "launchTemplate.id",
        "launchTemplate.name",
        "nodeGroupName",
        "nodeGroupNamePrefix",
        "nodeRoleArn",
        "subnetIds",
    ],
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ["clusterName", "namespace", "serviceAccount"],
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": ["url"],
    "aws:iam/role:Role": ["name", "namePrefix", "path"],
    "aws:iam/rolePolicy:RolePolicy": ["name", "role"],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ["policyArn", "role"],
    "aws:kms/alias:Alias": ["name"],
    "aws:kms/key:Key": ["customerMasterKeySpec", "keyUsage", "multiRegion"],
    "aws:s3/bucket:Bucket": ["bucket", "bucketPrefix", "objectLockEnabled"],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ["securityGroupId"],
};

/** A resource that configures a bucket cannot move to another bucket, and no resource can move to another region. */
const forceNewOf = (type: string) => [...(FORCE_NEW[type] ?? []), "region", ...(/^aws:s3\/bucket./.test(type) ? ["bucket"] : [])];

const isPartOf = (path: string, property: string) =>
    path === property || path.startsWith(`${property}.`) || path.startsWith(`${property}[`);

const BUCKET = "aws:s3/bucket:Bucket";
/** Properties that the plugin would fill in where a program leaves them out. In other resources than the bucket itself, `bucket` names another resource. */
const NAMES = ["name", "bucket", "nodeGroupName"];

export function decideAws(type: string, olds: Bag, news: Bag): Decision {
    const changes = differences(olds, news);
    const forceNew = forceNewOf(type);
    const replaces = changes.map((change) => change.path).filter((path) => forceNew.some((property) => isPartOf(path, property)));
    // Two resources of one name cannot exist together. Without a given name the plugin would make one up (pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace).
    const isNamed = NAMES.some((property) => news[property] !== undefined && !(property === "bucket" && type !== BUCKET));
    return { changes, replaces, deleteBeforeReplace: replaces.length > 0 && isNamed };
}

/** Each change gives a launch template a new version, which makes EKS roll the nodes. */
const updatedAws = (type: string, olds: Bag, outputs: Bag): Bag =>
    type === "aws:ec2/launchTemplate:LaunchTemplate" ? { ...outputs, latestVersion: Number(olds.latestVersion) + 1 } : outputs;

/** The parts in which the two plugins differ. */
interface Recorder {
    created(type: string, name: string, inputs: Bag, region: string): { id: string; outputs: Bag };
    updated(type: string, olds: Bag, outputs: Bag): Bag;
    decide(type: string, olds: Bag, news: Bag): Decision;
    invoke?(token: string, args: Bag, region: string): Bag;
    /** Throws where the real service refuses to delete a resource. */
    refuseDeletion?(type: string, outputs: Bag): void;
}

function refuseDeletion(type: string, { name, deletionProtection }: Bag): void {
    if (type === "aws:eks/cluster:Cluster" && deletionProtection === true)
        throw new Error(`deleting EKS Cluster (${name}): InvalidRequestException: deletion protection is enabled`);
}

const RECORDERS: Record<string, Recorder> = {
    aws: { created: awsOutputs, updated: updatedAws, decide: decideAws, invoke: awsAnswer, refuseDeletion },
    kubernetes: {
        created: (_, name, inputs) => ({ id: name, outputs: inputs }),
        updated: (_, __, outputs) => outputs,
        // The program configures the plugin in this way.
        decide: (_, olds, news) => decide(olds, news, { namespace: "default", configMapMutable: true, secretMutable: true }),
    },
};

function changedByOthers(resource: string): Bag | null {
    const file = process.env[CHANGED_BY_OTHERS];
    const changes = file === undefined ? {} : (JSON.parse(readFileSync(file, "utf8")) as Record<string, Bag | null>);
    return changes[resource] === undefined ? {} : changes[resource];
}

/** The bag with other values at the fields of `over` that `has` allows. */
function merged(bag: Bag, over: Bag, has: (key: string, bag: Bag) => boolean = () => true): Bag {
    const fields = Object.entries(over).filter(([key]) => has(key, bag));
    return {
        ...bag,
        ...Object.fromEntries(fields.map(([key, value]) => [key, isMap(value) ? merged((bag[key] ?? {}) as Bag, value, has) : value])),
    };
}

function standIn(recorder: Recorder, version: string): StandIn {
    let region = "";
    const recorded = (type: string, name: string, inputs: Bag) => {
        const { id, outputs } = recorder.created(type, name, revealBag(inputs), region);
        return { id, outputs: keepSecrets(outputs, inputs) as Bag };
    };
    return {
        version,
        configure: async (config) => {
            region = String(config.region ?? "");
        },
        check: async ({ inputs }) => inputs,
        diff: async ({ type, inputs, oldInputs }) => recorder.decide(type, revealBag(oldInputs), revealBag(inputs)),
        create: async ({ type, name, inputs }) => recorded(type, name, inputs),
        update: async ({ type, name, inputs, oldOutputs }) => recorder.updated(type, oldOutputs, recorded(type, name, inputs).outputs),
        read: async ({ type, name, id, oldInputs, oldOutputs }) => {
            const changed = changedByOthers(`${type.slice(type.lastIndexOf(":") + 1)} ${name}`);
            if (changed === null) return undefined;
            return { id, outputs: merged(oldOutputs, changed), inputs: merged(oldInputs, changed, (key, bag) => key in bag) };
        },
        delete: async ({ type, name, oldOutputs }) => {
            recorder.refuseDeletion?.(type, oldOutputs);
            // The engine's events do not say which deleted resources it keeps (`retainOnDelete`): those never come here.
            const file = process.env[RECORDED_DELETIONS];
            if (file !== undefined) appendFileSync(file, `${type.slice(type.lastIndexOf(":") + 1)} ${name}\n`);
        },
        cancel: () => {},
        ...(recorder.invoke && { invoke: async (token: string, args: Bag) => recorder.invoke?.(token, args, region) ?? {} }),
    };
}

if (require.main === module) {
    const [plugin = "", ...rest] = process.argv.slice(2);
    const { version } = require(`@pulumi/${plugin}/package.json`) as { version: string };
    void serve(standIn(RECORDERS[plugin] as Recorder, version), rest.at(-1));
}
