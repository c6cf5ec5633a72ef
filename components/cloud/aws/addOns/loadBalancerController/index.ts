import { PodIdentityAssociation } from "@pulumi/aws/eks";
// By its file: the whole of helm/v3 takes 70 ms more to load.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { VERSIONS } from "../../../../../upstream/versions";
import { partitionOf } from "../../iam/names";
import { podTrust } from "../../iam/podTrust";
import { fleetRole, type RoleArgs } from "../../iam/role";
import type { Statement } from "../../iam/statements";
import type { AddOnCluster } from "../eks/eksAddOn";

const NAME = "aws-load-balancer-controller";
const PODS = { namespace: "kube-system", serviceAccount: NAME };

export interface LoadBalancerControllerArgs {
    eks: AddOnCluster;
    region: string;
    role: RoleArgs;
    tags: Record<string, string>;
}

/** The AWS Load Balancer Controller, by its chart: EKS has no add-on of it. */
export function loadBalancerController(name: string, args: LoadBalancerControllerArgs, opts: pulumi.CustomResourceOptions): Release {
    const { eks, region, tags } = args;
    const { pods } = eks;
    const found = pulumi.output({ cluster: eks.name, vpcId: eks.vpcId });
    const { role, policy } = fleetRole(
        name,
        args.role,
        { trust: podTrust(pods, PODS), rights: found.apply((where) => loadBalancerStatements({ region, ...where })) },
        opts,
    );
    const association =
        pods.by === "irsa" ? [] : [new PodIdentityAssociation(name, { clusterName: eks.name, ...PODS, roleArn: role.arn }, opts)];
    return new Release(
        name,
        {
            name: NAME,
            chart: NAME,
            repositoryOpts: { repo: "https://aws.github.io/eks-charts" },
            version: VERSIONS.awsLoadBalancerController,
            namespace: PODS.namespace,
            values: pulumi
                .all([found, role.arn])
                .apply(([where, roleArn]) =>
                    loadBalancerControllerValues({ region, tags, ...where, ...(pods.by === "irsa" && { roleArn }) }),
                ),
            maxHistory: 10,
        },
        pulumi.mergeOptions(opts, { dependsOn: [policy, ...association] }),
    );
}

interface ValuesArgs {
    region: string;
    cluster: string;
    vpcId: string;
    tags: Record<string, string>;
    /** The role that the service account names, with IRSA. */
    roleArn?: string;
}

/** Pure. */
export const loadBalancerControllerValues = ({ region, cluster, vpcId, tags, roleArn }: ValuesArgs) => ({
    clusterName: cluster,
    // It would ask the instance for both, and a pod cannot (hop limit 1).
    region,
    vpcId,
    serviceAccount: { name: PODS.serviceAccount, ...(roleArn !== undefined && { annotations: { "eks.amazonaws.com/role-arn": roleArn } }) },
    defaultTags: tags,
    podDisruptionBudget: { maxUnavailable: 1 },
    // Without it the controller stands in the way of every Service of the cluster while it is down. Ours say whose they are by annotation.
    enableServiceMutatorWebhook: false,
    // Not used, and each would need rights.
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
});

/** On everything that the controller makes, with the cluster's name as its value. */
const CLUSTER_TAG = "elbv2.k8s.aws/cluster";

/**
 * What the controller does here: internal load balancers, made, kept up to date and deleted. Its own policy (aws-load-balancer-controller,
 * docs/install/iam_policy.json) asks only whether there is a tag, and lets it change any listener and rule. It tags those too, so here the tag has to name this
 * cluster on everything: when it is made, as in AWS's own AmazonEKSLoadBalancingPolicy, and when it is changed. Left out is what nobody asks for: WAF, Shield,
 * Cognito, trust stores, the search for certificates, address pools. Pure.
 */
export function loadBalancerStatements({ region, cluster, vpcId }: { region: string; cluster: string; vpcId: string }): Statement[] {
    const partition = partitionOf(region);
    const ec2 = (resource: string) => `arn:${partition}:ec2:${region}:*:${resource}`;
    const elb = (...kinds: string[]) => kinds.map((kind) => `arn:${partition}:elasticloadbalancing:${region}:*:${kind}/*`);
    const balancing = elb("loadbalancer", "targetgroup", "listener", "listener-rule");
    const claimed = { [`aws:RequestTag/${CLUSTER_TAG}`]: cluster };
    const owned = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: cluster } };
    // Whose it is may not be changed.
    const sameOwner = { ...owned, Null: { [`aws:RequestTag/${CLUSTER_TAG}`]: "true" } };
    return [
        {
            Sid: "ServiceLinkedRole",
            Effect: "Allow",
            Action: ["iam:CreateServiceLinkedRole"],
            Resource: [
                `arn:${partition}:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing`,
            ],
            Condition: { StringEquals: { "iam:AWSServiceName": "elasticloadbalancing.amazonaws.com" } },
        },
        {
            Sid: "Look",
            Effect: "Allow",
            Action: [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeListenerCertificates",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            Resource: ["*"],
        },
        { Sid: "SecurityGroupsInVpc", Effect: "Allow", Action: ["ec2:CreateSecurityGroup"], Resource: [ec2(`vpc/${vpcId}`)] },
        {
            Sid: "SecurityGroups",
            Effect: "Allow",
            Action: ["ec2:CreateSecurityGroup"],
            Resource: [ec2("security-group/*")],
            Condition: { StringEquals: claimed },
        },
        {
            Sid: "TagNewSecurityGroups",
            Effect: "Allow",
            Action: ["ec2:CreateTags"],
            Resource: [ec2("security-group/*")],
            Condition: { StringEquals: { ...claimed, "ec2:CreateAction": "CreateSecurityGroup" } },
        },
        {
            Sid: "TagSecurityGroups",
            Effect: "Allow",
            Action: ["ec2:CreateTags", "ec2:DeleteTags"],
            Resource: [ec2("security-group/*")],
            Condition: sameOwner,
        },
        {
            Sid: "OwnSecurityGroups",
            Effect: "Allow",
            Action: ["ec2:DeleteSecurityGroup"],
            Resource: [ec2("security-group/*")],
            Condition: owned,
        },
        {
            // Of nodes too, which have to let their load balancers in: the VPC is the limit.
            Sid: "SecurityGroupRules",
            Effect: "Allow",
            Action: ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            Resource: [ec2("security-group/*")],
            Condition: { ArnLike: { "ec2:Vpc": ec2(`vpc/${vpcId}`) } },
        },
        {
            Sid: "LoadBalancers",
            Effect: "Allow",
            Action: [
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateRule",
            ],
            Resource: balancing,
            Condition: { StringEquals: claimed },
        },
        {
            Sid: "TagNewLoadBalancers",
            Effect: "Allow",
            Action: ["elasticloadbalancing:AddTags"],
            Resource: balancing,
            Condition: {
                StringEquals: {
                    ...claimed,
                    "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateRule"],
                },
            },
        },
        {
            Sid: "TagLoadBalancers",
            Effect: "Allow",
            Action: ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            Resource: balancing,
            Condition: sameOwner,
        },
        {
            Sid: "OwnLoadBalancers",
            Effect: "Allow",
            Action: [
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:RemoveListenerCertificates",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetRulePriorities",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            Resource: balancing,
            Condition: owned,
        },
    ];
}
