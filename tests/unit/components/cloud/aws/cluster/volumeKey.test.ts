import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { findVolumeKey, volumeKeyNotes, volumeKeyProblems } from "../../../../../../components/cloud/aws/cluster/volumeKey";
import { ACCOUNT, REGION } from "../../../../../support/placedResources";

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0a`;
const NODES = {
    os: "al2023" as const,
    diskGiB: 50,
    stateful: { instanceType: "m7g.xlarge", nodesPerZone: 1 },
    general: { instanceType: "m7g.large", nodes: 2 },
};
const DENIED = "UnauthorizedOperation: not authorized to perform: ec2:GetEbsDefaultKmsKeyId";
const EXISTING = { region: REGION, cluster: { name: "eks-blue" }, addOns: {}, identity: { by: "pod-identity" as const } };

describe("the key that encrypts volumes by default", () => {
    async function find(keyArn: string, more: object = {}) {
        let calls = 0;
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
            call: () => {
                calls++;
                // As the engine passes the provider's error on.
                if (keyArn === "") throw Object.assign(new Error(), { details: DENIED });
                return { keyArn };
            },
        });
        const key = await findVolumeKey({ ...EXISTING, ...more }, new Provider("aws", { region: REGION }));
        return { key, calls };
    }

    it("is looked up, and left alone where it is EBS's own", async () => {
        assert.deepEqual(await find("alias/aws/ebs"), { key: { value: undefined }, calls: 1 });
        assert.deepEqual(await find(KEY), { key: { value: KEY }, calls: 1 });
    });

    it("is not looked up where no volume of the stack uses it", async () => {
        assert.deepEqual(await find("", { storageClass: "fast" }), { key: { value: undefined }, calls: 0 });
        assert.equal((await find(KEY, { storageClass: "fast", nodeGroups: NODES })).calls, 1);
    });

    it("is a problem where it may not be looked up: volumes would vanish without an error", async () => {
        const { key } = await find("");
        assert.deepEqual(volumeKeyProblems(key), [
            {
                path: "aws",
                problem:
                    "the key with which EBS encrypts volumes by default cannot be looked up: UnauthorizedOperation: not authorized to perform: ec2:GetEbsDefaultKmsKeyId.",
                remedy: "Allow ec2:GetEbsDefaultKmsKeyId.",
            },
        ]);
        assert.deepEqual(volumeKeyProblems({ value: KEY }), []);
    });

    it("needs a grant for Auto Scaling where the stack creates nodes, and rights for a driver that it does not install", () => {
        const notes = volumeKeyNotes({ ...EXISTING, account: ACCOUNT, nodeGroups: NODES }, KEY);
        assert.deepEqual(notes, [
            `Nodes' volumes are encrypted with this account's default key for EBS, ${KEY}: no node starts before the Auto Scaling service may use it. If it may not yet: aws kms create-grant --region eu-west-1 --key-id ${KEY} --grantee-principal arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling --operations Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant`,
            `Pods' volumes are encrypted with this account's default key for EBS, ${KEY}: the role of the EBS CSI driver in this cluster needs kms:CreateGrant, kms:Decrypt and kms:GenerateDataKeyWithoutPlaintext on it, or no volume can be created.`,
        ]);
    });

    it("needs nothing by hand where it is EBS's own, or where the stack installs the driver and no nodes", () => {
        const installed = { ...EXISTING, account: ACCOUNT, addOns: { ebsCsi: "install" as const } };
        assert.deepEqual([volumeKeyNotes({ ...installed, nodeGroups: NODES }, undefined), volumeKeyNotes(installed, KEY)], [[], []]);
    });
});
