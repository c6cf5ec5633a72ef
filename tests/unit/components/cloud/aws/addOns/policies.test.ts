import assert from "node:assert/strict";
import { ebsCsiStatements } from "../../../../../../components/cloud/aws/addOns/ebsCsi/policy";
import { externalDnsStatements } from "../../../../../../components/cloud/aws/addOns/externalDns/policy";
import { loadBalancerStatements } from "../../../../../../components/cloud/aws/addOns/loadBalancerController/policy";
import { policyDocument, type Statement } from "../../../../../../components/cloud/aws/iam/statements";
import { REGION } from "../../../../../support/placedResources";

const EKS_NAME = "eks-blue";

describe("the policies of add-ons", () => {
    const policies: Record<string, Statement[]> = {
        "ebs-csi": ebsCsiStatements({ region: REGION, eksName: EKS_NAME }),
        "external-dns": externalDnsStatements({ region: REGION, zoneId: "Z0123" }),
        "load-balancers": loadBalancerStatements({ region: REGION, eksName: EKS_NAME, vpcId: "vpc-0a" }),
    };

    it("have no wildcard in an action", () => {
        const wild = Object.values(policies)
            .flat()
            .flatMap(({ Action }) => Action)
            .filter((action) => action.includes("*"));
        assert.deepEqual(wild, []);
    });

    it("allow only Describe and List on all resources", () => {
        const wide = Object.values(policies)
            .flat()
            .filter(({ Resource }) => Resource?.includes("*"))
            .flatMap(({ Action }) => Action)
            .filter((action) => !/:(Describe|List)/.test(action));
        assert.deepEqual(wide, []);
    });

    it("fit into a role (at most 10,240 characters)", () => {
        const sizes = Object.values(policies).map((statements) => policyDocument(statements).length);
        assert.deepEqual(
            sizes.filter((size) => size > 10_240),
            [],
        );
    });

    it("name the resources of China's partition in China", () => {
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
});
