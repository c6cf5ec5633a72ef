import assert from "node:assert/strict";
import { loadBalancerStatements } from "../../../../../../../components/cloud/aws/addOns/loadBalancerController/policy";
import { isAllowed } from "../../../../../../support/iamSimulator";
import { ACCOUNT, REGION, role } from "../../../../../../support/placedResources";

const EKS_NAME = "eks-blue";
const ROLE = {
    arn: `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role("load-balancers").name}`,
    policy: loadBalancerStatements({ region: REGION, eksName: EKS_NAME, vpcId: "vpc-0a" }),
};
const may = (action: string, arn: string, context: Record<string, string> = {}) =>
    isAllowed(ROLE, action, { arn, account: ACCOUNT, context });
const ec2 = (resource: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${resource}`;
const elb = (resource: string) => `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:${resource}`;

describe("the policy of the load balancer controller", () => {
    const tagged = (cluster: string) => ({ "aws:ResourceTag/elbv2.k8s.aws/cluster": cluster });
    const tagging = (cluster: string) => ({ "aws:RequestTag/elbv2.k8s.aws/cluster": cluster });
    const BALANCER = elb("loadbalancer/net/k8s-a/0a");
    const LISTENER = elb("listener/net/k8s-a/0a/0b");

    it("lets it create what it tags with its cluster, and nothing else", async () => {
        const create = (context: Record<string, string>) => may("elasticloadbalancing:CreateLoadBalancer", BALANCER, context);
        assert.deepEqual(await Promise.all([create(tagging(EKS_NAME)), create(tagging("eks-red")), create({})]), [true, false, false]);
    });

    it("lets it change and delete resources of its cluster, and none of another cluster", async () => {
        const answers = [
            ["elasticloadbalancing:DeleteLoadBalancer", BALANCER],
            ["elasticloadbalancing:ModifyListener", LISTENER],
            ["elasticloadbalancing:DeleteListener", LISTENER],
            ["elasticloadbalancing:RegisterTargets", elb("targetgroup/k8s-a/0a")],
            ["ec2:DeleteSecurityGroup", ec2("security-group/sg-0a")],
        ].map(([action = "", arn = ""]) => Promise.all([may(action, arn, tagged(EKS_NAME)), may(action, arn, tagged("eks-red"))]));
        assert.deepEqual(
            await Promise.all(answers),
            answers.map(() => [true, false]),
        );
    });

    it("does not let it retag resources of another cluster as its own", async () => {
        const retag = { ...tagged("eks-red"), ...tagging(EKS_NAME) };
        assert.deepEqual(
            await Promise.all([
                may("elasticloadbalancing:AddTags", BALANCER, retag),
                may("ec2:CreateTags", ec2("security-group/sg-0a"), retag),
            ]),
            [false, false],
        );
    });

    it("lets it tag what it owns, but not change whose it is", async () => {
        const retag = (arn: string, action: string, context: Record<string, string>) =>
            may(action, arn, { ...tagged(EKS_NAME), ...context });
        const answers = [
            ["elasticloadbalancing:AddTags", BALANCER],
            ["ec2:CreateTags", ec2("security-group/sg-0a")],
        ].map(([action = "", arn = ""]) =>
            Promise.all([retag(arn, action, { "aws:RequestTag/team": "observability" }), retag(arn, action, tagging("eks-red"))]),
        );
        assert.deepEqual(
            await Promise.all(answers),
            answers.map(() => [true, false]),
        );
    });

    it("lets it open ports inside its VPC only", async () => {
        const open = (vpc: string) =>
            may("ec2:AuthorizeSecurityGroupIngress", ec2("security-group/sg-0a"), { "ec2:Vpc": ec2(`vpc/${vpc}`) });
        assert.deepEqual(await Promise.all([open("vpc-0a"), open("vpc-0b")]), [true, false]);
    });
});
