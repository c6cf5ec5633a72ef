import assert from "node:assert/strict";
import { loadBalancerControllerValues } from "../../../../../../../components/cloud/aws/addOns/loadBalancerController";

const TAGS = { team: "observability" };
const ARGS = { region: "eu-west-1", eksName: "eks-blue", vpcId: "vpc-0a", tags: TAGS, annotations: {} };

describe("the values of the load balancer controller's chart", () => {
    it("tag load balancers, and leave nothing to be read from the instance metadata service", () => {
        assert.deepEqual(loadBalancerControllerValues(ARGS), {
            clusterName: "eks-blue",
            region: "eu-west-1",
            vpcId: "vpc-0a",
            serviceAccount: { name: "aws-load-balancer-controller" },
            defaultTags: TAGS,
            podDisruptionBudget: { maxUnavailable: 1 },
            keepTLSSecret: true,
            enableServiceMutatorWebhook: false,
            enableShield: false,
            enableWaf: false,
            enableWafv2: false,
        });
    });

    it("annotate the service account where pods use IRSA", () => {
        const annotations = { "eks.amazonaws.com/role-arn": "arn:aws:iam::111111111111:role/r" };
        assert.deepEqual(loadBalancerControllerValues({ ...ARGS, annotations }).serviceAccount, {
            name: "aws-load-balancer-controller",
            annotations,
        });
    });
});
