import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LogGroup } from "@pulumi/aws/cloudwatch";
import { Provider } from "@pulumi/aws/provider";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { Bucket } from "../../components/cloud/aws/storage/bucket";
import { ACCOUNT } from "../../engine/awsPlaceholders";
import type { Counts } from "../../engine/counts";
import { OperationFailed, runOperation } from "../../engine/operation";
import type { Plugin } from "../../engine/plugins";
import { stackFor } from "../../engine/stack";
import { readStackFile } from "../../engine/stackFile";
import { EKS } from "../../upstream/versions";
import { RECORDED_DELETIONS } from "../support/pluginRecorder/recorder";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { ALB, ENDPOINTS, OIDC } from "../support/testFleet";

/** Plugins that need an account or a cluster are recorders; `random` and `tls` are the local fleet's stand-ins. */
const RECORDERS = join(ROOT, "tests", "support", "pluginRecorder", "bin");
const LOCAL_STAND_INS = join(ROOT, "local", "offline", "standins", "bin");
const STAND_INS = {
    aws: join(RECORDERS, "aws"),
    kubernetes: join(RECORDERS, "kubernetes"),
    random: join(LOCAL_STAND_INS, "random"),
    tls: join(LOCAL_STAND_INS, "tls"),
};
const plugins = Object.entries(STAND_INS).map(
    ([name, standIn]): Plugin => ({ name, version: require(`@pulumi/${name}/package.json`).version, standIn }),
);

type Aws = Record<string, unknown> & { bucket?: string };
const AWS = "thanos-fleet:aws";

/** The configuration of the example stack of a role. `change` replaces its AWS settings. */
function example(name: "observer" | "observee", change: (aws: Aws) => Aws = (aws) => aws): Record<string, string> {
    const config = readStackFile(ROOT, name);
    return { ...config, [AWS]: JSON.stringify(change(JSON.parse(config[AWS] as string) as Aws)) };
}

/** A program with a bucket of blocks only: without the check that refuses a new bucket name. */
const onlyBucket =
    (bucket: string): PulumiFn =>
    async () => {
        const region = "eu-west-1";
        new Bucket("blocks", { bucket, region, account: ACCOUNT, principals: [] }, { providers: [new Provider("aws", { region })] });
    };

/** Runs an update and lists its steps as `update <type> <name>`, without unchanged resources and reads. */
async function stepsOf(stack: Stack): Promise<string[]> {
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

/** Ids of the buckets and KMS keys in the stack's state. */
async function bucketsAndKeys(stack: Stack): Promise<string[]> {
    const { resources = [] } = (await stack.exportStack()).deployment as { resources?: { type: string; id: string }[] };
    return resources
        .filter(({ type }) => type === "aws:s3/bucket:Bucket" || type === "aws:kms/key:Key")
        .map(({ id }) => id)
        .sort();
}

const onlyUnchanged = (same: number): Counts => ({ created: 0, updated: 0, replaced: 0, deleted: 0, same });

describe("a stack on AWS, in the real engine with a recording AWS plugin", () => {
    const stateDir = temporaryDirectory();

    const stack = async (
        stackName: string,
        config: Record<string, string>,
        program = require("../../index") as PulumiFn,
        env: Record<string, string> = {},
    ) => {
        const { pulumi } = await tools("pulumi");
        return stackFor({ pulumiPath: pulumi.path, stateDir, stackName, program, config, plugins, env });
    };

    describe("made from an example stack file", () => {
        // The plugin returns what it was sent, so this shows that the program asks for the same: nothing random, dated or in changing order.
        for (const name of ["observer", "observee"] as const)
            it(`asks for the same in a second update of ${name}`, async () => {
                const first = await runOperation(await stack(name, example(name)), "up");
                assert.deepEqual(first.counts, { ...onlyUnchanged(0), created: first.counts.created });
                assert.ok(first.counts.created >= 20, `${first.counts.created} created`);
                const second = await runOperation(await stack(name, example(name)), "up");
                assert.deepEqual(second.counts, onlyUnchanged(first.counts.created));
            });

        it("starts pods 15 seconds after their Pod Identity association was made, not earlier", async () => {
            const at: Record<string, number> = {};
            const timed = await stack("timed", example("observee"));
            await timed.up({
                onEvent: ({ timestamp, resourcePreEvent, resOutputsEvent }: EngineEvent) => {
                    const [made, started] = [resOutputsEvent?.metadata.type, resourcePreEvent?.metadata.type];
                    if (made === "aws:eks/podIdentityAssociation:PodIdentityAssociation") at.associated = timestamp;
                    if (started === "kubernetes:core/v1:Namespace") at.namespace = timestamp;
                    if (started === "kubernetes:helm.sh/v3:Release") at.pods = timestamp;
                },
            });
            const { associated = Number.NaN, namespace = Number.NaN, pods = Number.NaN } = at;
            // Timestamps are whole seconds.
            assert.ok(pods - associated >= 14, `association ${associated}, pods ${pods}`);
            assert.ok(namespace - associated <= 5, `the namespace waits for the association too: ${associated}, ${namespace}`);
        });

        it("rolls the nodes for a new instance type and replaces no resource that holds data", async () => {
            const larger = example("observer", (aws) => ({
                ...aws,
                nodeGroups: { ...(aws.nodeGroups as object), stateful: { instanceType: "m7g.4xlarge" } },
            }));
            assert.deepEqual(await stepsOf(await stack("observer", larger)), [
                "update aws:ec2/launchTemplate:LaunchTemplate nodes-stateful",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60001",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60002",
                "update aws:eks/nodeGroup:NodeGroup nodes-stateful-subnet-0a1b2c3d4e5f60003",
            ]);
        });

        it("refuses a new bucket name, says how to move the data, and changes nothing", async () => {
            const before = await bucketsAndKeys(await stack("observer", example("observer")));
            const renamed = await stack(
                "observer",
                example("observer", (aws) => ({ ...aws, bucket: "another-bucket" })),
            );
            await assert.rejects(runOperation(renamed, "up"), (error) => {
                assert.ok(error instanceof OperationFailed);
                assert.deepEqual({ ...error.counts, same: 0 }, onlyUnchanged(0));
                assert.match(
                    error.message,
                    /aws\.bucket: "another-bucket" instead of "example-thanos-fleet-blocks", where this stack's data is\./,
                );
                assert.match(error.message, /Write example-thanos-fleet-blocks\. To move, copy the objects to a new bucket/);
                return true;
            });
            assert.deepEqual(await bucketsAndKeys(renamed), before);
        });
    });

    it("would be seen to change in each update, if it asked for something else each time", async () => {
        let update = 0;
        const differing: PulumiFn = async () => {
            update++;
            const provider = new Provider("aws", { region: "eu-west-1" });
            new LogGroup("log", { name: "log", retentionInDays: update }, { provider });
        };
        for (const counts of [
            { ...onlyUnchanged(0), created: 1 },
            { ...onlyUnchanged(0), updated: 1 },
        ])
            assert.deepEqual((await runOperation(await stack("differing", {}, differing), "up")).counts, counts);
    });

    describe("that is taken down as docs/take-down.md says", () => {
        const file = join(stateDir, "deletions");
        const deletions = () => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
        const cluster = (deletionProtection: boolean) => ({
            cluster: {
                name: "observer",
                create: {
                    version: EKS.version,
                    vpcCidr: "10.42.0.0/16",
                    publicAccessCidrs: ["203.0.113.7/32"],
                    admins: [`arn:aws:iam::${ACCOUNT}:role/Admin`],
                    deletionProtection,
                },
            },
            nodeGroups: {},
            zoneId: "Z0123456789ABC",
        });
        const observer = (deletionProtection = true) =>
            stack(
                "whole",
                {
                    ...example("observer", (aws) => ({ ...aws, ...cluster(deletionProtection) })),
                    "thanos-fleet:exposure": JSON.stringify({ ...ALB, login: { by: "alb", ...OIDC, ...ENDPOINTS } }),
                },
                undefined,
                { [RECORDED_DELETIONS]: file },
            );
        /** Runs one of the page's commands. */
        const runCommand = async (command: string) => {
            const page = readFileSync(join(ROOT, "docs", "take-down.md"), "utf8");
            assert.ok(page.split("\n").includes(command), `docs/take-down.md has no line "${command}"`);
            const { workspace } = await observer(false);
            const [, ...args] = command.replace("my-stack", "whole").split(" ");
            const env = { ...process.env, ...workspace.envVars, PULUMI_HOME: workspace.pulumiHome ?? "" };
            return run((await tools("pulumi")).pulumi.path, [...args, "--non-interactive"], { within: 240, cwd: workspace.workDir, env });
        };

        before(async () => void (await runOperation(await observer(), "up")));

        it("gives up the cluster's protection, in EKS and in Pulumi, with one setting", async () => {
            assert.deepEqual(await stepsOf(await observer(false)), ["update aws:eks/cluster:Cluster eks"]);
        });

        it("deletes pods before what they need, and keeps blocks, keys and claims", async () => {
            const { code, output } = await runCommand("pulumi state unprotect --all --yes --stack my-stack");
            assert.equal(code, 0, output);
            const { counts } = await runOperation(await observer(false), "destroy");
            const deleted = deletions();
            const at = (resource: string) => {
                assert.ok(deleted.includes(resource), `${resource} was not deleted`);
                return deleted.indexOf(resource);
            };
            const inOrder = (...resources: string[]) =>
                assert.deepEqual(
                    [...resources].sort((a, b) => at(a) - at(b)),
                    resources,
                );
            // The controller removes a load balancer when its Service goes, ExternalDNS its name; a volume is detached by the driver.
            inOrder(
                "Service thanos-receive-router-external",
                "Release loadBalancerController",
                "NodeGroup nodes-general",
                "Cluster eks",
                "Vpc eks",
            );
            inOrder("Ingress pages", "Addon externalDns", "NodeGroup nodes-general");
            inOrder("StatefulSet thanos-compact-blue", "Addon ebsCsi", "NodeGroup nodes-stateful-a", "Cluster eks");
            inOrder("StatefulSet thanos-store-blue", "RolePolicy store-blue-identity");
            assert.deepEqual(
                deleted.filter((resource) => /^(Bucket\w* |Key |Alias |Namespace |PersistentVolume)/.test(resource)),
                [],
            );
            assert.ok(counts.deleted > deleted.length, "the engine forgets what it keeps");
            const { resources = [] } = (await (await observer(false)).exportStack()).deployment as { resources?: unknown[] };
            assert.deepEqual(resources, []);
        });
    });

    describe("that has a bucket", () => {
        const BLOCKS = ["blocks-key", "first-bucket"];

        it("does not replace it, even for a program that skips the check of its name", async () => {
            await runOperation(await stack("bucket", {}, onlyBucket("first-bucket")), "up");
            const renamed = await stack("bucket", {}, onlyBucket("second-bucket"));
            await assert.rejects(runOperation(renamed, "up"), /Bucket blocks: unable to replace .* marked for protection/s);
            assert.deepEqual(await bucketsAndKeys(renamed), BLOCKS);
        });

        it("does not delete it or its key when the stack is destroyed", async () => {
            const destroyed = await stack("bucket", {}, onlyBucket("first-bucket"));
            await assert.rejects(runOperation(destroyed, "destroy"), ({ message }: Error) => {
                // The engine reports them in any order.
                for (const resource of ["Bucket blocks", "Key blocks-key"])
                    assert.match(message, new RegExp(`${resource}: resource \\S+ cannot be deleted\\s+because it is protected`));
                return true;
            });
            assert.deepEqual(await bucketsAndKeys(destroyed), BLOCKS);
        });
    });
});
