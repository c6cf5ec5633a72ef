import assert from "node:assert/strict";
import { ACCOUNT, awsAnswer, awsOutputs, expectedCaller } from "../../../engine/awsPlaceholders";

describe("awsOutputs", () => {
    const arnOf = (type: string, inputs: Record<string, unknown>, region = "eu-west-1") =>
        awsOutputs(type, "program-name", inputs, region).outputs.arn;

    it("gives a resource the id that its inputs name, else its name in the program", () => {
        assert.equal(awsOutputs("aws:s3/bucket:Bucket", "blocks", { bucket: "example-blocks" }, "eu-west-1").id, "example-blocks");
        assert.equal(awsOutputs("aws:kms/key:Key", "blocks-key", {}, "eu-west-1").id, "blocks-key");
    });

    it("gives ARNs in the form of each service and the partition of the region", () => {
        assert.equal(arnOf("aws:s3/bucket:Bucket", { bucket: "b" }, "cn-north-1"), "arn:aws-cn:s3:::b");
        assert.equal(arnOf("aws:iam/role:Role", { name: "r", path: "/fleet/" }), `arn:aws:iam::${ACCOUNT}:role/fleet/r`);
        assert.equal(arnOf("aws:kms/key:Key", {}), `arn:aws:kms:eu-west-1:${ACCOUNT}:key/program-name`);
    });

    it("gives a cluster the endpoint and issuer that a look-up of the same cluster returns", () => {
        const { outputs } = awsOutputs(
            "aws:eks/cluster:Cluster",
            "cluster",
            { name: "eks-blue", vpcConfig: { subnetIds: ["s"] } },
            "eu-west-1",
        );
        const found = awsAnswer("aws:eks/getCluster:getCluster", { name: "eks-blue" }, "eu-west-1");
        for (const output of ["endpoint", "identities", "arn"]) assert.deepEqual(outputs[output], found[output]);
    });
});

describe("expectedCaller", () => {
    const admins = ["arn:aws:iam::111111111111:role/path/Admin", "arn:aws:iam::222222222222:role/Deployer"];

    it("is the first administrator of the cluster", () =>
        assert.deepEqual(expectedCaller(admins, undefined), { account: "111111111111", role: "Admin" }));
    it("is the administrator in the observee's account", () =>
        assert.deepEqual(expectedCaller(admins, "222222222222"), { account: "222222222222", role: "Deployer" }));
    it("is an administrator of the account if there is none in the list", () =>
        assert.deepEqual(expectedCaller([], "333333333333"), { account: "333333333333", role: "Admin" }));
});
