import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { VALUES } from "../../support/chartValues";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

/** A folder of stack files, with values of each chart beside it. */
function folder(files: Readonly<Record<string, string>> = {}): string {
    const directory = temporaryDirectory();
    copyFileSync(join(ROOT, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    for (const [name, text] of Object.entries({
        "thanos.yaml": VALUES.stevehipwell,
        "blue.yaml": VALUES["kube-prometheus-stack"],
        ...files,
    }))
        writeFileSync(join(directory, name), text);
    return directory;
}

/** Runs `thanos-fleet` in a folder. */
const cli = (cwd: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
        const options = { cwd, timeout: 180_000, maxBuffer: 2 ** 26 };
        const child = execFile(process.execPath, [join(ROOT, "cli", "thanos-fleet.js"), ...args], options, (_, stdout, stderr) =>
            resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
    });
const importHere = (cwd: string, ...args: string[]) => cli(cwd, "import", ...args, "-C", cwd);

describe("thanos-fleet import", function () {
    this.timeout(240_000);

    it("writes stack files that the plan accepts, and says what it did with every value", async () => {
        const directory = folder();
        const { code, stdout, stderr } = await importHere(directory, "thanos.yaml", "blue.yaml", "--domain", "fleet.test");
        assert.deepEqual([code, stderr], [0, ""]);
        assert.match(stdout, /^Pulumi\.observer\.yaml {2}observer observer\n {2}Carried over \(\d+\)\n/);
        assert.match(stdout, /\nPulumi\.blue\.yaml {2}observee blue\n/);
        assert.match(stdout, /\nTo decide\n {2}observer of blue: /);
        const plan = await cli(directory, "plan", "-C", directory, "--json");
        assert.deepEqual(
            [plan.code, (JSON.parse(plan.stdout) as { stacks: { name: string }[] }).stacks.map(({ name }) => name)],
            [0, ["observer", "blue"]],
        );
    });

    it("prints one JSON document with --json, and writes nothing with --dry-run", async () => {
        const directory = folder();
        const { code, stdout } = await importHere(directory, "thanos.yaml", "--json", "--dry-run");
        const { stacks, decide } = JSON.parse(stdout) as { stacks: Record<string, unknown>[]; decide: string[] };
        assert.deepEqual(
            [code, stacks.map((stack) => Object.keys(stack).sort()), stacks.map(({ file, written }) => [file, written]), decide.length],
            [
                0,
                [["carried", "differs", "file", "findings", "left", "name", "problems", "role", "settings", "written"]],
                [["Pulumi.observer.yaml", false]],
                1,
            ],
        );
        assert.ok(!existsSync(join(directory, "Pulumi.observer.yaml")));
    });

    it("overwrites no stack file unless told, and keeps Pulumi's key in it then", async () => {
        const before = "encryptionsalt: v1:salt\nconfig:\n    thanos-fleet:role: observer\n";
        const directory = folder({ "Pulumi.observer.yaml": before });
        const file = join(directory, "Pulumi.observer.yaml");
        const refused = await importHere(directory, "thanos.yaml");
        assert.deepEqual(
            [refused.code, refused.stderr, readFileSync(file, "utf8")],
            [
                2,
                "command line: 1 problem. Nothing was changed.\n  Pulumi.observer.yaml: is there already. Look at it, and add --force to overwrite it, or name another cluster (CLUSTER=FILE).\n",
                before,
            ],
        );
        assert.equal((await importHere(directory, "thanos.yaml", "--force")).code, 0);
        const after = parse(readFileSync(file, "utf8")) as { encryptionsalt: string; config: Record<string, unknown> };
        assert.deepEqual([after.encryptionsalt, after.config["thanos-fleet:cluster"]], ["v1:salt", "observer"]);
    });

    it("ends with 1 where the plan refuses what it wrote", async () => {
        const directory = folder({ "rule.yaml": VALUES["thanos-community"] });
        const { code, stdout } = await importHere(directory, "rule.yaml");
        assert.equal(code, 1);
        assert.match(stdout, /\n {2}To settle, or the plan refuses it \(1\)\n {4}rule\.files: is empty/);
    });

    it("takes the objstore file that is in a Secret from --object-store, and its prefix", async () => {
        const directory = folder({
            "secret.yaml": "existingObjstoreSecret: objstore\ncompactor: {enabled: true}",
            "objstore.yml": "type: S3\nprefix: /metrics/\nconfig: {bucket: b, endpoint: minio:9000}",
        });
        const { code, stdout } = await importHere(directory, "secret.yaml", "--object-store", "objstore.yml", "--json");
        const [stack] = (JSON.parse(stdout) as { stacks: { settings: Record<string, unknown> }[] }).stacks;
        assert.deepEqual(
            [code, stack?.settings.objectStore, stack?.settings.streams],
            [0, { type: "S3", config: { bucket: "b", endpoint: "minio:9000" } }, [{ name: "metrics", writers: [] }]],
        );
    });

    it("refuses values of no chart that it knows, and a chart that it does not know", async () => {
        const directory = folder({ "nginx.yaml": "replicaCount: 1" });
        const [values, chart] = [
            await importHere(directory, "nginx.yaml", "--json"),
            await importHere(directory, "thanos.yaml", "--chart", "kube-thanos"),
        ];
        assert.deepEqual([values.code, (JSON.parse(values.stdout) as { error: { exit: string } }).error.exit], [2, "wrongInput"]);
        assert.deepEqual(
            [chart.code, chart.stderr],
            [
                2,
                "command line: 1 problem. Nothing was changed.\n  --chart kube-thanos: is not a chart that import reads. Write bitnami, stevehipwell, thanos-community, kube-prometheus-stack, with @VERSION or without.\n",
            ],
        );
    });

    it("explains itself", async () => {
        const { code, stdout } = await cli(folder(), "import", "--help");
        assert.equal(code, 0);
        assert.match(
            stdout,
            /\nExamples:\n {2}thanos-fleet import thanos\.yaml --object-store objstore\.yml\n[\s\S]*\nExit code: 0 the plan accepts the files, 1 /,
        );
    });
});
