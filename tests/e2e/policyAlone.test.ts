import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as s3 from "@pulumi/aws/s3";
import * as k8s from "@pulumi/kubernetes";
import { CustomResource } from "@pulumi/pulumi";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { OperationFailed, type OperationOptions, runOperation } from "../../engine/operation";
import type { Plugin } from "../../engine/plugins";
import { stackFor } from "../../engine/stack";
import { readStackFile } from "../../engine/stackFile";
import { toPolicy } from "../../policies/policy";
import { RULES } from "../../rules";
import { type KubernetesObject, OBJSTORE, objstore, retentionFlags, thanos } from "../../rules/example";
import { ROOT } from "../support/root";
import { findingsIn, typeOf } from "../support/ruleExamples";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

const policyPacks = [join(ROOT, "policies", "pack.js")];
const RECORDERS = join(ROOT, "tests", "support", "pluginRecorder", "bin");
const STAND_INS = join(ROOT, "local", "offline", "standins", "bin");
const plugins = Object.entries({ aws: RECORDERS, kubernetes: RECORDERS, random: STAND_INS, tls: STAND_INS }).map(
    ([name, folder]): Plugin => ({ name, version: require(`@pulumi/${name}/package.json`).version, standIn: join(folder, name) }),
);

/** A Compact and the bucket that it works on, whose lifecycle deletes objects after a month. */
const expiring: PulumiFn = async () => {
    const aws = { provider: new AwsProvider("aws", { region: "eu-central-1" }) };
    const cluster = { provider: new k8s.Provider("kubernetes", {}) };
    const { bucket } = new s3.Bucket("blocks", { bucket: "blocks" }, aws);
    new s3.BucketLifecycleConfiguration("blocks", { bucket, rules: [{ id: "month", status: "Enabled", expiration: { days: 30 } }] }, aws);
    const { metadata: secret, stringData } = objstore("blue");
    new k8s.core.v1.Secret("objstore", { metadata: secret, stringData: stringData as Record<string, string> }, cluster);
    const { metadata, spec } = thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, ...retentionFlags("90d", "90d", "90d")], {
        secret: "objstore-blue",
    });
    new k8s.apps.v1.StatefulSet("compact", { metadata, spec: spec as k8s.types.input.apps.v1.StatefulSetSpec }, cluster);
};

/** One ingester of Receive, and a router that writes one copy. */
const oneCopy: PulumiFn = async () => {
    const cluster = { provider: new k8s.Provider("kubernetes", {}) };
    const flags = ["receive", "--receive.hashrings-file=/h.json", "--receive.replication-factor=1", "--receive.hashrings-algorithm=ketama"];
    const router = thanos("Deployment", "router", flags);
    new k8s.apps.v1.Deployment(
        "router",
        { metadata: router.metadata, spec: router.spec as k8s.types.input.apps.v1.DeploymentSpec },
        cluster,
    );
};

/** A Kubernetes object of any kind. */
class KubernetesResource extends CustomResource {}

/** A stack of these objects alone. */
const stackOf =
    (objects: readonly KubernetesObject[]): PulumiFn =>
    async () => {
        const provider = new k8s.Provider("kubernetes", {});
        for (const { apiVersion, kind, ...fields } of objects)
            new KubernetesResource(typeOf(apiVersion, kind), fields.metadata.name, fields, { provider });
    };

describe("the policy pack in the real engine, with recording plugins instead of an account and a cluster", () => {
    const stateDir = temporaryDirectory();

    const stack = async (stackName: string, program: PulumiFn, config: Record<string, unknown> = {}): Promise<Stack> => {
        const { pulumi } = await tools("pulumi");
        return stackFor({ pulumiPath: pulumi.path, stateDir, stackName, program, config, plugins });
    };

    const refusalOf = async (refused: Stack, options: OperationOptions = {}): Promise<string> => {
        const failed = await runOperation(refused, "preview", { policyPacks, ...options }).then(
            () => assert.fail("the preview passed"),
            (error) => error,
        );
        assert.ok(failed instanceof OperationFailed, String(failed));
        assert.equal(failed.because, "policy", failed.message);
        return failed.message;
    };

    it("refuses a lifecycle that deletes blocks in use, though the bucket is not there yet", async () => {
        const message = await refusalOf(await stack("expiring", expiring));
        assert.match(
            message,
            /BucketLifecycleConfiguration blocks\.rules\[0\]\.expiration: deletes blocks in bucket blocks after 30d, and StatefulSet compact keeps them for 92d/,
        );
    });

    it("accepts the observer on AWS before its first update", async () => {
        const observer = await stack("observer", require("../../index") as PulumiFn, readStackFile(ROOT, "observer"));
        const { counts } = await runOperation(observer, "preview", { policyPacks });
        assert.ok(counts.created >= 20, `${counts.created} would be created`);
    });

    it("warns of a rule that the stack eases, with its reason, and refuses it otherwise", async () => {
        assert.match(await refusalOf(await stack("copies", oneCopy)), /receive-replicates/);

        const eased = [{ rule: "L7", reason: "this cluster is for tests", until: "9999-01-01" }];
        const printed: string[] = [];
        await (await stack("copies", oneCopy, { easedRules: eased })).preview({ policyPacks, onOutput: (text) => printed.push(text) });
        assert.match(printed.join(""), /Eased by the stack \(until 9999-01-01: this cluster is for tests\)/);
    });

    it("refuses an easing that is over, and one of a rule that keeps what is stored", async () => {
        const easedRules = [
            { rule: "L7", reason: "this cluster is for tests", until: "2026-01-01" },
            { rule: "L2", reason: "this cluster is for tests" },
        ];
        const message = await refusalOf(await stack("copies", oneCopy, { easedRules }));
        assert.match(message, /easedRules\[0\]\.until: 2026-01-01 is over\./);
        assert.match(message, /easedRules\[1\]\.rule: L2 cannot be eased/);
        assert.match(message, /receive-replicates/);
    });

    for (const rule of RULES.filter((candidate) => toPolicy(candidate).level === "mandatory"))
        it(`stops the bad example of ${rule.id} with what to do before anything changes, and accepts the good one: ${rule.name}`, async () => {
            // Some good examples are bad ones of other rules.
            const others = RULES.filter((other) => other !== rule).map(({ name }) => [name, "disabled"]);
            const config = join(stateDir, `${rule.id}.json`);
            writeFileSync(config, JSON.stringify(Object.fromEntries(others)));
            const options = { policyPackConfigs: [config] };
            const { good, bad } = rule.manifests;

            const refused = await stack(rule.id, stackOf(bad));
            const message = await refusalOf(refused, options);
            assert.ok(message.includes(`(policy ${rule.name})`), message);
            assert.ok(
                findingsIn(rule, bad).problems.some((problem) => message.includes(problem)),
                message,
            );
            const { resources = [] } = (await refused.exportStack()).deployment as { resources?: { type: string }[] };
            assert.deepEqual(
                resources.map(({ type }) => type).filter((type) => type !== "pulumi:pulumi:Stack"),
                [],
            );

            const { counts } = await runOperation(await stack(rule.id, stackOf(good)), "preview", { policyPacks, ...options });
            assert.equal(counts.created, good.length);
        });
});
