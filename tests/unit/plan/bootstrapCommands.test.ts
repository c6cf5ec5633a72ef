import assert from "node:assert/strict";
import type { AwsStack } from "../../../plan/awsStack";
import { bootstrapSteps } from "../../../plan/bootstrapCommands";
import { ADMIN, blueWith, checked, observerWith } from "./stackInputs";

const commands = (stack: AwsStack, observer?: AwsStack) => bootstrapSteps(stack, observer).flatMap((step) => step.commands);

/** The look-up of the observer's zone by its name. */
const OBSERVERS_ZONE = `"$(aws route53 list-hosted-zones-by-name --region eu-west-1 --dns-name fleet.example.internal --query "HostedZones[?Name=='fleet.example.internal.' && Config.PrivateZone]|[0].Id" --output text)"`;
const VPC_OF_BLUE =
    "$(aws eks describe-cluster --region eu-central-1 --name eks-blue --query cluster.resourcesVpcConfig.vpcId --output text)";
const VPC_OF_OBSERVER =
    "$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.resourcesVpcConfig.vpcId --output text)";
/** The zone of an observer that does not install ExternalDNS: its settings need no id. */
const zoneOfPresentExternalDns = [
    `vpc=${VPC_OF_OBSERVER}`,
    'zone=$(aws route53 create-hosted-zone --region eu-west-1 --name fleet.example.internal --vpc VPCRegion=eu-west-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-observer --query HostedZone.Id --output text)',
];

describe("bootstrapSteps", () => {
    it("creates an observer's key, state bucket, stack and cluster access, where the cluster exists", () => {
        assert.deepEqual(commands(checked(observerWith({}))), [
            "key=$(aws kms create-key --region eu-west-1 --description 'State and secrets of Pulumi' --query KeyMetadata.Arn --output text)",
            'aws kms enable-key-rotation --region eu-west-1 --key-id "$key"',
            'aws kms create-alias --region eu-west-1 --alias-name alias/fleet-example-internal-pulumi-state --target-key-id "$key"',
            "aws s3api create-bucket --region eu-west-1 --bucket fleet-example-internal-pulumi-state --create-bucket-configuration LocationConstraint=eu-west-1",
            "aws s3api put-public-access-block --region eu-west-1 --bucket fleet-example-internal-pulumi-state --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
            "aws s3api put-bucket-versioning --region eu-west-1 --bucket fleet-example-internal-pulumi-state --versioning-configuration Status=Enabled",
            `aws s3api put-bucket-encryption --region eu-west-1 --bucket fleet-example-internal-pulumi-state --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"'"$key"'"},"BucketKeyEnabled":true}]}'`,
            "pulumi login 's3://fleet-example-internal-pulumi-state?region=eu-west-1'",
            "pulumi stack init observer --secrets-provider='awskms://alias/fleet-example-internal-pulumi-state?region=eu-west-1'",
            "aws eks describe-cluster --region eu-west-1 --name eks-observer --query 'cluster.[status,version,accessConfig.authenticationMode]' --output text",
            "aws eks list-addons --region eu-west-1 --cluster-name eks-observer --output text",
            'role=$(aws iam get-role --region eu-west-1 --role-name "$(aws sts get-caller-identity --region eu-west-1 --query Arn --output text | cut -d / -f 2)" --query Role.Arn --output text)',
            'aws eks create-access-entry --region eu-west-1 --cluster-name eks-observer --principal-arn "$role"',
            'aws eks associate-access-policy --region eu-west-1 --cluster-name eks-observer --principal-arn "$role" --access-scope type=cluster --policy-arn arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
            ...zoneOfPresentExternalDns,
            "pulumi preview --policy-pack policies --stack observer",
            "pulumi up --policy-pack policies --stack observer",
            `aws route53 list-resource-record-sets --region eu-west-1 --hosted-zone-id ${OBSERVERS_ZONE} --query "ResourceRecordSets[?Type=='A'].Name" --output text`,
        ]);
    });

    it("logs an observee in to the observer's state bucket and creates no other", () => {
        assert.deepEqual(commands(checked(blueWith({})), checked(observerWith({}))).slice(0, 3), [
            "pulumi login 's3://fleet-example-internal-pulumi-state?region=eu-west-1'",
            "pulumi stack init blue --secrets-provider='awskms://alias/fleet-example-internal-pulumi-state?region=eu-west-1'",
            "aws eks describe-cluster --region eu-central-1 --name eks-blue --query 'cluster.[status,version,accessConfig.authenticationMode]' --output text",
        ]);
    });

    it("says that the region is assumed for an observee whose observer has no stack file", () => {
        const [first] = bootstrapSteps(checked(blueWith({})));
        assert.deepEqual(first, {
            why: "After the observer's `pulumi up`, in the same state bucket. If this cluster is in another account: set AWS_PROFILE to the observer's credentials and `aws.profile` to this account's. The bucket's region is assumed to be eu-central-1: there is no stack file of the observer here. The clusters' VPCs must route to each other (peering, a transit gateway).",
            commands: ["pulumi login 's3://fleet-example-internal-pulumi-state?region=eu-central-1'"],
        });
    });

    it("passes no location constraint in us-east-1, which S3 refuses", () => {
        assert.ok(
            commands(checked(observerWith({ region: "us-east-1" }))).includes(
                "aws s3api create-bucket --region us-east-1 --bucket fleet-example-internal-pulumi-state",
            ),
        );
    });

    it("limits the name of the state bucket to 63 characters", () => {
        const stack = observerWith({});
        stack.config["thanos-fleet:domain"] = `${"a".repeat(60)}.example.internal`;
        const [name] = commands(checked(stack)).flatMap((command) => /--bucket (\S+)/.exec(command)?.[1] ?? []);
        assert.equal(name, `${"a".repeat(50)}-pulumi-state`);
    });

    for (const [region, partition] of [
        ["cn-north-1", "aws-cn"],
        ["us-gov-west-1", "aws-us-gov"],
    ] as const)
        it(`stays in the partition of ${region}`, () => {
            const all = commands(checked(observerWith({ region, addOns: { externalDns: "install" }, identity: { by: "irsa" } })));
            // A command may contain another one, as $(...).
            const calls = all.flatMap((command) =>
                command.split(/(?=\baws (?:kms|s3api|eks|iam|sts|route53) )/).filter((call) => /^aws /.test(call)),
            );
            assert.equal(calls.length, 21);
            assert.deepEqual(
                calls.filter((call) => !call.includes(`--region ${region}`)),
                [],
            );
            assert.deepEqual(
                all.flatMap((command) => /arn:\S+/.exec(command)?.[0] ?? []),
                [`arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`],
            );
        });

    it("names the add-ons that an existing cluster must have", () => {
        const check = (aws: object) =>
            bootstrapSteps(checked(observerWith(aws))).flatMap(({ why }) => /EKS add-ons.*: (.*)\.$/.exec(why)?.[1] ?? []);
        assert.deepEqual(check({}), ["eks-pod-identity-agent, aws-ebs-csi-driver, external-dns"]);
        assert.deepEqual(check({ addOns: { podIdentityAgent: "install", ebsCsi: "unmanaged", externalDns: "unmanaged" } }), []);
    });

    it("creates the cluster's OIDC provider for IRSA", () => {
        const irsa = commands(checked(observerWith({ identity: { by: "irsa" } })));
        assert.deepEqual(
            irsa.filter((command) => !commands(checked(observerWith({}))).includes(command)),
            [
                'aws iam create-open-id-connect-provider --region eu-west-1 --client-id-list sts.amazonaws.com --url "$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.identity.oidc.issuer --output text)"',
            ],
        );
    });

    describe("creates the private zone", () => {
        const toCreate = { addOns: { externalDns: "install" } };
        const zoneCommands = (stack: AwsStack, observer?: AwsStack) =>
            commands(stack, observer).filter((command) => /create-hosted-zone|vpc=|zoneId|externalDns/.test(command));

        it("in the VPC of an existing cluster", () => {
            assert.deepEqual(zoneCommands(checked(observerWith(toCreate))), [
                "vpc=$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.resourcesVpcConfig.vpcId --output text)",
                'zone=$(aws route53 create-hosted-zone --region eu-west-1 --name fleet.example.internal --vpc VPCRegion=eu-west-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-observer --query HostedZone.Id --output text)',
                'pulumi config set --stack observer --path aws.zoneId "$(basename "$zone")"',
            ]);
        });

        it("in the VPC of a new cluster's subnets", () => {
            const create = { version: "1.35", admins: [ADMIN], subnetIds: ["subnet-0a", "subnet-0b"], privateAccessCidrs: ["10.0.0.0/8"] };
            const [vpc] = zoneCommands(checked(observerWith({ nodeGroups: {}, cluster: { name: "eks-observer", create } })));
            assert.equal(
                vpc,
                "vpc=$(aws ec2 describe-subnets --region eu-west-1 --subnet-ids subnet-0a --query Subnets[0].VpcId --output text)",
            );
        });

        it("after the first update, if that creates the VPC", () => {
            const create = { version: "1.35", admins: [ADMIN], vpcCidr: "10.42.0.0/16", privateAccessCidrs: ["10.0.0.0/8"] };
            const stack = checked(observerWith({ nodeGroups: {}, cluster: { name: "eks-observer", create } }));
            const steps = bootstrapSteps(stack).slice(3);
            assert.deepEqual(steps, [
                {
                    why: `The role that runs \`pulumi up\` must be in aws.cluster.create.admins (${ADMIN}). Your role is:`,
                    commands: ["aws sts get-caller-identity --region eu-west-1 --query Arn --output text"],
                },
                {
                    why: "The API server is private, in a VPC that does not exist yet: allow your own address until you can reach the VPC.",
                    commands: [
                        `pulumi config set --stack observer --path 'aws.cluster.create.publicAccessCidrs[0]' "$(curl -s https://checkip.amazonaws.com)/32"`,
                    ],
                },
                {
                    why: "The private zone fleet.example.internal, to which ExternalDNS writes this cluster's names. It needs a VPC, which the stack creates: so the first update comes before the zone, without ExternalDNS.",
                    commands: [
                        "pulumi config set --stack observer --path aws.addOns.externalDns unmanaged",
                        "pulumi up --policy-pack policies --stack observer",
                        "vpc=$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.resourcesVpcConfig.vpcId --output text)",
                        'zone=$(aws route53 create-hosted-zone --region eu-west-1 --name fleet.example.internal --vpc VPCRegion=eu-west-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-observer --query HostedZone.Id --output text)',
                        'pulumi config set --stack observer --path aws.zoneId "$(basename "$zone")"',
                        "pulumi config set --stack observer --path aws.addOns.externalDns install",
                    ],
                },
                {
                    why: "EKS's add-on external-dns must have the setting that limits it to the zone: this prints 1. If not, install ExternalDNS by other means and write aws.addOns.externalDns: unmanaged.",
                    commands: [
                        "aws eks describe-addon-configuration --region eu-west-1 --addon-name external-dns --addon-version \"$(aws eks describe-addon-versions --region eu-west-1 --addon-name external-dns --query 'addons[0].addonVersions[0].addonVersion' --output text)\" --query configurationSchema --output text | grep -c extraArgs",
                    ],
                },
                {
                    why: "A policy stops the preview, before anything is created.",
                    commands: [
                        "pulumi preview --policy-pack policies --stack observer",
                        "pulumi up --policy-pack policies --stack observer",
                    ],
                },
                {
                    why: "Some minutes after the update ExternalDNS has published query.fleet.example.internal. If not, read its log.",
                    commands: [
                        `aws route53 list-resource-record-sets --region eu-west-1 --hosted-zone-id ${OBSERVERS_ZONE} --query "ResourceRecordSets[?Type=='A'].Name" --output text`,
                    ],
                },
            ]);
        });

        it("for an ExternalDNS that is there already, too, and changes no setting", () => {
            assert.deepEqual(zoneCommands(checked(observerWith({}))), zoneOfPresentExternalDns);
            const { why } = bootstrapSteps(checked(observerWith({}))).find(({ commands: [command] }) => command?.startsWith("vpc=")) ?? {};
            assert.equal(
                why,
                "The private zone fleet.example.internal, to which this cluster's ExternalDNS has to write: it needs the rights, and a filter that lets the zone through. Skip this if the zone exists.",
            );
        });

        it("below the fleet's domain for an observee", () => {
            assert.deepEqual(zoneCommands(checked(blueWith(toCreate)), checked(observerWith(toCreate))).slice(1, 3), [
                'zone=$(aws route53 create-hosted-zone --region eu-central-1 --name blue.fleet.example.internal --vpc VPCRegion=eu-central-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-blue --query HostedZone.Id --output text)',
                'pulumi config set --stack blue --path aws.zoneId "$(basename "$zone")"',
            ]);
        });

        it("only if the settings have no id of one", () => {
            assert.deepEqual(zoneCommands(checked(observerWith({ ...toCreate, zoneId: "Z0123456789ABC" }))), []);
        });
    });

    describe("makes every name known in every cluster", () => {
        const withZone = { addOns: { externalDns: "install" }, zoneId: "Z0123456789ABC" };
        const associations = (stack: AwsStack, observer?: AwsStack) =>
            commands(stack, observer).filter((command) => /associate-vpc/.test(command));

        it("by associating each cluster's VPC with the other's zone", () => {
            const blues = `"$(aws route53 list-hosted-zones-by-name --region eu-central-1 --dns-name blue.fleet.example.internal --query "HostedZones[?Name=='blue.fleet.example.internal.' && Config.PrivateZone]|[0].Id" --output text)"`;
            assert.deepEqual(associations(checked(blueWith({})), checked(observerWith({}))), [
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id ${blues} --vpc VPCRegion=eu-west-1,VPCId="${VPC_OF_OBSERVER}"`,
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id ${OBSERVERS_ZONE} --vpc VPCRegion=eu-central-1,VPCId="${VPC_OF_BLUE}"`,
            ]);
        });

        it("whoever installs ExternalDNS, by the zones' ids where the settings have them", () => {
            assert.deepEqual(associations(checked(blueWith({ ...withZone, zoneId: "Z0BLUE" })), checked(observerWith(withZone))), [
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id Z0BLUE --vpc VPCRegion=eu-west-1,VPCId="${VPC_OF_OBSERVER}"`,
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id Z0123456789ABC --vpc VPCRegion=eu-central-1,VPCId="${VPC_OF_BLUE}"`,
            ]);
        });

        it("and says what to fill in where there is no stack file of the observer", () => {
            const step = bootstrapSteps(checked(blueWith({ ...withZone, zoneId: "Z0BLUE" }))).at(-2);
            assert.match(step?.why ?? "", /Set observer_region, observer_vpc and observer_zone \(ids\) first/);
            assert.deepEqual(step?.commands, [
                'aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id Z0BLUE --vpc VPCRegion="$observer_region",VPCId="$observer_vpc"',
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id "$observer_zone" --vpc VPCRegion=eu-central-1,VPCId="${VPC_OF_BLUE}"`,
            ]);
        });

        it("and names what must be published after the update", () => {
            const last = (stack: AwsStack) => bootstrapSteps(stack).at(-1)?.why;
            const writer = observerWith({});
            writer.config["thanos-fleet:observees"] = JSON.stringify([{ name: "red", mode: "sidecar-remote-write" }]);
            const published = (names: string) => `Some minutes after the update ExternalDNS has published ${names}. If not, read its log.`;
            assert.deepEqual(
                [last(checked(blueWith({}))), last(checked(observerWith({}))), last(checked(writer))],
                [
                    published("query.blue.fleet.example.internal"),
                    published("query.fleet.example.internal"),
                    published("query.fleet.example.internal and receive.fleet.example.internal"),
                ],
            );
        });
    });
});
