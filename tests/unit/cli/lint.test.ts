import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Ajv from "ajv-draft-04";
import { LARGEST_FILE } from "../../../lint/files";
import { RULES } from "../../../rules";
import { compactor } from "../../support/lintCases";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

interface Finished {
    code: number;
    stdout: string;
    stderr: string;
}

const SHORT = compactor("c", ["30h", "90d", "90d"]);

/** A folder with these files. */
function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
    const folder = temporaryDirectory();
    for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
    }
    return folder;
}

/** Runs `thanos-fleet lint <args>` in a folder. */
const lint = (folder: string, args: readonly string[], input = ""): Promise<Finished> =>
    new Promise((resolve) => {
        const nodeArgs = [join(ROOT, "cli", "thanos-fleet.js"), "lint", ...args];
        const child = execFile(process.execPath, nodeArgs, { cwd: folder, timeout: 60_000, maxBuffer: 2 ** 26 }, (_, stdout, stderr) =>
            resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
        child.stdin?.end(input);
    });

describe("thanos-fleet lint", function () {
    this.timeout(120_000);

    it("prints findings, what it recognised and what it could not decide, and ends with 1", async () => {
        const { code, stdout, stderr } = await lint(folderOf({ "k8s/compact.yaml": SHORT, "README.md": "a: [" }), ["k8s"]);
        assert.deepEqual({ code, stderr }, { code: 1, stderr: "" });
        const [first = "", , last = ""] = stdout.trimEnd().split("\n\n");
        assert.deepEqual(first.split("\n"), [
            "k8s/compact.yaml:14 L4 critical",
            "  StatefulSet c.retention.raw: 30h is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired.",
            `  why     ${RULES.find(({ id }) => id === "L4")?.why}`,
            "  remedy  Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            "  14 | - --retention.resolution-raw=30h",
        ]);
        assert.match(last, /^2 findings; recognised 1 component: StatefulSet c; \d+ rules undecidable: .*L7, .* \(no receives given\)/);
    });

    it("ends with 0 if nothing is wrong", async () => {
        const { code, stdout } = await lint(folderOf({ "a.yml": compactor("c") }), ["."]);
        assert.deepEqual([code, stdout.slice(0, 10)], [0, "0 findings"]);
    });

    it("ends with 0 if every finding is milder than --fail-on", async () => {
        const folder = folderOf({
            "p.yaml": "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {thanos: {}}\n",
        });
        const codes = await Promise.all([
            lint(folder, ["."]),
            lint(folder, [".", "--fail-on", "critical"]),
            lint(folder, [".", "--fail-on", "mild"]),
        ]);
        assert.deepEqual(
            codes.map(({ code }) => code),
            [1, 0, 2],
        );
        assert.match(codes[1]?.stdout ?? "", /^p\.yaml:1 L31 high/);
    });

    it("--json prints an array and nothing else, from standard input too", async () => {
        const folder = folderOf({ "clean.json": "{}" });
        const [found, clean] = await Promise.all([lint(folder, ["-", "--json"], SHORT), lint(folder, ["clean.json", "--format", "json"])]);
        assert.deepEqual([found.code, clean.code, clean.stdout], [1, 0, "[]\n"]);
        const [first] = JSON.parse(found.stdout) as Record<string, unknown>[];
        assert.deepEqual(Object.keys(first ?? {}), ["rule", "severity", "file", "line", "message", "remedy"]);
        assert.deepEqual([first?.rule, first?.file, first?.line], ["L4", "stdin", 14]);
        assert.match(found.stderr, /^2 findings; recognised 1 component/);
    });

    it("--format github prints annotations whose fields are escaped", async () => {
        const folder = folderOf({ "a,b/100%.yaml": SHORT.replace("90d", "100000y") });
        const { stdout } = await lint(folder, ["--format", "github", "."]);
        assert.deepEqual(
            stdout,
            '::error file=a%2Cb/100%25.yaml,line=15,title=not read::a,b/100%25.yaml StatefulSet c cannot be read: --retention.resolution-5m: "100000y" is longer than Prometheus can count (292y). Write 0d to keep for ever. Thanos refuses it too.\n',
        );
        const annotations = (await lint(folderOf({ "a.yaml": SHORT }), ["--format", "github", "--fail-on", "critical", "."])).stdout.split(
            "\n",
        );
        assert.deepEqual(
            annotations.map((line) => line.split("::").slice(0, 2).join("::")),
            ["::error file=a.yaml,line=14,title=L4", "::warning file=a.yaml,line=14,title=L34", ""],
        );
    });

    describe("--format sarif", () => {
        const schema = JSON.parse(
            readFileSync(require.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"),
        ) as object;
        // Its formats need another package; the addresses below are expected word by word. One of its patterns is none with the flag u.
        const isValid = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
        interface Log {
            runs: [
                {
                    results: Record<string, unknown>[];
                    invocations: [{ executionSuccessful: boolean; toolExecutionNotifications: object[] }];
                    tool: { driver: { rules: { id: string }[] } };
                },
            ];
        }
        const sarif = async (files: Readonly<Record<string, string>>) => {
            const log = JSON.parse((await lint(folderOf(files), [".", "--format", "sarif"])).stdout) as Log;
            assert.deepEqual([isValid(log), isValid.errors], [true, null]);
            return log.runs[0];
        };

        it("is valid, has results, and marks those that are suppressed", async () => {
            const run = await sarif({
                "k8s/a b.yaml": SHORT.replace(
                    "spec:\n",
                    "  annotations: {thanos-fleet/ignore: 'L2: two for a day'}\nspec:\n  replicas: 2\n",
                ),
            });
            const location = (startLine: number) => [
                { physicalLocation: { artifactLocation: { uri: "k8s/a%20b.yaml" }, region: { startLine } } },
            ];
            assert.deepEqual(
                run.results.map(({ ruleId, level, locations, suppressions }) => ({ ruleId, level, locations, suppressions })),
                [
                    { ruleId: "L4", level: "error", locations: location(16), suppressions: undefined },
                    { ruleId: "L34", level: "warning", locations: location(16), suppressions: undefined },
                    {
                        ruleId: "L2",
                        level: "error",
                        locations: location(8),
                        suppressions: [{ kind: "inSource", justification: "two for a day" }],
                    },
                ],
            );
            for (const { ruleId, ruleIndex } of run.results) assert.equal(run.tool.driver.rules[ruleIndex as number]?.id, ruleId);
        });

        it("is valid without a finding, with an empty list of results", async () =>
            assert.deepEqual((await sarif({ "a.yaml": "a: 1" })).results, []));

        it("is valid with what could not be read, as notifications", async () => {
            const run = await sarif({ "a.yaml": "a: [" });
            assert.deepEqual(
                [run.results, run.invocations[0].executionSuccessful, run.invocations[0].toolExecutionNotifications.length],
                [[], false, 1],
            );
        });

        it("is not valid to its schema if a result has no message", () =>
            assert.equal(isValid({ version: "2.1.0", runs: [{ tool: { driver: { name: "x" } }, results: [{}] }] }), false));
    });

    it("says what it cannot read, lints the rest, and ends with 2", async () => {
        const folder = folderOf({
            "a/good.yaml": SHORT,
            "a/binary.yaml": Buffer.from([0x61, 0, 0x62]),
            "a/latin.yaml": Buffer.from("a: caf\xe9\n", "latin1"),
            "a/utf16.yaml": Buffer.from("\ufeffa: b\n", "utf16le"),
            "a/broken.yaml": "a: 1\n---\nb: [\n",
            "a/chart/Chart.yaml": "name: x\n",
            "a/chart/values.yaml": "a: 1\n",
            "a/chart/templates/x.yaml": "{{ if }}",
            "a/.git/config.yaml": "a: [",
            "a/huge.yaml": "",
        });
        truncateSync(join(folder, "a/huge.yaml"), LARGEST_FILE + 1);
        symlinkSync("..", join(folder, "a/up"));
        symlinkSync("loop.yaml", join(folder, "a/loop.yaml"));
        symlinkSync("nothing.yaml", join(folder, "a/broken-link.yaml"));
        symlinkSync("good.yaml", join(folder, "a/same.yaml"));
        const { code, stdout, stderr } = await lint(folder, ["a", "missing", "a/good.yaml", "--json"]);
        assert.equal(code, 2);
        assert.deepEqual(
            (JSON.parse(stdout) as { file: string }[]).map(({ file }) => file),
            ["a/good.yaml", "a/good.yaml"],
        );
        assert.deepEqual(stderr.trimEnd().split("\n").slice(0, -1), [
            "a/binary.yaml:1 is binary. Name YAML or JSON files.",
            "a/broken-link.yaml:1 does not exist. Name files or folders that exist, or - for standard input.",
            "a/broken.yaml:4 is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. Mend it.",
            "a/chart/Chart.yaml:1 is of a Helm chart that is not rendered. Lint what `helm template` renders.",
            "a/huge.yaml:1 is larger than 64 MiB, the most that is read of one file. Split it.",
            "a/latin.yaml:1 is not UTF-8. Convert it, for instance with iconv.",
            "a/loop.yaml:1 is a link that leads to itself. Remove it.",
            "a/utf16.yaml:1 is not UTF-8. Convert it, for instance with iconv.",
            "missing:1 does not exist. Name files or folders that exist, or - for standard input.",
        ]);
    });

    it("takes no patch of a kustomization for an object, and says that it reads none", async () => {
        const prometheus = (spec: string) =>
            `apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s, namespace: monitoring}\nspec: ${spec}\n`;
        const deployment = (args: string) =>
            `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: compact}\nspec: {strategy: {type: Recreate}, template: {spec: {containers: [{name: c, image: "thanos:v0.42.4", args: ${args}}]}}}\n`;
        const folder = folderOf({
            "base/kustomization.yaml": "resources: [prometheus.yaml, compact.yaml]\n",
            "base/prometheus.yaml": prometheus("{replicas: 2, thanos: {}}"),
            "base/compact.yaml": deployment("[compact]"),
            "overlays/prod/kustomization.yaml":
                "resources: [../../base]\npatches:\n  - path: prometheus-patch.yaml\n  - {path: patches/compact.yaml, target: {kind: Deployment}}\n  - patch: '[]'\n",
            "overlays/prod/prometheus-patch.yaml": prometheus("{thanos: {logLevel: debug}}"),
            "overlays/prod/patches/compact.yaml": deployment("[compact, --debug.accept-malformed-index]").replace(
                "strategy: {type: Recreate}, ",
                "",
            ),
        });
        const { code, stdout } = await lint(folder, ["."]);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /1 passed over: overlays\/prod\/kustomization\.yaml \(3 patches: lint what `kustomize build` renders\)/);
        const notices = await lint(folder, [".", "--format", "github"]);
        assert.equal(
            notices.stdout,
            "::notice file=overlays/prod/kustomization.yaml,line=1,title=passed over::overlays/prod/kustomization.yaml is passed over (3 patches: lint what `kustomize build` renders).\n",
        );
        assert.equal((await lint(folder, ["overlays/prod/patches/compact.yaml"])).code, 1);
    });

    it("--changed-since prints only what changed since the branch began, new and uncommitted files too", async () => {
        const folder = folderOf({ "old.yaml": SHORT, "changed.yaml": compactor("d"), "k/clean.yaml": compactor("f") });
        const git = (...args: string[]) =>
            execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t.test", ...args], { cwd: folder, stdio: "pipe" });
        git("init", "-q", "-b", "main");
        git("add", ".");
        git("commit", "-qm", "one");
        git("checkout", "-qb", "work");
        writeFileSync(join(folder, "changed.yaml"), compactor("d", ["30h", "90d", "90d"]));
        git("commit", "-qam", "two");
        // Like the branch of a clone that is shallow.
        git("update-ref", "refs/heads/apart", git("commit-tree", "HEAD^{tree}", "-m", "another beginning").toString().trim());
        writeFileSync(join(folder, "k/new.yaml"), compactor("e", ["30h", "90d", "90d"]));
        const files = async (...args: string[]) => {
            const { code, stdout } = await lint(folder, [".", "--json", ...args]);
            return code === 2
                ? (JSON.parse(stdout) as { error: Error }).error.message
                : [...new Set((JSON.parse(stdout) as { file: string }[]).map(({ file }) => file))];
        };
        assert.deepEqual(
            await Promise.all([
                files(),
                files("--changed-since", "main"),
                files("--changed-since", "HEAD"),
                files("--changed-since", "nowhere"),
                files("--changed-since=--output=x"),
                files("--changed-since", "apart"),
            ]),
            [
                ["changed.yaml", "k/new.yaml", "old.yaml"],
                ["changed.yaml", "k/new.yaml"],
                ["k/new.yaml"],
                "--changed-since: git says: fatal: Not a valid object name nowhere",
                "--changed-since: git says: fatal: Not a valid object name --output=x",
                "--changed-since: apart and HEAD have no common commit here. Fetch the whole history: fetch-depth: 0 of actions/checkout, or git fetch --unshallow.",
            ],
        );
        assert.match(
            (await lint(temporaryDirectory(), ["-", "--changed-since", "main"])).stderr,
            /^--changed-since: git says: fatal: not a git repository/,
        );
    });

    it("loads neither Pulumi nor the schema library", async () => {
        const preload = join(
            folderOf({ "loaded.js": 'process.on("exit", () => console.error(Object.keys(require.cache).join("\\n")))' }),
            "loaded.js",
        );
        const { stderr } = await new Promise<Finished>((resolve) => {
            const nodeArgs = ["-r", preload, "cli/thanos-fleet.js", "lint", "--help"];
            const child = execFile(process.execPath, nodeArgs, { cwd: ROOT, timeout: 60_000 }, (_, stdout, output) =>
                resolve({ code: child.exitCode ?? -1, stdout, stderr: output }),
            );
        });
        const packages = new Set([...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(([, name = ""]) => name));
        assert.ok(packages.has("yaml"), stderr);
        assert.deepEqual(
            [...packages].filter((name) => /^(@pulumi\/|zod$|ts-node$)/.test(name)),
            [],
        );
    });
});
