import assert from "node:assert/strict";
import { policyDocument } from "../../../../../../components/cloud/aws/iam/statements";
import {
    bucketStatements,
    keyPrincipal,
    keyStatements,
    policyProblems,
} from "../../../../../../components/cloud/aws/storage/bucketPolicies";
import { bucketPrincipals } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };
const LOCATION = { bucket: "blocks", region: "eu-west-1", account: "111111111111" };
const principals = [{ name: "observer" }, { name: "red", account: "222222222222" }].flatMap((writer) =>
    bucketPrincipals(FLEET, { name: writer.name, prefix: writer.name, writers: [writer] }),
);

describe("the policies of a bucket and its key", () => {
    const key = (region: string) => keyStatements({ ...LOCATION, region }, principals.map(keyPrincipal));

    it("follow the partition of the region", () => {
        const china = { ...LOCATION, region: "cn-north-1" };
        assert.deepEqual(bucketStatements(china, [])[0]?.Resource, ["arn:aws-cn:s3:::blocks", "arn:aws-cn:s3:::blocks/*"]);
        assert.deepEqual(key("cn-north-1")[0]?.Principal, { AWS: ["arn:aws-cn:iam::111111111111:root"] });
        assert.deepEqual(key("us-gov-west-1")[0]?.Principal, { AWS: ["arn:aws-us-gov:iam::111111111111:root"] });
    });

    it("name S3 of the region, in China by both of its domains", () => {
        const via = (region: string) => key(region)[1]?.Condition?.StringEquals?.["kms:ViaService"];
        assert.deepEqual(via("eu-west-1"), ["s3.eu-west-1.amazonaws.com"]);
        assert.deepEqual(via("us-gov-west-1"), ["s3.us-gov-west-1.amazonaws.com"]);
        assert.deepEqual(via("cn-north-1"), ["s3.cn-north-1.amazonaws.com.cn", "s3.cn-north-1.amazonaws.com"]);
    });

    it("name only one cluster's roles where the bucket is for one cluster", () => {
        const own = bucketPrincipals(FLEET, { name: "red", prefix: "red", writers: [{ name: "red", account: "222222222222" }] });
        const named = [
            policyDocument(bucketStatements(LOCATION, own)),
            policyDocument(keyStatements(LOCATION, own.map(keyPrincipal))),
        ].flatMap((document) => [...new Set(document.match(/role\/[^"]+/g))]);
        assert.deepEqual(
            named.map((role) => /thanos-fleet\/(.*)-[0-9a-f]{6}$/.exec(role)?.[1]),
            ["red-prometheus", "red-store", "red-compact", "red-prometheus"],
        );
    });

    it("are refused where they are longer than AWS allows", () => {
        const many = (count: number) =>
            Array.from({ length: count }, (_, i) => ({ name: `cluster-${i}`, account: String(200000000000 + i) })).flatMap((member) =>
                bucketPrincipals(FLEET, { name: member.name, prefix: member.name, writers: [member] }),
            );
        assert.deepEqual(policyProblems(LOCATION, many(20)), []);
        assert.deepEqual(
            policyProblems(LOCATION, many(40)).map(({ path, remedy }) => [path, remedy]),
            [["observees", "Write via: role for some observees of other accounts, or aws.bucketPerCluster: true."]],
        );
        assert.deepEqual(
            policyProblems(LOCATION, many(150)).map(({ remedy }) => remedy),
            ["Write via: role for some observees of other accounts, or aws.bucketPerCluster: true.", "Write aws.bucketPerCluster: true."],
        );
    });
});
