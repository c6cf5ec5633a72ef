import { EKS_ADD_ONS, presentOnEks } from "../components/cloud/aws/addOns/eks/catalogue";
import { clusterAdminPolicy } from "../components/cloud/aws/iam/names";
import type { StackConfig } from "../config/schema";
import { addOnChoices } from "../config/schema/addOnChoices";
import { color } from "../terminal/color";
import { EKS } from "../upstream/versions";

/** What has to be there before the first `pulumi up` of a stack on AWS, as commands to paste. Pure: only the commands that a configuration needs. */

/** A stack on AWS, with its configuration checked. */
export interface AwsStack {
    name: string;
    config: Extract<StackConfig, { cloud: "aws" }>;
}

export interface Step {
    /** Why, in a sentence or two. */
    why: string;
    commands: string[];
}

/** Stands for the id of a zone that is yet to be made, so that everything else can be planned. */
export const ZONE_TO_MAKE = "ZTOBEMADE";

/** `observer`: the observer's stack, of an observee whose observer is known. */
export function beforehand(stack: AwsStack, observer?: AwsStack): Step[] {
    const backend = backendOf(observer ?? stack);
    const pulumi = (command: string) => `pulumi ${command} --stack ${stack.name}`;
    return [
        ...(stack.config.role === "observer" ? makeBackend(backend) : joinBackend(stack, backend, observer)),
        {
            why: `The stack, whose secrets are encrypted with the fleet's key. Its settings are in Pulumi.${stack.name}.yaml; another stack begins with a copy of that.`,
            commands: [`pulumi stack init ${stack.name} --secrets-provider='awskms://alias/${backend.name}?region=${backend.region}'`],
        },
        ...reachCluster(stack),
        ...makeZone(stack, observer),
        {
            why: "A policy stops a preview before anything is made.",
            commands: [pulumi("preview --policy-pack policies"), pulumi("up --policy-pack policies")],
        },
    ];
}

/** The steps as a script with comments. */
export function beforehandLines(stack: AwsStack, observer?: AwsStack): string[] {
    return [
        color.bold(`Before the first \`pulumi up\` of ${stack.name}, on an account with nothing`),
        ...beforehand(stack, observer).flatMap(({ why, commands }) => ["", color.dim(`# ${why}`), ...commands]),
        "",
    ];
}

interface Backend {
    /** Of the bucket and, as an alias, of the key. */
    name: string;
    region: string;
}

/** S3 takes 63 characters. */
const STATE_SUFFIX = "-pulumi-state";
const backendOf = ({ config }: AwsStack): Backend => ({
    name: `${config.domain.replaceAll(".", "-").slice(0, 63 - STATE_SUFFIX.length)}${STATE_SUFFIX}`,
    region: config.aws.region,
});

function makeBackend({ name, region }: Backend): Step[] {
    const s3 = (command: string, rest: string) => `aws s3api ${command} --region ${region} --bucket ${name} ${rest}`.trimEnd();
    // S3 refuses its oldest region as a constraint: it is the default.
    const where = region === "us-east-1" ? "" : `--create-bucket-configuration LocationConstraint=${region}`;
    return [
        {
            why: "Once for the fleet: a key for what Pulumi keeps. `aws` is needed later too: it gets the token that opens the cluster.",
            commands: [
                `key=$(aws kms create-key --region ${region} --description 'State and secrets of Pulumi' --query KeyMetadata.Arn --output text)`,
                `aws kms enable-key-rotation --region ${region} --key-id "$key"`,
                `aws kms create-alias --region ${region} --alias-name alias/${name} --target-key-id "$key"`,
            ],
        },
        {
            why: "Once for the fleet: the bucket of Pulumi's state, for every stack, since an observee reads what its observer exports. Any free name will do.",
            commands: [
                s3("create-bucket", where),
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

function joinBackend({ config }: AwsStack, backend: Backend, observer: AwsStack | undefined): Step[] {
    const assumed = observer ? "" : ` Its region is assumed to be ${config.aws.region}: the observer's stack file is not here.`;
    return [
        {
            why: `After the observer's \`pulumi up\`, in the same state: from another account with the observer's credentials in this shell (AWS_PROFILE), and this cluster's by \`aws.profile\`.${assumed} The clusters' VPCs have to route to each other (peering, a transit gateway).`,
            commands: [logIn(backend)],
        },
    ];
}

const logIn = ({ name, region }: Backend) => `pulumi login 's3://${name}?region=${region}'`;

function reachCluster(stack: AwsStack): Step[] {
    const { region, cluster, identity } = stack.config.aws;
    const { create, name } = cluster;
    if (create)
        return [
            {
                why: `The role that runs \`pulumi up\` has to be among aws.cluster.create.admins (${create.admins.join(", ")}). This is who you are:`,
                commands: [whoIs(region)],
            },
            // Nobody can be inside a VPC that the same update makes.
            ...(create.subnetIds === undefined && create.publicAccessCidrs.length === 0
                ? [
                      {
                          why: "The API server is private, in a VPC that is not there yet: let your own address in until there is a way into the VPC.",
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
            why: `The cluster has to be ACTIVE, at ${EKS.oldest} or later, and take access entries (API or API_AND_CONFIG_MAP).`,
            commands: [
                `${eks("describe-cluster")} --name ${name} --query 'cluster.[status,version,accessConfig.authenticationMode]' --output text`,
            ],
        },
        ...(present.length > 0
            ? [
                  {
                      why: `It has to have these add-ons of EKS, or aws.addOns has to say otherwise: ${present.map((addOn) => EKS_ADD_ONS[addOn].name).join(", ")}.`,
                      commands: [`${eks("list-addons")} --cluster-name ${name} --output text`],
                  },
              ]
            : []),
        {
            why: "The role that runs `pulumi up` has to administer it. Leave this out if it made the cluster, or has an access entry.",
            commands: [
                `role=$(aws iam get-role --region ${region} --role-name "$(${whoIs(region)} | cut -d / -f 2)" --query Role.Arn --output text)`,
                `${eks("create-access-entry")} ${entry}`,
                `${eks("associate-access-policy")} ${entry} --access-scope type=cluster --policy-arn ${clusterAdminPolicy(region)}`,
            ],
        },
        ...(identity.by === "irsa"
            ? [
                  {
                      why: "Roles by IRSA need the cluster's OIDC provider in IAM. Leave this out if it is there.",
                      commands: [
                          `aws iam create-open-id-connect-provider --region ${region} --client-id-list sts.amazonaws.com --url "$(${eks("describe-cluster")} --name ${name} --query cluster.identity.oidc.issuer --output text)"`,
                      ],
                  },
              ]
            : []),
    ];
}

/** A region decides between AWS's three separate clouds, so it is said even to global services. */
const whoIs = (region: string) => `aws sts get-caller-identity --region ${region} --query Arn --output text`;

/** The private zone in which ExternalDNS writes. An observee has one below the fleet's domain, so that it cannot write the observer's names. */
function makeZone(stack: AwsStack, observer: AwsStack | undefined): Step[] {
    const { config, name } = stack;
    if (config.aws.zoneId !== ZONE_TO_MAKE) return [];
    const zone = config.role === "observer" ? config.domain : `${config.cluster}.${config.domain}`;
    const { region, cluster } = config.aws;
    const set = (path: string, value: string) => `pulumi config set --stack ${name} --path ${path} ${value}`;
    const make = (vpc: string) => [
        `vpc=$(${vpc} --output text)`,
        `zone=$(aws route53 create-hosted-zone --region ${region} --name ${zone} --vpc VPCRegion=${region},VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-${name} --query HostedZone.Id --output text)`,
        // It is given as /hostedzone/Z0123456789ABC.
        set("aws.zoneId", '"$(basename "$zone")"'),
    ];
    const subnet = cluster.create?.subnetIds?.[0];
    if (cluster.create && subnet === undefined)
        return [
            {
                why: `A private zone needs a VPC, and this one's is made by the stack: the first update leaves ExternalDNS out, then the zone ${zone} is made.`,
                commands: [
                    set("aws.addOns.externalDns", "unmanaged"),
                    `pulumi up --policy-pack policies --stack ${name}`,
                    ...make(vpcOf(stack)),
                    set("aws.addOns.externalDns", "install"),
                ],
            },
            ...sharedZones(stack, observer),
        ];
    return [
        {
            why: `The private zone ${zone}, in which ExternalDNS writes this cluster's names.`,
            commands: make(
                subnet === undefined
                    ? vpcOf(stack)
                    : `aws ec2 describe-subnets --region ${region} --subnet-ids ${subnet} --query Subnets[0].VpcId`,
            ),
        },
        ...sharedZones(stack, observer),
    ];
}

const vpcOf = ({ config: { aws } }: AwsStack) =>
    `aws eks describe-cluster --region ${aws.region} --name ${aws.cluster.name} --query cluster.resourcesVpcConfig.vpcId`;

/** A private zone is seen only from the VPCs it belongs to: the observer asks for its observees' names, and a writer for the observer's. */
function sharedZones(stack: AwsStack, observer: AwsStack | undefined): Step[] {
    if (observer === undefined) return [];
    const associate = (zone: string, { config: { aws } }: AwsStack, vpc: string) =>
        `aws route53 associate-vpc-with-hosted-zone --region ${aws.region} --hosted-zone-id ${zone} --vpc VPCRegion=${aws.region},VPCId="${vpc}"`;
    const { domain, aws } = observer.config;
    const observersZone = `"$(aws route53 list-hosted-zones-by-name --region ${aws.region} --dns-name ${domain} --query "HostedZones[?Name=='${domain}.' && Config.PrivateZone]|[0].Id" --output text)"`;
    return [
        {
            why: "Each of the two clusters has to see the other's zone. Between two accounts `aws route53 create-vpc-association-authorization` comes first, with the zone's credentials.",
            commands: [associate('"$zone"', observer, `$(${vpcOf(observer)} --output text)`), associate(observersZone, stack, "$vpc")],
        },
    ];
}
