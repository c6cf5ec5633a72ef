import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { decideAws } from "../../support/pluginRecorder/recorder";
import { ROOT } from "../../support/root";

const struct = (bag: Record<string, JavaScriptValue>) => Struct.fromJavaScript(bag);
const urn = (type: string, name: string) => `urn:pulumi:observer::thanos-fleet::${type}::${name}`;
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";

describe("the plugin recorder", () => {
    describe("as the plugin aws", () => {
        let plugin: ChildProcess;
        let client: ResourceProviderClient;

        before(async () => {
            plugin = spawn(join(ROOT, "tests", "support", "pluginRecorder", "bin", "aws", "pulumi-resource-aws"), [], {
                stdio: ["ignore", "pipe", "inherit"],
            });
            const [port] = (await once(plugin.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
            client = new ResourceProviderClient(`127.0.0.1:${port.toString().trim()}`, grpc.credentials.createInsecure());
            const request = new pb.ConfigureRequest();
            request.setArgs(struct({ region: "cn-north-1" }));
            await answer<pb.ConfigureResponse>((done) => client.configure(request, done));
        });
        after(() => {
            client.close();
            plugin.kill();
        });

        const answer = <R>(call: (done: (error: grpc.ServiceError | null, response: R) => void) => void) =>
            new Promise<R>((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));

        const create = async (type: string, name: string, inputs: Record<string, JavaScriptValue>) => {
            const request = new pb.CreateRequest();
            request.setUrn(urn(type, name));
            request.setProperties(struct(inputs));
            const response = await answer<pb.CreateResponse>((done) => client.create(request, done));
            return { id: response.getId(), outputs: response.getProperties()?.toJavaScript() };
        };

        const invoke = async (token: string, args: Record<string, JavaScriptValue>) => {
            const request = new pb.InvokeRequest();
            request.setTok(token);
            request.setArgs(struct(args));
            return (await answer<pb.InvokeResponse>((done) => client.invoke(request, done))).getReturn()?.toJavaScript();
        };

        it("returns the declared inputs and the outputs that AWS adds", async () => {
            assert.deepEqual(await create("aws:s3/bucket:Bucket", "blocks", { bucket: "example-blocks", forceDestroy: false }), {
                id: "example-blocks",
                outputs: { bucket: "example-blocks", forceDestroy: false, name: "example-blocks", arn: "arn:aws-cn:s3:::example-blocks" },
            });
        });

        it("gives a role the ARN that other stacks derive", async () => {
            const { outputs } = await create("aws:iam/role:Role", "store", { name: "observer-store-123456", path: "/thanos-fleet/" });
            assert.equal(outputs?.arn, "arn:aws-cn:iam::111111111111:role/thanos-fleet/observer-store-123456");
        });

        it("gives a changed launch template its next version", async () => {
            const request = new pb.UpdateRequest();
            request.setUrn(urn(TEMPLATE, "stateful"));
            request.setOlds(struct({ instanceType: "m7g.xlarge", latestVersion: 1 }));
            request.setNews(struct({ instanceType: "m7g.2xlarge" }));
            const response = await answer<pb.UpdateResponse>((done) => client.update(request, done));
            const { instanceType, latestVersion } = response.getProperties()?.toJavaScript() ?? {};
            assert.deepEqual([instanceType, latestVersion], ["m7g.2xlarge", 2]);
        });

        it("names the caller's account", async () => {
            assert.deepEqual(await invoke("aws:index/getCallerIdentity:getCallerIdentity", {}), {
                accountId: "111111111111",
                arn: "arn:aws-cn:sts::111111111111:assumed-role/Admin/session",
            });
        });

        it("refuses a call that it does not know", async () => {
            await assert.rejects(invoke("aws:ec2/getAmi:getAmi", {}), /unexpected call of aws:ec2\/getAmi:getAmi/);
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

    it("updates a node group in place for a new version of its template", () => {
        const of = (version: string) => ({ launchTemplate: { id: "lt", version }, subnetIds: ["a"] });
        assert.deepEqual(decideAws("aws:eks/nodeGroup:NodeGroup", of("1"), of("2")), {
            changes: [{ path: "launchTemplate.version", kind: "update" }],
            replaces: [],
            deleteBeforeReplace: false,
        });
    });
});
