import { partitionOf } from "../../iam/names";
import type { Statement } from "../../iam/statements";

/** Tag that the controller puts on everything it creates; the value is the cluster's name. */
const CLUSTER_TAG = "elbv2.k8s.aws/cluster";

/**
 * Rights to create, update and delete internal load balancers of this cluster. The controller's own policy (aws-load-balancer-controller,
 * docs/install/iam_policy.json) checks only that the tag exists, and allows changes of any listener and rule. The controller tags those as
 * well, so here the tag has to name this cluster on every resource: at creation, as in the AWS-managed AmazonEKSLoadBalancingPolicy, and at
 * every change. Left out are calls of features that this project does not use: WAF, Shield, Cognito, trust stores, certificate discovery,
 * address pools.
 */
export function loadBalancerStatements({ region, eksName, vpcId }: { region: string; eksName: string; vpcId: string }): Statement[] {
    const partition = partitionOf(region);
    const ec2 = (resource: string) => `arn:${partition}:ec2:${region}:*:${resource}`;
    const elb = (...kinds: string[]) => kinds.map((kind) => `arn:${partition}:elasticloadbalancing:${region}:*:${kind}/*`);
    const balancing = elb("loadbalancer", "targetgroup", "listener", "listener-rule");
    const claimed = { [`aws:RequestTag/${CLUSTER_TAG}`]: eksName };
    const owned = { StringEquals: { [`aws:ResourceTag/${CLUSTER_TAG}`]: eksName } };
    // The cluster's tag itself may not be changed.
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
            // Nodes' security groups included, which have to admit their load balancers: so the VPC is the limit, not the tag.
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
