import assert from "node:assert/strict";
import { asText, readStackFile } from "../../../engine/stackFile";
import { awsStack, withZone } from "../../../plan/awsStack";
import { type AwsStack, beforehand, beforehandLines, ZONE_TO_MAKE } from "../../../plan/bootstrapCommands";
import { groupsOf } from "../../../plan/groups";
import type { StackPlan } from "../../../plan/model";
import { planFleet } from "../../../plan/planFleet";
import { groupedLines } from "../../../plan/print";
import { rightsOf } from "../../../plan/roleRights";
import { assertGolden } from "../../support/golden";
import { ROOT } from "../../support/root";

const DOMAIN = "fleet.example.internal";
const ADMIN = "arn:aws:iam::111111111111:role/Admin";

const observerWith = (aws: object) => ({
    name: "observer",
    config: asText({
        role: "observer",
        cluster: "observer",
        domain: DOMAIN,
        cloud: "aws",
        observees: [{ name: "blue", mode: "sidecar" }],
        aws: { region: "eu-west-1", cluster: { name: "eks-observer" }, bucket: "example-blocks", ...aws },
    }),
});
const blueWith = (aws: object) => ({
    name: "blue",
    config: asText({
        role: "observee",
        cluster: "blue",
        domain: DOMAIN,
        observer: "organization/thanos-fleet/observer",
        cloud: "aws",
        aws: { region: "eu-central-1", cluster: { name: "eks-blue" }, ...aws },
    }),
});
const typed = (stack: ReturnType<typeof observerWith>) => awsStack(withZone(stack)) as AwsStack;
const commands = (stack: AwsStack, observer?: AwsStack) => beforehand(stack, observer).flatMap((step) => step.commands);

describe("what comes before the first update", () => {
    it("of an observer on an existing cluster is Pulumi's key and state, the stack, and the right to deploy", () => {
        assert.deepEqual(commands(typed(observerWith({}))), [
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
            "pulumi preview --policy-pack policies --stack observer",
            "pulumi up --policy-pack policies --stack observer",
        ]);
    });

    it("of an observee leaves the fleet's key and state to the observer, and uses them where they are", () => {
        assert.deepEqual(commands(typed(blueWith({})), typed(observerWith({}))).slice(0, 3), [
            "pulumi login 's3://fleet-example-internal-pulumi-state?region=eu-west-1'",
            "pulumi stack init blue --secrets-provider='awskms://alias/fleet-example-internal-pulumi-state?region=eu-west-1'",
            "aws eks describe-cluster --region eu-central-1 --name eks-blue --query 'cluster.[status,version,accessConfig.authenticationMode]' --output text",
        ]);
    });

    it("of an observee whose observer is not known says what it assumes", () => {
        const [first] = beforehand(typed(blueWith({})));
        assert.deepEqual(first, {
            why: "After the observer's `pulumi up`, in the same state: from another account with the observer's credentials in this shell (AWS_PROFILE), and this cluster's by `aws.profile`. Its region is assumed to be eu-central-1: the observer's stack file is not here. The clusters' VPCs have to route to each other (peering, a transit gateway).",
            commands: ["pulumi login 's3://fleet-example-internal-pulumi-state?region=eu-central-1'"],
        });
    });

    it("names no location in us-east-1, which S3 would refuse", () => {
        assert.ok(
            commands(typed(observerWith({ region: "us-east-1" }))).includes(
                "aws s3api create-bucket --region us-east-1 --bucket fleet-example-internal-pulumi-state",
            ),
        );
    });

    it("cuts the name of Pulumi's bucket at what S3 takes", () => {
        const stack = observerWith({});
        stack.config["thanos-fleet:domain"] = `${"a".repeat(60)}.example.internal`;
        const [name] = commands(typed(stack)).flatMap((command) => /--bucket (\S+)/.exec(command)?.[1] ?? []);
        assert.equal(name, `${"a".repeat(50)}-pulumi-state`);
    });

    for (const [region, partition] of [
        ["cn-north-1", "aws-cn"],
        ["us-gov-west-1", "aws-us-gov"],
    ] as const)
        it(`stays in the cloud of ${region}`, () => {
            const all = commands(typed(observerWith({ region, addOns: { externalDns: "install" }, identity: { by: "irsa" } })));
            // A call may be inside another one's arguments.
            const calls = all.flatMap((command) =>
                command.split(/(?=\baws (?:kms|s3api|eks|iam|sts|route53) )/).filter((call) => /^aws /.test(call)),
            );
            assert.equal(calls.length, 17);
            assert.deepEqual(
                calls.filter((call) => !call.includes(`--region ${region}`)),
                [],
            );
            assert.deepEqual(
                all.flatMap((command) => /arn:\S+/.exec(command)?.[0] ?? []),
                [`arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`],
            );
        });

    it("names the add-ons that an existing cluster has to have", () => {
        const check = (aws: object) =>
            beforehand(typed(observerWith(aws))).flatMap(({ why }) => /add-ons of EKS.*: (.*)\.$/.exec(why)?.[1] ?? []);
        assert.deepEqual(check({}), ["eks-pod-identity-agent, aws-ebs-csi-driver, external-dns"]);
        assert.deepEqual(check({ addOns: { podIdentityAgent: "install", ebsCsi: "unmanaged", externalDns: "unmanaged" } }), []);
    });

    it("makes the cluster's OIDC provider where roles go by it", () => {
        const irsa = commands(typed(observerWith({ identity: { by: "irsa" } })));
        assert.deepEqual(
            irsa.filter((command) => !commands(typed(observerWith({}))).includes(command)),
            [
                'aws iam create-open-id-connect-provider --region eu-west-1 --client-id-list sts.amazonaws.com --url "$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.identity.oidc.issuer --output text)"',
            ],
        );
    });

    describe("makes the zone", () => {
        const toMake = { addOns: { externalDns: "install" } };
        const more = (stack: AwsStack, observer?: AwsStack) =>
            commands(stack, observer).filter((command) => /route53|vpc=|zoneId|externalDns/.test(command));

        it("in the VPC of an existing cluster", () => {
            assert.deepEqual(more(typed(observerWith(toMake))), [
                "vpc=$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.resourcesVpcConfig.vpcId --output text)",
                'zone=$(aws route53 create-hosted-zone --region eu-west-1 --name fleet.example.internal --vpc VPCRegion=eu-west-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-observer --query HostedZone.Id --output text)',
                'pulumi config set --stack observer --path aws.zoneId "$(basename "$zone")"',
            ]);
        });

        it("in the VPC of the subnets that a new cluster is given", () => {
            const create = { admins: [ADMIN], subnetIds: ["subnet-0a", "subnet-0b"], privateAccessCidrs: ["10.0.0.0/8"] };
            const [vpc] = more(typed(observerWith({ nodeGroups: {}, cluster: { name: "eks-observer", create } })));
            assert.equal(
                vpc,
                "vpc=$(aws ec2 describe-subnets --region eu-west-1 --subnet-ids subnet-0a --query Subnets[0].VpcId --output text)",
            );
        });

        it("after the first update, where that makes the VPC", () => {
            const create = { admins: [ADMIN], vpcCidr: "10.42.0.0/16", privateAccessCidrs: ["10.0.0.0/8"] };
            const stack = typed(observerWith({ nodeGroups: {}, cluster: { name: "eks-observer", create } }));
            const steps = beforehand(stack).slice(3);
            assert.deepEqual(steps, [
                {
                    why: `The role that runs \`pulumi up\` has to be among aws.cluster.create.admins (${ADMIN}). This is who you are:`,
                    commands: ["aws sts get-caller-identity --region eu-west-1 --query Arn --output text"],
                },
                {
                    why: "The API server is private, in a VPC that is not there yet: let your own address in until there is a way into the VPC.",
                    commands: [
                        `pulumi config set --stack observer --path 'aws.cluster.create.publicAccessCidrs[0]' "$(curl -s https://checkip.amazonaws.com)/32"`,
                    ],
                },
                {
                    why: "A private zone needs a VPC, and this one's is made by the stack: the first update leaves ExternalDNS out, then the zone fleet.example.internal is made.",
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
                    why: "A policy stops a preview before anything is made.",
                    commands: [
                        "pulumi preview --policy-pack policies --stack observer",
                        "pulumi up --policy-pack policies --stack observer",
                    ],
                },
            ]);
        });

        it("of an observee below the fleet's, and lets each cluster see the other's", () => {
            assert.deepEqual(more(typed(blueWith(toMake)), typed(observerWith(toMake))).slice(1), [
                'zone=$(aws route53 create-hosted-zone --region eu-central-1 --name blue.fleet.example.internal --vpc VPCRegion=eu-central-1,VPCId="$vpc" --hosted-zone-config PrivateZone=true --caller-reference thanos-fleet-blue --query HostedZone.Id --output text)',
                'pulumi config set --stack blue --path aws.zoneId "$(basename "$zone")"',
                'aws route53 associate-vpc-with-hosted-zone --region eu-west-1 --hosted-zone-id "$zone" --vpc VPCRegion=eu-west-1,VPCId="$(aws eks describe-cluster --region eu-west-1 --name eks-observer --query cluster.resourcesVpcConfig.vpcId --output text)"',
                `aws route53 associate-vpc-with-hosted-zone --region eu-central-1 --hosted-zone-id "$(aws route53 list-hosted-zones-by-name --region eu-west-1 --dns-name fleet.example.internal --query "HostedZones[?Name=='fleet.example.internal.' && Config.PrivateZone]|[0].Id" --output text)" --vpc VPCRegion=eu-central-1,VPCId="$vpc"`,
            ]);
        });

        it("only where it is not there", () => {
            assert.deepEqual(more(typed(observerWith({ ...toMake, zoneId: "Z0123456789ABC" }))), []);
        });
    });

    it("is printed as a script, with its reasons as comments", () => {
        assert.deepEqual(beforehandLines(typed(observerWith({}))).slice(-5), [
            "",
            "# A policy stops a preview before anything is made.",
            "pulumi preview --policy-pack policies --stack observer",
            "pulumi up --policy-pack policies --stack observer",
            "",
        ]);
    });
});

describe("a stack that lacks the id of its zone", () => {
    it("is planned with a placeholder, and a warning", () => {
        const { config, warnings } = withZone(observerWith({ addOns: { externalDns: "install" } }));
        assert.equal(JSON.parse(config["thanos-fleet:aws"] ?? "").zoneId, ZONE_TO_MAKE);
        assert.deepEqual(warnings, [
            `aws.zoneId is missing: planned with ${ZONE_TO_MAKE} in its place. \`pulumi up\` refuses it until the zone is made.`,
        ]);
    });

    it("is left as it is where something else is wrong too", () => {
        const stack = observerWith({ addOns: { externalDns: "install" }, replicationRegion: "eu-west-1" });
        assert.equal(withZone(stack), stack);
    });
});

describe("a plan in groups", () => {
    const aws = (type: string, name: string, props: object = {}, parent?: string) => ({
        type: `aws:${type}`,
        name,
        props: { ...props },
        ...(parent && { parent }),
    });
    const component = (type: string, name: string, parent?: string) => ({
        type: `thanos-fleet:${type}`,
        name,
        props: {},
        ...(parent && { parent }),
    });
    const kubernetes = (type: string, name: string, props: object, parent: string) => ({
        type: `kubernetes:${type}`,
        name,
        props: { ...props },
        parent,
    });
    const groups = (resources: StackPlan["resources"]) => groupsOf({ name: "observer", role: "observer", resources, warnings: [] });

    it("holds every resource once, wherever it is", () => {
        const found = groups([
            component("index:Observer", "observer"),
            component("aws:EksCluster", "cluster", "observer"),
            aws("kms/key:Key", "cluster-key", {}, "cluster"),
            component("aws:Bucket", "blocks", "observer"),
            component("aws:EncryptedBucket", "blocks", "blocks"),
            aws("kms/key:Key", "blocks-key", { enableKeyRotation: true, deletionWindowInDays: 30 }, "blocks"),
            component("aws:AddOns", "add-ons", "observer"),
            aws("iam/role:Role", "ebs-csi", { name: "ebs-csi" }, "add-ons"),
            kubernetes("helm.sh/v3:Release", "lb", { name: "lb", chart: "aws-load-balancer-controller", version: "3.0.0" }, "add-ons"),
            component("thanos:Query", "query", "observer"),
            kubernetes("core/v1:Service", "thanos-query", { spec: { type: "ClusterIP" } }, "query"),
            { type: "pulumi:providers:kubernetes", name: "kubernetes", props: {} },
        ]);
        assert.deepEqual(
            found.map(({ title, count }) => [title, count]),
            [
                ["Cluster", 2],
                ["Add-ons", 2],
                ["Bucket and key", 3],
                ["Identities", 1],
                ["Thanos", 2],
                ["Around them", 2],
            ],
        );
    });

    it("keeps no group for a component that is empty", () => {
        assert.deepEqual(groups([component("aws:AddOns", "add-ons")]), [{ title: "Around them", count: 1, lines: [["1 AddOns"]] }]);
    });

    it("says of nodes what they are, how many, and where: one line for a group in each zone", () => {
        const group = (pool: string, subnetIds: string[], minSize: number) =>
            aws("eks/nodeGroup:NodeGroup", `${pool}-${subnetIds[0]}`, {
                clusterName: "eks-observer",
                labels: { "thanos-fleet/pool": pool },
                amiType: "AL2023_ARM_64_STANDARD",
                launchTemplate: { id: pool, version: "1" },
                scalingConfig: { minSize },
                subnetIds,
            });
        const template = (pool: string, instanceType: string) =>
            aws("ec2/launchTemplate:LaunchTemplate", pool, { instanceType, blockDeviceMappings: [{ ebs: { volumeSize: 50 } }] });
        const found = groups([
            template("stateful", "m7g.xlarge"),
            template("general", "m7g.large"),
            group("stateful", ["subnet-0a"], 1),
            group("stateful", ["subnet-0b"], 1),
            group("general", ["subnet-0a", "subnet-0b"], 2),
        ]);
        assert.deepEqual(found, [
            { title: "Cluster", count: 0, lines: [["eks-observer", "is there: looked at, not changed"]] },
            {
                title: "Nodes",
                count: 5,
                lines: [
                    ["general", "m7g.large", "2 in subnet-0a, subnet-0b", "AL2023_ARM_64_STANDARD, 50 GiB"],
                    ["stateful", "m7g.xlarge", "1 in subnet-0a; 1 in subnet-0b", "AL2023_ARM_64_STANDARD, 50 GiB"],
                ],
            },
        ]);
    });

    it("says of a cluster that is made how open it is, who administers it, and what network it is in", () => {
        const zones = ["eu-west-1a", "eu-west-1b"];
        const found = groups([
            component("aws:EksCluster", "cluster"),
            component("aws:Network", "cluster", "cluster"),
            aws("ec2/vpc:Vpc", "cluster", { cidrBlock: "10.42.0.0/16" }, "cluster"),
            ...zones.map((availabilityZone) => aws("ec2/subnet:Subnet", availabilityZone, { availabilityZone }, "cluster")),
            aws("ec2/natGateway:NatGateway", "cluster-a", {}, "cluster"),
            aws("ec2/vpcEndpoint:VpcEndpoint", "cluster-s3", { serviceName: "com.amazonaws.eu-west-1.s3" }, "cluster"),
            aws(
                "eks/cluster:Cluster",
                "cluster",
                {
                    name: "eks-observer",
                    version: "1.34",
                    vpcConfig: { endpointPublicAccess: false },
                    encryptionConfig: { resources: ["secrets"] },
                    deletionProtection: true,
                    enabledClusterLogTypes: ["api", "audit"],
                },
                "cluster",
            ),
            aws("eks/accessEntry:AccessEntry", "cluster-Admin", { clusterName: "eks-observer", principalArn: ADMIN }, "cluster"),
        ]);
        assert.deepEqual(found, [
            { title: "Network", count: 6, lines: [["10.42.0.0/16", "subnets in eu-west-1a, eu-west-1b; 1 NAT gateway; endpoint of s3"]] },
            {
                title: "Cluster",
                count: 3,
                lines: [
                    ["eks-observer", "made, Kubernetes 1.34; API private; secrets encrypted; protected from deletion; logs: api, audit"],
                    [ADMIN, "administers it"],
                ],
            },
        ]);
    });

    it("says under which names a stack is reached, and how long its certificates are valid", () => {
        const signed = { validityPeriodHours: 2160, earlyRenewalHours: 720 };
        const found = groups([
            kubernetes(
                "core/v1:Service",
                "thanos-receive-external",
                {
                    metadata: { annotations: { "external-dns.alpha.kubernetes.io/hostname": "receive.fleet.example.internal" } },
                    spec: { type: "LoadBalancer", ports: [{ name: "remote-write", port: 19291 }] },
                },
                "receive",
            ),
            kubernetes(
                "networking.k8s.io/v1:Ingress",
                "page",
                { spec: { rules: [{ host: "query.fleet.example.internal" }] } },
                "query-frontend",
            ),
            { type: "tls:index/selfSignedCert:SelfSignedCert", name: "ca-servers", props: {} },
            { type: "tls:index/selfSignedCert:SelfSignedCert", name: "ca-readers", props: {} },
            { type: "tls:index/locallySignedCert:LocallySignedCert", name: "reader", props: signed },
        ]);
        assert.deepEqual(found, [
            {
                title: "Names and certificates",
                count: 5,
                lines: [
                    ["receive.fleet.example.internal", "load balancer, remote-write 19291"],
                    ["query.fleet.example.internal", "page, by HTTP inside the VPC"],
                    ["2 authorities", "keys in this stack's state, in no cluster"],
                    ["1 certificate", "valid 90 days, renewed 30 days before"],
                ],
            },
        ]);
    });
});

describe("an identity", () => {
    const document = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
    const allow = (Action: string[], Resource: string[]) => ({ Effect: "Allow", Action, Resource });
    const pods = (serviceAccount: string) =>
        document({
            Effect: "Allow",
            Principal: { Service: "pods.eks.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession"],
            Condition: { StringEquals: { "aws:RequestTag/kubernetes-service-account": serviceAccount } },
        });
    const rights = (trust: string, policy: string) =>
        rightsOf([
            { type: "aws:iam/role:Role", name: "identity", props: { name: "a-role", assumeRolePolicy: trust } },
            { type: "aws:iam/rolePolicy:RolePolicy", name: "identity", props: { role: "a-role", policy } },
        ]);

    it("of a Store reads its prefix", () => {
        const policy = document(
            allow(["s3:ListBucket"], ["arn:aws:s3:::example-blocks"]),
            allow(["s3:GetObject"], ["arn:aws:s3:::example-blocks/blue/*"]),
            allow(["kms:Decrypt"], ["arn:aws:kms:eu-west-1:111111111111:key/1"]),
        );
        assert.deepEqual(rights(pods("thanos-store-blue"), policy), [
            { wearer: "thanos-store-blue", does: "reads", on: "blue/ in example-blocks" },
        ]);
    });

    it("of a Compact reads, writes and deletes, also by IRSA", () => {
        const trust = document({
            Effect: "Allow",
            Principal: { Federated: "arn:aws:iam::111111111111:oidc-provider/oidc.example" },
            Action: ["sts:AssumeRoleWithWebIdentity"],
            Condition: { StringEquals: { "oidc.example:sub": "system:serviceaccount:monitoring:thanos-compact-blue" } },
        });
        const policy = document(allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], ["arn:aws-cn:s3:::example-blocks/blue/*"]));
        assert.deepEqual(rights(trust, policy), [
            { wearer: "thanos-compact-blue", does: "reads, writes, deletes", on: "blue/ in example-blocks" },
        ]);
    });

    it("that only becomes another account's says which", () => {
        const policy = document(
            allow(["sts:AssumeRole", "sts:TagSession"], ["arn:aws:iam::111111111111:role/thanos-fleet/blue-blocks-123456"]),
        );
        assert.deepEqual(rights(pods("kps-prometheus"), policy), [
            { wearer: "kps-prometheus", does: "becomes", on: "blue-blocks-123456 of account 111111111111" },
        ]);
    });

    it("that another account wears says whose it is", () => {
        const trust = document({
            Effect: "Allow",
            Principal: { AWS: ["arn:aws:iam::222222222222:root"] },
            Action: ["sts:AssumeRole"],
            Condition: { ArnEquals: { "aws:PrincipalArn": ["arn:aws:iam::222222222222:role/thanos-fleet/blue-prometheus-123456"] } },
        });
        const policy = document(allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::example-blocks/blue/*"]));
        assert.deepEqual(rights(trust, policy), [
            { wearer: "blue-prometheus-123456 of account 222222222222", does: "reads, writes", on: "blue/ in example-blocks" },
        ]);
    });

    it("of an add-on counts its calls, and names what it is bound to", () => {
        const policy = document(
            allow(["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"], ["arn:aws:route53:::hostedzone/Z0123456789ABC"]),
            allow(["route53:ListHostedZones"], ["*"]),
        );
        assert.deepEqual(rights(pods("external-dns"), policy), [
            { wearer: "external-dns", does: "calls", on: "route53 (3) on Z0123456789ABC" },
        ]);
    });

    it("of nodes has AWS's own policies", () => {
        const found = rightsOf([
            {
                type: "aws:iam/role:Role",
                name: "nodes",
                props: { name: "a-role", assumeRolePolicy: document({ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" } }) },
            },
            {
                type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
                name: "nodes-worker",
                props: { role: "a-role", policyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy" },
            },
        ]);
        assert.deepEqual(found, [{ wearer: "nodes", does: "has AWS's own", on: "AmazonEKSWorkerNodePolicy" }]);
    });
});

describe("the plan of the worked examples", () => {
    const plan = () => planFleet(["observer", "observee"].map((name) => ({ name, config: readStackFile(ROOT, name) })));

    it("is printed as its golden file has it", async () => {
        assertGolden("plan.txt", `${groupedLines(await plan()).join("\n")}\n`);
    });

    it("leaves no resource out of its groups", async () => {
        for (const stack of (await plan()).stacks)
            assert.equal(
                groupsOf(stack).reduce((sum, { count }) => sum + count, 0),
                stack.resources.length,
            );
    });
});
