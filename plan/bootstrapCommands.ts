import { EKS_ADD_ONS, presentOnEks } from "../components/cloud/aws/addOns/eks/catalogue";
import { clusterAdminPolicy } from "../components/cloud/aws/iam/names";
import { leafQueryHost, receiveHost } from "../components/naming/names";
import { pageHosts } from "../config/exposure";
import { remoteWritersOf, STORES_BLOCKS } from "../config/schema";
import { addOnChoices } from "../config/schema/addOnChoices";
import { EKS } from "../upstream/versions";
import { type AwsStack, PLACEHOLDER_ZONE } from "./awsStack";

/**
 * Commands that set up an empty account before the first `pulumi up` of a stack on AWS, and make its names known after it. Only those that the stack's
 * configuration needs.
 */

export interface BootstrapStep {
    /** Why the commands are needed, in a sentence or two. */
    why: string;
    /** Shell commands, to be run in this order in one shell: some set variables for later ones. */
    commands: string[];
}

/** The steps for one stack, in their order. `observer`: the observer's stack, for an observee whose observer has a stack file. */
export function bootstrapSteps(stack: AwsStack, observer?: AwsStack): BootstrapStep[] {
    const backend = backendOf(observer ?? stack);
    const pulumi = (command: string) => `pulumi ${command} --stack ${stack.name}`;
    return [
        ...(stack.config.role === "observer" ? createBackend(backend) : joinBackend(stack, backend, observer)),
        {
            why: `The stack, whose secrets are encrypted with the fleet's key. Its settings are in Pulumi.${stack.name}.yaml; for another stack, copy that file.`,
            commands: [`pulumi stack init ${stack.name} --secrets-provider='awskms://alias/${backend.name}?region=${backend.region}'`],
        },
        ...allowClusterAccess(stack),
        ...createZone(stack),
        ...checkExternalDns(stack),
        {
            why: "A policy stops the preview, before anything is created.",
            commands: [pulumi("preview --policy-pack policies"), pulumi("up --policy-pack policies")],
        },
        ...shareZones(stack, observer),
        ...checkNames(stack, observer),
    ];
}

/** Where the fleet's Pulumi state is. */
interface Backend {
    /** Name of the bucket, and alias of the KMS key. */
    name: string;
    region: string;
}

const STATE_SUFFIX = "-pulumi-state";
/** S3 allows 63 characters in a bucket's name. */
const backendOf = ({ config }: AwsStack): Backend => ({
    name: `${config.domain.replaceAll(".", "-").slice(0, 63 - STATE_SUFFIX.length)}${STATE_SUFFIX}`,
    region: config.aws.region,
});

function createBackend({ name, region }: Backend): BootstrapStep[] {
    const s3 = (command: string, rest: string) => `aws s3api ${command} --region ${region} --bucket ${name} ${rest}`.trimEnd();
    // S3 refuses us-east-1 as a location constraint: it is the default.
    const location = region === "us-east-1" ? "" : `--create-bucket-configuration LocationConstraint=${region}`;
    return [
        {
            why: "Once for the fleet: a key for Pulumi's state and secrets. `pulumi up` needs the `aws` CLI too: it gets the token for the cluster.",
            commands: [
                `key=$(aws kms create-key --region ${region} --description 'State and secrets of Pulumi' --query KeyMetadata.Arn --output text)`,
                `aws kms enable-key-rotation --region ${region} --key-id "$key"`,
                `aws kms create-alias --region ${region} --alias-name alias/${name} --target-key-id "$key"`,
            ],
        },
        {
            why: "Once for the fleet: the bucket for the state of every stack, since an observee reads the observer's outputs. Any free name will do.",
            commands: [
                s3("create-bucket", location),
                s3(
                    "put-public-access-block",
                    "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
                ),
                s3("put-bucket-versioning", "--versioning-configuration Status=Enabled"),
                s3(
                    "put-bucket-encryption",
                    `--server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"'"$key"'"},"BucketKeyEnabled":true}]}'`,
                ),
                logIn({ name, region }),
            ],
        },
    ];
}

function joinBackend({ config }: AwsStack, backend: Backend, observer: AwsStack | undefined): BootstrapStep[] {
    const assumed = observer
        ? ""
        : ` The bucket's region is assumed to be ${config.aws.region}: there is no stack file of the observer here.`;
    return [
        {
            why: `After the observer's \`pulumi up\`, in the same state bucket. If this cluster is in another account: set AWS_PROFILE to the observer's credentials and \`aws.profile\` to this account's.${assumed} The clusters' VPCs must route to each other (peering, a transit gateway).`,
            commands: [logIn(backend)],
        },
    ];
}

const logIn = ({ name, region }: Backend) => `pulumi login 's3://${name}?region=${region}'`;

function allowClusterAccess(stack: AwsStack): BootstrapStep[] {
    const { region, cluster, identity } = stack.config.aws;
    const { create, name } = cluster;
    if (create)
        return [
            {
                why: `The role that runs \`pulumi up\` must be in aws.cluster.create.admins (${create.admins.join(", ")}). Your role is:`,
                commands: [callerArn(region)],
            },
            // No machine can be inside a VPC that the same update creates.
            ...(create.subnetIds === undefined && create.publicAccessCidrs.length === 0
                ? [
                      {
                          why: "The API server is private, in a VPC that does not exist yet: allow your own address until you can reach the VPC.",
                          commands: [
                              `pulumi config set --stack ${stack.name} --path 'aws.cluster.create.publicAccessCidrs[0]' "$(curl -s https://checkip.amazonaws.com)/32"`,
                          ],
                      },
                  ]
                : []),
        ];
    const eks = (command: string) => `aws eks ${command} --region ${region}`;
    const present = presentOnEks(addOnChoices(stack.config.aws));
    const entry = `--cluster-name ${name} --principal-arn "$role"`;
    return [
        {
            why: `The cluster must be ACTIVE, run Kubernetes ${EKS.oldest} or later, and use access entries (API or API_AND_CONFIG_MAP).`,
            commands: [
                `${eks("describe-cluster")} --name ${name} --query 'cluster.[status,version,accessConfig.authenticationMode]' --output text`,
            ],
        },
        ...(present.length > 0
            ? [
                  {
                      why: `The cluster must have these EKS add-ons, or aws.addOns must say otherwise: ${present.map((addOn) => EKS_ADD_ONS[addOn].name).join(", ")}.`,
                      commands: [`${eks("list-addons")} --cluster-name ${name} --output text`],
                  },
              ]
            : []),
        {
            why: "The role that runs `pulumi up` must be an administrator of the cluster. Skip this if it created the cluster or has an access entry.",
            commands: [
                `role=$(aws iam get-role --region ${region} --role-name "$(${callerArn(region)} | cut -d / -f 2)" --query Role.Arn --output text)`,
                `${eks("create-access-entry")} ${entry}`,
                `${eks("associate-access-policy")} ${entry} --access-scope type=cluster --policy-arn ${clusterAdminPolicy(region)}`,
            ],
        },
        ...(identity.by === "irsa"
            ? [
                  {
                      why: "IRSA needs the cluster's OIDC provider in IAM. Skip this if it exists.",
                      commands: [
                          `aws iam create-open-id-connect-provider --region ${region} --client-id-list sts.amazonaws.com --url "$(${eks("describe-cluster")} --name ${name} --query cluster.identity.oidc.issuer --output text)"`,
                      ],
                  },
              ]
            : []),
    ];
}

/** AWS's three partitions are separate, and the region selects one of them: so global services get a region too. */
const callerArn = (region: string) => `aws sts get-caller-identity --region ${region} --query Arn --output text`;

const placeholderZone = ({ config }: AwsStack) => config.aws.zoneId === PLACEHOLDER_ZONE;

/** An observee has a zone of its own below the fleet's domain, so that it cannot write the observer's names. */
const zoneName = ({ config }: AwsStack) => (config.role === "observer" ? config.domain : `${config.cluster}.${config.domain}`);

/** The private zone that ExternalDNS writes to, where the settings have no id of one. */
function createZone(stack: AwsStack): BootstrapStep[] {
    const { config, name } = stack;
    const toInstall = placeholderZone(stack);
    if (config.aws.zoneId !== undefined && !toInstall) return [];
    const zone = zoneName(stack);
    const { region, cluster } = config.aws;
    const set = (path: string, value: string) => `pulumi config set --stack ${name} --path ${path} ${value}`;
    const create = (vpc: string) => [
        `vpc=$(${vpc} --output text)`,
        `zone=$(aws route53 create-hosted-zone --region ${region} --name ${zone} --vpc VPCRegion=${region},VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-${name} --query HostedZone.Id --output text)`,
        // The id is "/hostedzone/Z0123456789ABC".
        ...(toInstall ? [set("aws.zoneId", '"$(basename "$zone")"')] : []),
    ];
    const whose = toInstall
        ? "to which ExternalDNS writes this cluster's names."
        : "to which this cluster's ExternalDNS has to write: it needs the rights, and a filter that lets the zone through. Skip this if the zone exists.";
    const subnet = cluster.create?.subnetIds?.[0];
    if (cluster.create && subnet === undefined)
        return [
            {
                why: `The private zone ${zone}, ${whose} It needs a VPC, which the stack creates: so the first update comes before the zone${toInstall ? ", without ExternalDNS" : ""}.`,
                commands: [
                    ...(toInstall ? [set("aws.addOns.externalDns", "unmanaged")] : []),
                    `pulumi up --policy-pack policies --stack ${name}`,
                    ...create(vpcOf(stack)),
                    ...(toInstall ? [set("aws.addOns.externalDns", "install")] : []),
                ],
            },
        ];
    return [
        {
            why: `The private zone ${zone}, ${whose}`,
            commands: create(
                subnet === undefined
                    ? vpcOf(stack)
                    : `aws ec2 describe-subnets --region ${region} --subnet-ids ${subnet} --query Subnets[0].VpcId`,
            ),
        },
    ];
}

/**
 * EKS publishes the settings of its add-ons by this call only, and refuses an add-on with another setting half-way. The others that this project sets
 * are in use elsewhere; of this one nobody has told.
 */
function checkExternalDns({ config: { aws } }: AwsStack): BootstrapStep[] {
    if (addOnChoices(aws).externalDns !== "install") return [];
    const eks = (command: string) => `aws eks ${command} --region ${aws.region} --addon-name external-dns`;
    const version = `"$(${eks("describe-addon-versions")} --query 'addons[0].addonVersions[0].addonVersion' --output text)"`;
    return [
        {
            why: "EKS's add-on external-dns must have the setting that limits it to the zone: this prints 1. If not, install ExternalDNS by other means and write aws.addOns.externalDns: unmanaged.",
            commands: [
                `${eks("describe-addon-configuration")} --addon-version ${version} --query configurationSchema --output text | grep -c extraArgs`,
            ],
        },
    ];
}

const vpcOf = ({ config: { aws } }: AwsStack) =>
    `aws eks describe-cluster --region ${aws.region} --name ${aws.cluster.name} --query cluster.resourcesVpcConfig.vpcId`;

/** The id of a stack's zone: from its settings, or looked up by its name. */
function zoneId(stack: AwsStack): string {
    const { zoneId: id, region } = stack.config.aws;
    if (id !== undefined && !placeholderZone(stack)) return id;
    const name = zoneName(stack);
    return `"$(aws route53 list-hosted-zones-by-name --region ${region} --dns-name ${name} --query "HostedZones[?Name=='${name}.' && Config.PrivateZone]|[0].Id" --output text)"`;
}

/** A cluster, as the other side of a connection sees it: AWS region, command that prints the VPC's id, id of the zone. */
interface Side {
    region: string;
    vpc: string;
    zone: string;
}

const sideOf = (stack: AwsStack): Side => ({
    region: stack.config.aws.region,
    vpc: `"$(${vpcOf(stack)} --output text)"`,
    zone: zoneId(stack),
});

/** Stands for an observer whose stack file is not here. */
const UNKNOWN_OBSERVER: Side = { region: '"$observer_region"', vpc: '"$observer_vpc"', zone: '"$observer_zone"' };

/**
 * A private zone is resolved only in its VPCs: the observer resolves its observees' names, and observees that write remotely the observer's. An update
 * succeeds without: Query then finds no leaf, and remote write no Receive.
 */
function shareZones(stack: AwsStack, observer: AwsStack | undefined): BootstrapStep[] {
    if (stack.config.role === "observer") return [];
    const associate = (zone: string, { region, vpc }: Side) =>
        `aws route53 associate-vpc-with-hosted-zone --region ${stack.config.aws.region} --hosted-zone-id ${zone} --vpc VPCRegion=${region},VPCId=${vpc}`;
    const [here, there] = [sideOf(stack), observer ? sideOf(observer) : UNKNOWN_OBSERVER];
    const unknown = observer
        ? ""
        : " Set observer_region, observer_vpc and observer_zone (ids) first: there is no stack file of the observer here.";
    return [
        {
            why: `Each of the two clusters must resolve the other's zone. Between two accounts, run \`aws route53 create-vpc-association-authorization\` first, with the zone's credentials.${unknown}`,
            commands: [associate(here.zone, there), associate(there.zone, here)],
        },
    ];
}

/** The names that other clusters and people use. Nothing else fails where one is missing. */
function checkNames(stack: AwsStack, observer: AwsStack | undefined): BootstrapStep[] {
    const { config } = stack;
    const { domain } = config;
    // Nobody connects to an agent.
    if (
        observer?.config.role === "observer" &&
        observer.config.observees.some(({ name, mode }) => name === config.cluster && !STORES_BLOCKS[mode])
    )
        return [];
    const names =
        config.role === "observee"
            ? [leafQueryHost(config.cluster, domain)]
            : [
                  ...(config.exposure ? Object.values(pageHosts(config)) : []),
                  ...(remoteWritersOf(config.observees).length > 0 ? [receiveHost(domain)] : []),
              ];
    if (names.length === 0) return [];
    return [
        {
            why: `Some minutes after the update ExternalDNS has published ${names.join(" and ")}. If not, read its log.`,
            commands: [
                `aws route53 list-resource-record-sets --region ${config.aws.region} --hosted-zone-id ${zoneId(stack)} --query "ResourceRecordSets[?Type=='A'].Name" --output text`,
            ],
        },
    ];
}
