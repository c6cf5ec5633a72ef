import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { FleetPlan } from "../../../plan/model";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";
import { observeeConfig, observerConfig } from "../../support/testFleet";

interface Finished {
    code: number;
    stdout: string;
    stderr: string;
}

/** Runs `npm run plan -- <args>` as npm does. */
const plan = (...args: string[]): Promise<Finished> =>
    new Promise((resolve) => {
        const nodeArgs = ["cli/thanos-fleet.js", "plan", ...args];
        const child = execFile(process.execPath, nodeArgs, { cwd: ROOT, timeout: 60_000 }, (_, stdout, stderr) =>
            resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
    });

describe("npm run plan", function () {
    this.timeout(120_000);
    const SECRET = "-----the service account's key-----";
    let directory = "";
    let runs: { all: Finished; one: Finished; missing: Finished; wrong: Finished; secret: Finished };
    const write = (stack: string, config: object, into = directory) =>
        writeFileSync(
            join(into, `Pulumi.${stack}.yaml`),
            stringify({ config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`thanos-fleet:${key}`, value])) }),
        );

    before(async () => {
        directory = temporaryDirectory();
        copyFileSync(join(ROOT, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
        // Read before the observer's file, and planned after it.
        write("a-red", observeeConfig("red", "local"));
        write("observer", {
            ...observerConfig("aws"),
            aws: {
                region: "eu-west-1",
                cluster: { name: "eks-observer" },
                nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 2 } },
            },
            objectStore: { type: "GCS", config: { bucket: "mine", service_account: SECRET } },
            rule: { files: ["rules/fleet.yml"] },
        });
        mkdirSync(join(directory, "rules"));
        copyFileSync(join(ROOT, "tests/support/rules/fleet.yml"), join(directory, "rules/fleet.yml"));
        // As `pulumi config set --secret` encrypts a whole setting, and one value of it.
        const encrypted = mkdtempSync(join(directory, "encrypted-"));
        copyFileSync(join(ROOT, "Pulumi.yaml"), join(encrypted, "Pulumi.yaml"));
        write("whole", { ...observerConfig("local"), objectStore: { secure: "v1:abc:def" } }, encrypted);
        write(
            "part",
            { ...observerConfig("local"), objectStore: { type: "GCS", config: { bucket: "b", service_account: { secure: "v1:a:b" } } } },
            encrypted,
        );
        const wrong = mkdtempSync(join(directory, "wrong-"));
        copyFileSync(join(ROOT, "Pulumi.yaml"), join(wrong, "Pulumi.yaml"));
        copyFileSync(join(directory, "Pulumi.a-red.yaml"), join(wrong, "Pulumi.red.yaml"));
        writeFileSync(join(wrong, "Pulumi.blue.yaml"), "config: {thanos-fleet:role: observer, thanos-fleet:cluster: BLUE}\n");
        const [all, one, missing, refused, secret] = await Promise.all([
            plan("-C", directory, "--json"),
            plan("-C", directory, "--stack", "a-red"),
            plan("-C", directory, "--stack", "green"),
            plan("-C", wrong),
            plan("-C", encrypted, "--json"),
        ]);
        runs = { all, one, missing, wrong: refused, secret };
    });

    it("--json prints the plan of every stack file, observers first, and nothing else", () => {
        const { code, stdout, stderr } = runs.all;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        const { stacks } = JSON.parse(stdout) as FleetPlan;
        assert.deepEqual(
            stacks.map(({ resources, ...rest }) => ({ ...rest, keys: [...new Set(resources.flatMap(Object.keys))].sort() })),
            [
                { name: "observer", role: "observer", warnings: [], keys: ["name", "parent", "props", "type"] },
                {
                    name: "a-red",
                    role: "observee",
                    mode: "sidecar-remote-write",
                    warnings: [],
                    keys: ["name", "parent", "props", "type"],
                },
            ],
        );
    });

    it("reads rule files beside the stack file", () => {
        const { stacks } = JSON.parse(runs.all.stdout) as FleetPlan;
        const config = stacks[0]?.resources.find(({ type, name }) => type.endsWith(":ConfigMap") && name === "thanos-rule");
        assert.deepEqual(Object.keys(config?.props.data as object), ["fleet.yml"]);
    });

    it("--json masks secrets, those of the settings too", () => {
        const { stacks } = JSON.parse(runs.all.stdout) as FleetPlan;
        const objstore = stacks[0]?.resources.find(({ name }) => name === "thanos-objstore-blue");
        assert.equal(objstore?.props.stringData, "[secret]");
        assert.ok(!runs.all.stdout.includes("the service account's key"));
    });

    it("--stack plans that stack only, with the observer's stack file beside it", () => {
        assert.equal(runs.one.code, 0, runs.one.stderr);
        assert.match(runs.one.stdout, /^a-red +sidecar-remote-write +\d+ resources {3}recent data read from Receive and red;/);
        assert.doesNotMatch(runs.one.stdout, /^observer|warning/m);
    });

    it("plans a stack whose credentials are encrypted, which it cannot read", () => {
        const { code, stdout, stderr } = runs.secret;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        const { stacks } = JSON.parse(stdout) as FleetPlan;
        assert.deepEqual(
            stacks.map(({ name, role, warnings }) => ({ name, role, warnings })),
            [
                { name: "part", role: "observer", warnings: [] },
                { name: "whole", role: "observer", warnings: [] },
            ],
        );
        assert.deepEqual(
            stacks[0]?.resources.map(({ name }) => name),
            stacks[1]?.resources.map(({ name }) => name),
        );
        assert.doesNotMatch(stdout, /v1:a/);
    });

    it("exits with 2 if --stack names a stack without a file", () => {
        const { code, stdout, stderr } = runs.missing;
        assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
        assert.match(stderr, /^stack green.*\n {2}Pulumi\.green\.yaml: does not exist\. .*\n$/);
    });

    it("exits with 2 and lists every problem of a stack file, without a stack trace", () => {
        const { code, stdout, stderr } = runs.wrong;
        assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
        assert.match(stderr, /^configuration of stack blue/);
        const paths = [...stderr.matchAll(/^ {2}([\w.]+)(?: Pulumi\.blue\.yaml:1)?: /gm)].map(([, path]) => path);
        assert.deepEqual(paths, ["cluster", "domain", "aws", "aws.bucket"]);
        assert.doesNotMatch(stderr, /\n\s+at /);
    });
});
