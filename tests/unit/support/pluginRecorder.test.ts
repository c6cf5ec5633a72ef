import assert from "node:assert/strict";
import { join } from "node:path";
import { PluginClient } from "../../support/pluginClient";
import { decideAws } from "../../support/pluginRecorder/recorder";
import { ROOT } from "../../support/root";

const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";

describe("the plugin recorder", () => {
    describe("as the plugin aws", () => {
        let plugin: PluginClient;
        before(async () => {
            plugin = await PluginClient.start(join(ROOT, "tests", "support", "pluginRecorder", "bin", "aws", "pulumi-resource-aws"));
            await plugin.configure({ region: "cn-north-1" });
        });
        after(() => plugin.stop());

        it("returns the declared inputs and the outputs that AWS adds", async () => {
            assert.deepEqual(await plugin.create("aws:s3/bucket:Bucket", "blocks", { bucket: "example-blocks", forceDestroy: false }), {
                id: "example-blocks",
                outputs: { bucket: "example-blocks", forceDestroy: false, name: "example-blocks", arn: "arn:aws-cn:s3:::example-blocks" },
            });
        });

        it("gives a role the ARN that other stacks derive", async () => {
            const { outputs } = await plugin.create("aws:iam/role:Role", "store", {
                name: "observer-store-123456",
                path: "/thanos-fleet/",
            });
            assert.equal(outputs.arn, "arn:aws-cn:iam::111111111111:role/thanos-fleet/observer-store-123456");
        });

        it("gives a changed launch template its next version", async () => {
            const olds = { instanceType: "m7g.xlarge", latestVersion: 1 };
            const { instanceType, latestVersion } = await plugin.update(TEMPLATE, "stateful", olds, { instanceType: "m7g.2xlarge" });
            assert.deepEqual([instanceType, latestVersion], ["m7g.2xlarge", 2]);
        });

        it("names the caller's account", async () => {
            assert.deepEqual(await plugin.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}), {
                accountId: "111111111111",
                arn: "arn:aws-cn:sts::111111111111:assumed-role/Admin/session",
            });
        });

        it("refuses a call that it does not know", async () => {
            await assert.rejects(plugin.invoke("aws:ec2/getAmi:getAmi", {}), /unexpected call of aws:ec2\/getAmi:getAmi/);
        });
    });

    describe("replaces a resource for a change of", () => {
        const cases: [what: string, type: string, olds: object, news: object, replaces: string[]][] = [
            ["a bucket's name", "aws:s3/bucket:Bucket", { bucket: "a" }, { bucket: "b" }, ["bucket"]],
            ["the bucket of a policy", "aws:s3/bucketPolicy:BucketPolicy", { bucket: "a" }, { bucket: "b" }, ["bucket"]],
            ["a node group's subnets", "aws:eks/nodeGroup:NodeGroup", { subnetIds: ["a"] }, { subnetIds: ["b"] }, ["subnetIds[0]"]],
            ["the region", "aws:kms/key:Key", { region: "eu-west-1" }, { region: "eu-west-2" }, ["region"]],
        ];
        for (const [what, type, olds, news, replaces] of cases)
            it(what, () => assert.deepEqual(decideAws(type, { ...olds }, { ...news }).replaces, replaces));
    });

    it("deletes a resource before it replaces it, if the program names it", () => {
        const deletesFirst = (type: string, olds: object, news: object) => decideAws(type, { ...olds }, { ...news }).deleteBeforeReplace;
        const role = (path: string, name?: string) => ({ path, ...(name && { name }) });
        assert.deepEqual(
            [
                deletesFirst("aws:iam/role:Role", role("/a/", "store"), role("/b/", "store")),
                deletesFirst("aws:iam/role:Role", role("/a/"), role("/b/")),
                deletesFirst("aws:iam/role:Role", role("/a/", "store"), role("/a/", "store")),
                deletesFirst("aws:s3/bucket:Bucket", { bucket: "a" }, { bucket: "b" }),
                deletesFirst("aws:s3/bucketPolicy:BucketPolicy", { bucket: "a" }, { bucket: "b" }),
            ],
            [true, false, false, true, false],
        );
    });

    it("updates a node group in place for a new version of its template", () => {
        const of = (version: string) => ({ launchTemplate: { id: "lt", version }, subnetIds: ["a"] });
        assert.deepEqual(decideAws("aws:eks/nodeGroup:NodeGroup", of("1"), of("2")), {
            changes: [{ path: "launchTemplate.version", kind: "update" }],
            replaces: [],
            deleteBeforeReplace: false,
        });
    });
});
