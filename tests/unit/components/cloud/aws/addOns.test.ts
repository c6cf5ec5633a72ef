import assert from "node:assert/strict";
import { AddOns, type AddOnsArgs } from "../../../../../components/cloud/aws/addOns";
import { ebsCsiStatements } from "../../../../../components/cloud/aws/addOns/ebsCsi/policy";
import { externalDnsStatements } from "../../../../../components/cloud/aws/addOns/externalDns/policy";
import { loadBalancerControllerValues } from "../../../../../components/cloud/aws/addOns/loadBalancerController";
import { loadBalancerStatements } from "../../../../../components/cloud/aws/addOns/loadBalancerController/policy";
import { policyDocument, type Statement } from "../../../../../components/cloud/aws/iam/statements";
import type { AddOnChoices } from "../../../../../config/schema/addOnChoices";
import { isAllowed } from "../../../../support/iamSimulator";
import { ACCOUNT, find, type Placed, placedBy, REGION, role, titles } from "../../../../support/placedResources";

const EKS_NAME = "eks-blue";
const ISSUER = `https://oidc.eks.${REGION}.amazonaws.com/id/0123ABCD`;
const TAGS = { team: "observability" };
const EKS = {
    eksName: EKS_NAME,
    vpcId: "vpc-0a",
    podIdentity: { by: "pod-identity", eksName: EKS_NAME, clusterArn: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${EKS_NAME}` },
} as const;
const IRSA = {
    eks: {
        ...EKS,
        podIdentity: {
            by: "irsa",
            issuer: ISSUER,
            oidcProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER.replace("https://", "")}`,
        },
    },
} as const;

const all = (how: AddOnChoices[keyof AddOnChoices]): AddOnChoices => ({
    podIdentityAgent: how,
    ebsCsi: how,
    loadBalancerController: how,
    externalDns: how,
    certManager: how,
    metricsServer: how,
});

async function install(more: Partial<AddOnsArgs> = {}) {
    let ready = 0;
    const placed = await placedBy(() => {
        ready = new AddOns("add-ons", {
            choices: all("install"),
            eks: EKS,
            region: REGION,
            storageClass: "fleet",
            zoneId: "Z0123",
            owner: "blue",
            tags: TAGS,
            role,
            ...more,
        }).ready.length;
    });
    return { placed, ready };
}

const addOn = (placed: Placed[], name: string) => find(placed, `Addon ${name}`).inputs;
const roleArn = (component: string) => `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role(component).name}`;

describe("add-ons", () => {
    it("have a role each where they call AWS, and none where they do not", async () => {
        assert.deepEqual(titles((await install()).placed), [
            "Addon certManager",
            "Addon ebsCsi",
            "Addon externalDns",
            "Addon metricsServer",
            "Addon podIdentityAgent",
            "PodIdentityAssociation loadBalancerController",
            "Release loadBalancerController",
            "Role ebsCsi",
            "Role externalDns",
            "Role loadBalancerController",
            "RolePolicy ebsCsi",
            "RolePolicy externalDns",
            "RolePolicy loadBalancerController",
            "StorageClass fleet",
        ]);
    });

    for (const how of ["present", "unmanaged"] as const)
        it(`that are ${how} are left alone: only the StorageClass is made, whoever brought its driver`, async () => {
            assert.deepEqual(titles((await install({ choices: all(how) })).placed), ["StorageClass fleet"]);
        });

    it("come without a StorageClass where the user has one", async () => {
        const { placed } = await install({ choices: { ...all("present"), ebsCsi: "install" }, storageClass: undefined });
        assert.deepEqual(titles(placed), ["Addon ebsCsi", "Role ebsCsi", "RolePolicy ebsCsi"]);
    });

    it("are one by one: each brings what belongs to it", async () => {
        const { placed } = await install({ choices: { ...all("present"), ebsCsi: "install" } });
        assert.deepEqual(titles(placed), ["Addon ebsCsi", "Role ebsCsi", "RolePolicy ebsCsi", "StorageClass fleet"]);
    });

    it("are all waited for", async () => {
        assert.equal((await install()).ready, 7);
    });

    it("come after the agent, and the StorageClass after its driver", async () => {
        const { placed } = await install();
        const waits = (title: string, before: string) => find(placed, title).after.includes(before);
        assert.deepEqual(
            [
                waits("Addon ebsCsi", "Addon podIdentityAgent"),
                waits("Addon externalDns", "Addon podIdentityAgent"),
                waits("Release loadBalancerController", "Addon podIdentityAgent"),
                waits("StorageClass fleet", "Addon ebsCsi"),
            ],
            [true, true, true, true],
        );
    });

    it("start when their rights are there", async () => {
        const { placed } = await install();
        const late = ["Addon ebsCsi", "Addon externalDns", "Release loadBalancerController"].filter((title) => {
            const policy = `RolePolicy ${title.split(" ")[1]}`;
            return !find(placed, title).after.includes(policy);
        });
        assert.deepEqual(late, []);
    });

    it("wear their role through EKS Pod Identity", async () => {
        const { placed } = await install();
        assert.deepEqual(addOn(placed, "ebsCsi"), {
            clusterName: EKS_NAME,
            addonName: "aws-ebs-csi-driver",
            configurationValues: '{"controller":{"extraVolumeTags":{"team":"observability"}}}',
            resolveConflictsOnUpdate: "OVERWRITE",
            podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn: roleArn("ebs-csi") }],
        });
        assert.deepEqual(find(placed, "PodIdentityAssociation loadBalancerController").inputs, {
            clusterName: EKS_NAME,
            namespace: "kube-system",
            serviceAccount: "aws-load-balancer-controller",
            roleArn: roleArn("load-balancers"),
        });
    });

    it("wear it through IRSA", async () => {
        const { placed } = await install(IRSA);
        assert.equal(addOn(placed, "externalDns").serviceAccountRoleArn, roleArn("external-dns"));
        assert.deepEqual((find(placed, "Release loadBalancerController").inputs.values as Record<string, unknown>).serviceAccount, {
            name: "aws-load-balancer-controller",
            annotations: { "eks.amazonaws.com/role-arn": roleArn("load-balancers") },
        });
        assert.equal(titles(placed).includes("PodIdentityAssociation loadBalancerController"), false);
    });

    it("trust one service account each", async () => {
        const { placed } = await install(IRSA);
        const subjects = ["ebsCsi", "externalDns", "loadBalancerController"].map((name) => {
            const document = JSON.parse(String(find(placed, `Role ${name}`).inputs.assumeRolePolicy));
            return document.Statement[0].Condition.StringEquals[`${ISSUER.replace("https://", "")}:sub`];
        });
        assert.deepEqual(subjects, [
            "system:serviceaccount:kube-system:ebs-csi-controller-sa",
            "system:serviceaccount:external-dns:external-dns",
            "system:serviceaccount:kube-system:aws-load-balancer-controller",
        ]);
    });

    it("have roles with the fleet's path and boundary", async () => {
        const { path, permissionsBoundary, name } = find((await install()).placed, "Role externalDns").inputs;
        assert.deepEqual({ name, path, permissionsBoundary }, role("external-dns"));
    });

    it("write DNS in the fleet's zone, under the cluster's name", async () => {
        const { placed } = await install();
        assert.deepEqual(JSON.parse(String(addOn(placed, "externalDns").configurationValues)), {
            policy: "sync",
            registry: "txt",
            txtOwnerId: "blue",
            sources: ["service", "ingress"],
            extraArgs: ["--zone-id-filter=Z0123"],
        });
    });

    it("make volumes that outlive their claims", async () => {
        const { metadata, ...spec } = find((await install()).placed, "StorageClass fleet").inputs;
        assert.equal((metadata as { name: string }).name, "fleet");
        const { apiVersion, kind, ...own } = spec;
        assert.deepEqual(own, {
            provisioner: "ebs.csi.aws.com",
            parameters: { type: "gp3", encrypted: "true" },
            reclaimPolicy: "Retain",
            allowVolumeExpansion: true,
            volumeBindingMode: "WaitForFirstConsumer",
        });
    });

    it("make load balancers with the fleet's tags, and need nothing from the instance they run on", () => {
        assert.deepEqual(
            loadBalancerControllerValues({ region: REGION, eksName: EKS_NAME, vpcId: "vpc-0a", tags: TAGS, annotations: {} }),
            {
                clusterName: EKS_NAME,
                region: REGION,
                vpcId: "vpc-0a",
                serviceAccount: { name: "aws-load-balancer-controller" },
                defaultTags: TAGS,
                podDisruptionBudget: { maxUnavailable: 1 },
                enableServiceMutatorWebhook: false,
                enableShield: false,
                enableWaf: false,
                enableWafv2: false,
            },
        );
    });
});

describe("rights of add-ons", () => {
    const policies: Record<string, Statement[]> = {
        "ebs-csi": ebsCsiStatements({ region: REGION, eksName: EKS_NAME }),
        "external-dns": externalDnsStatements({ region: REGION, zoneId: "Z0123" }),
        "load-balancers": loadBalancerStatements({ region: REGION, eksName: EKS_NAME, vpcId: "vpc-0a" }),
    };
    const may = (component: string, action: string, arn: string, context: Record<string, string> = {}) =>
        isAllowed({ arn: roleArn(component), policy: policies[component] ?? [] }, action, { arn, account: ACCOUNT, context });
    const ec2 = (resource: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${resource}`;
    const elb = (resource: string) => `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:${resource}`;

    it("have no wildcard in an action", () => {
        const wild = Object.values(policies)
            .flat()
            .flatMap(({ Action }) => Action)
            .filter((action) => action.includes("*"));
        assert.deepEqual(wild, []);
    });

    it("are for everything only where AWS knows no narrower way: to look", () => {
        const wide = Object.values(policies)
            .flat()
            .filter(({ Resource }) => Resource?.includes("*"))
            .flatMap(({ Action }) => Action)
            .filter((action) => !/:(Describe|List)/.test(action));
        assert.deepEqual(wide, []);
    });

    it("fit into a role (IAM takes 10,240 characters)", () => {
        const sizes = Object.values(policies).map((statements) => policyDocument(statements).length);
        assert.deepEqual(
            sizes.filter((size) => size > 10_240),
            [],
        );
    });

    it("in China name China's resources", () => {
        const china = { region: "cn-north-1", eksName: EKS_NAME, vpcId: "vpc-0a", zoneId: "Z0123" };
        const arns = [ebsCsiStatements(china), externalDnsStatements(china), loadBalancerStatements(china)]
            .flat()
            .flatMap(({ Resource }) => Resource ?? [])
            .filter((arn) => arn !== "*");
        assert.deepEqual(
            arns.filter((arn) => !arn.startsWith("arn:aws-cn:")),
            [],
        );
    });

    describe("of the EBS CSI driver", () => {
        const requested = (cluster: string) => ({ [`aws:RequestTag/kubernetes.io/cluster/${cluster}`]: "owned" });
        const tagged = (cluster: string) => ({ [`ec2:ResourceTag/kubernetes.io/cluster/${cluster}`]: "owned" });

        it("let it make a volume that it tags with its cluster, and no other", async () => {
            const make = (context: Record<string, string>) => may("ebs-csi", "ec2:CreateVolume", ec2("volume/vol-0a"), context);
            assert.deepEqual(await Promise.all([make(requested(EKS_NAME)), make(requested("eks-red")), make({})]), [true, false, false]);
        });

        it("let it attach, grow and delete volumes of its cluster, and none of another's", async () => {
            const answers = ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"].map((action) =>
                Promise.all([tagged(EKS_NAME), tagged("eks-red")].map((context) => may("ebs-csi", action, ec2("volume/vol-0a"), context))),
            );
            assert.deepEqual(
                await Promise.all(answers),
                answers.map(() => [true, false]),
            );
        });

        it("let it attach to nodes of its cluster, and to no other machine", async () => {
            const attach = (cluster: string) => may("ebs-csi", "ec2:AttachVolume", ec2("instance/i-0a"), tagged(cluster));
            assert.deepEqual(await Promise.all([attach(EKS_NAME), attach("eks-red")]), [true, false]);
        });
    });

    describe("of ExternalDNS", () => {
        const records = (zone: string, type: string) =>
            may("external-dns", "route53:ChangeResourceRecordSets", `arn:aws:route53:::hostedzone/${zone}`, {
                "route53:ChangeResourceRecordSetsRecordTypes": type,
            });

        it("let it write addresses and their owners in one zone", async () => {
            assert.deepEqual(await Promise.all([records("Z0123", "A"), records("Z0123", "TXT"), records("Z9999", "A")]), [
                true,
                true,
                false,
            ]);
        });

        it("do not let it hand the zone to somebody else", async () => {
            assert.deepEqual(await Promise.all([records("Z0123", "NS"), records("Z0123", "MX")]), [false, false]);
        });
    });

    describe("of the load balancer controller", () => {
        const tagged = (cluster: string) => ({ "aws:ResourceTag/elbv2.k8s.aws/cluster": cluster });
        const tagging = (cluster: string) => ({ "aws:RequestTag/elbv2.k8s.aws/cluster": cluster });
        const BALANCER = elb("loadbalancer/net/k8s-a/0a");
        const LISTENER = elb("listener/net/k8s-a/0a/0b");

        it("let it make what it tags with its cluster, and nothing else", async () => {
            const make = (context: Record<string, string>) =>
                may("load-balancers", "elasticloadbalancing:CreateLoadBalancer", BALANCER, context);
            assert.deepEqual(await Promise.all([make(tagging(EKS_NAME)), make(tagging("eks-red")), make({})]), [true, false, false]);
        });

        it("let it change and delete what is its cluster's, and nothing of another's", async () => {
            const answers = [
                ["elasticloadbalancing:DeleteLoadBalancer", BALANCER],
                ["elasticloadbalancing:ModifyListener", LISTENER],
                ["elasticloadbalancing:DeleteListener", LISTENER],
                ["elasticloadbalancing:RegisterTargets", elb("targetgroup/k8s-a/0a")],
                ["ec2:DeleteSecurityGroup", ec2("security-group/sg-0a")],
            ].map(([action = "", arn = ""]) =>
                Promise.all([may("load-balancers", action, arn, tagged(EKS_NAME)), may("load-balancers", action, arn, tagged("eks-red"))]),
            );
            assert.deepEqual(
                await Promise.all(answers),
                answers.map(() => [true, false]),
            );
        });

        it("do not let it claim what is another cluster's", async () => {
            const retag = { ...tagged("eks-red"), ...tagging(EKS_NAME) };
            assert.deepEqual(
                await Promise.all([
                    may("load-balancers", "elasticloadbalancing:AddTags", BALANCER, retag),
                    may("load-balancers", "ec2:CreateTags", ec2("security-group/sg-0a"), retag),
                ]),
                [false, false],
            );
        });

        it("let it open ports inside its VPC only", async () => {
            const open = (vpc: string) =>
                may("load-balancers", "ec2:AuthorizeSecurityGroupIngress", ec2("security-group/sg-0a"), { "ec2:Vpc": ec2(`vpc/${vpc}`) });
            assert.deepEqual(await Promise.all([open("vpc-0a"), open("vpc-0b")]), [true, false]);
        });
    });
});
