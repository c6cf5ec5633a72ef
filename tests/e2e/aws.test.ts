import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider } from "@pulumi/aws/provider";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { Bucket } from "../../components/cloud/aws/storage/bucket";
import { ACCOUNT } from "../../engine/awsPlaceholders";
import { type Counts, OperationFailed, runOperation } from "../../engine/operation";
import type { Plugin } from "../../engine/plugins";
import { stackFor } from "../../engine/stack";
import { readStackFile } from "../../engine/stackFile";
import { ROOT } from "../support/root";
import { tools } from "../support/runningFleet";

/** What only needs an account or a cluster is recorded; the others are real, or the stand-ins that a local fleet has too. */
const STAND_INS = {
    aws: join(ROOT, "tests", "standins", "bin", "aws"),
    kubernetes: join(ROOT, "tests", "standins", "bin", "kubernetes"),
    random: join(ROOT, "local", "standins", "bin", "random"),
    tls: join(ROOT, "local", "standins", "bin", "tls"),
};
const plugins = Object.entries(STAND_INS).map(
    ([name, standIn]): Plugin => ({ name, version: require(`@pulumi/${name}/package.json`).version, standIn }),
);

type Aws = Record<string, unknown> & { bucket?: string };
const AWS = "thanos-fleet:aws";

/** The worked example of a role, with other settings of AWS. */
function example(name: "observer" | "observee", change: (aws: Aws) => Aws = (aws) => aws): Record<string, string> {
    const config = readStackFile(ROOT, name);
    return { ...config, [AWS]: JSON.stringify(change(JSON.parse(config[AWS] as string) as Aws)) };
}

/** A bucket of blocks and nothing else: no program in front of it that would refuse a new name. */
const onlyBucket =
    (bucket: string): PulumiFn =>
    async () => {
        const region = "eu-west-1";
        new Bucket("blocks", { bucket, region, account: ACCOUNT, users: [] }, { providers: [new Provider("aws", { region })] });
    };

/** What happened to whom, without what stayed as it was or was only looked at. */
async function changes(stack: Stack): Promise<string[]> {
    const changed: string[] = [];
    await stack.up({
        onEvent: ({ resourcePreEvent }: EngineEvent) => {
            const step = resourcePreEvent?.metadata;
            if (step && !["same", "read"].includes(step.op))
                changed.push(`${step.op} ${step.type} ${step.urn.slice(step.urn.lastIndexOf("::") + 2)}`);
        },
    });
    return changed.sort();
}

/** Ids of the buckets and keys that the stack has. */
async function kept(stack: Stack): Promise<string[]> {
    const { resources = [] } = (await stack.exportStack()).deployment as { resources?: { type: string; id: string }[] };
    return resources
        .filter(({ type }) => type === "aws:s3/bucket:Bucket" || type === "aws:kms/key:Key")
        .map(({ id }) => id)
        .sort();
}

const nothingBut = (same: number): Counts => ({ created: 0, updated: 0, replaced: 0, deleted: 0, same });

describe("a stack on AWS in the real engine, with an AWS that records", () => {
    let stateDir: string;
    before(async () => {
        stateDir = await mkdtemp(join(tmpdir(), "thanos-fleet-aws-"));
    });
    after(() => rm(stateDir, { recursive: true, force: true }));

    const stack = async (stackName: string, config: Record<string, string>, program = require("../..") as PulumiFn) => {
        const { pulumi } = await tools("pulumi");
        return stackFor({ pulumiPath: pulumi.path, stateDir, stackName, program, config, plugins });
    };

    describe("an observer and an observee, as the examples have them", () => {
        for (const name of ["observer", "observee"] as const)
            it(`${name}: a second update changes nothing`, async () => {
                const first = await runOperation(await stack(name, example(name)), "up");
                assert.deepEqual(first.counts, { ...nothingBut(0), created: first.counts.created });
                assert.ok(first.counts.created >= 20, `${first.counts.created} made`);
                const second = await runOperation(await stack(name, example(name)), "up");
                assert.deepEqual(second.counts, nothingBut(first.counts.created));
            });

        it("another size of node rolls the nodes in place: nothing that holds data is replaced", async () => {
            const larger = example("observer", (aws) => ({
                ...aws,
                nodeGroups: { ...(aws.nodeGroups as object), stateful: { instanceType: "m7g.4xlarge" } },
            }));
            assert.deepEqual(await changes(await stack("observer", larger)), [
                "update aws:ec2/launchTemplate:LaunchTemplate nodes-stateful",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60001",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60002",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60003",
            ]);
        });

        it("another name for the bucket is refused, with what to do instead, and nothing is changed", async () => {
            const before = await kept(await stack("observer", example("observer")));
            const renamed = await stack(
                "observer",
                example("observer", (aws) => ({ ...aws, bucket: "another-bucket" })),
            );
            await assert.rejects(runOperation(renamed, "up"), (error) => {
                assert.ok(error instanceof OperationFailed);
                assert.deepEqual({ ...error.counts, same: 0 }, nothingBut(0));
                assert.match(
                    error.message,
                    /aws\.bucket: "another-bucket" instead of "example-thanos-fleet-blocks", where this stack's data is\./,
                );
                assert.match(error.message, /Write example-thanos-fleet-blocks\. To move, copy the objects to a new bucket/);
                return true;
            });
            assert.deepEqual(await kept(renamed), before);
        });
    });

    describe("a bucket", () => {
        const BLOCKS = ["blocks-key", "first-bucket"];

        it("keeps its name against a program that does not ask: the engine refuses to replace it", async () => {
            await runOperation(await stack("bucket", {}, onlyBucket("first-bucket")), "up");
            const renamed = await stack("bucket", {}, onlyBucket("second-bucket"));
            await assert.rejects(runOperation(renamed, "up"), /Bucket blocks: unable to replace .* marked for protection/s);
            assert.deepEqual(await kept(renamed), BLOCKS);
        });

        it("stays, with its key, when the stack is destroyed", async () => {
            const destroyed = await stack("bucket", {}, onlyBucket("first-bucket"));
            await assert.rejects(runOperation(destroyed, "destroy"), ({ message }: Error) => {
                // In the order in which the engine got to them.
                for (const resource of ["Bucket blocks", "Key blocks-key"])
                    assert.match(message, new RegExp(`${resource}: resource \\S+ cannot be deleted\\s+because it is protected`));
                return true;
            });
            assert.deepEqual(await kept(destroyed), BLOCKS);
        });
    });
});
