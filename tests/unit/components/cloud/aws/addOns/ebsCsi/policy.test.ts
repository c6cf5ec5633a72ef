import assert from "node:assert/strict";
import { ebsCsiStatements } from "../../../../../../../components/cloud/aws/addOns/ebsCsi/policy";
import type { Statement } from "../../../../../../../components/cloud/aws/iam/statements";
import { isAllowed } from "../../../../../../support/iamSimulator";
import { ACCOUNT, REGION, role } from "../../../../../../support/placedResources";

const EKS_NAME = "eks-blue";
const ROLE = {
    arn: `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role("ebs-csi").name}`,
    policy: ebsCsiStatements({ region: REGION, eksName: EKS_NAME }),
};
const may = (action: string, arn: string, context: Record<string, string> = {}) =>
    isAllowed(ROLE, action, { arn, account: ACCOUNT, context });
const ec2 = (resource: string) => `arn:aws:ec2:${REGION}:${ACCOUNT}:${resource}`;

/** With it IAM policies of the account decide (KMS developer guide, "Default key policy"). */
const DEFAULT_KEY_POLICY: Statement[] = [
    { Sid: "Account", Effect: "Allow", Principal: { AWS: [`arn:aws:iam::${ACCOUNT}:root`] }, Action: ["kms:*"], Resource: ["*"] },
];

describe("the policy of the EBS CSI driver", () => {
    const requested = (cluster: string) => ({ [`aws:RequestTag/kubernetes.io/cluster/${cluster}`]: "owned" });
    const tagged = (cluster: string) => ({ [`ec2:ResourceTag/kubernetes.io/cluster/${cluster}`]: "owned" });

    it("lets it create a volume that it tags with its cluster, and no other", async () => {
        const create = (context: Record<string, string>) => may("ec2:CreateVolume", ec2("volume/vol-0a"), context);
        assert.deepEqual(await Promise.all([create(requested(EKS_NAME)), create(requested("eks-red")), create({})]), [true, false, false]);
    });

    it("lets it attach, grow and delete volumes of its cluster, and none of another cluster", async () => {
        const answers = ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"].map((action) =>
            Promise.all([tagged(EKS_NAME), tagged("eks-red")].map((context) => may(action, ec2("volume/vol-0a"), context))),
        );
        assert.deepEqual(
            await Promise.all(answers),
            answers.map(() => [true, false]),
        );
    });

    it("lets it use the customer's key that encrypts volumes by default, and grant it to AWS services only", async () => {
        const [key, otherKey] = ["0a", "0b"].map((id) => `arn:aws:kms:${REGION}:${ACCOUNT}:key/${id}`) as [string, string];
        const withKey = { ...ROLE, policy: ebsCsiStatements({ region: REGION, eksName: EKS_NAME, volumeKey: key }) };
        const use = (action: string, arn: string, forService: string, who = withKey) =>
            isAllowed(who, `kms:${action}`, {
                arn,
                account: ACCOUNT,
                policy: DEFAULT_KEY_POLICY,
                context: { "kms:GrantIsForAWSResource": forService },
            });
        const actions = ["Decrypt", "GenerateDataKeyWithoutPlaintext", "CreateGrant"];
        assert.deepEqual(await Promise.all(actions.map((action) => use(action, key, "true"))), [true, true, true]);
        assert.deepEqual(
            await Promise.all([
                use("CreateGrant", key, "false"),
                use("Decrypt", otherKey, "true"),
                use("Encrypt", key, "true"),
                use("Decrypt", key, "true", ROLE),
            ]),
            [false, false, false, false],
        );
    });

    it("lets it attach volumes to nodes of its cluster, and to no other instance", async () => {
        const attach = (tags: Record<string, string>) => may("ec2:AttachVolume", ec2("instance/i-0a"), tags);
        const managed = (cluster: string) => ({ "ec2:ResourceTag/eks:cluster-name": cluster });
        assert.deepEqual(await Promise.all([tagged(EKS_NAME), managed(EKS_NAME), tagged("eks-red"), managed("eks-red"), {}].map(attach)), [
            true,
            true,
            false,
            false,
            false,
        ]);
    });
});
