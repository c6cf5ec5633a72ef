import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../config/configError";
import { readStackFolder } from "../../../plan/folder";
import { planFleet } from "../../../plan/planFleet";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";

/** A stack file that nothing is wrong with, and these settings. */
const set = (...settings: string[]) =>
    [
        "config:",
        ...["role: observer", "cluster: observer", "domain: fleet.test", "cloud: local", ...settings].map(
            (line) => `    thanos-fleet:${line}`,
        ),
        "",
    ].join("\n");

/** What the message is about: a file that cannot be read, or its settings. */
const FILE = "stack blue";
const SETTINGS = "configuration of stack blue";

/** Every problem begins with the line of the file. */
const STACK_FILES: { what: string; file: string | Buffer; subject: string; problems: string[] }[] = [
    {
        what: "a bracket that is not closed",
        file: set("query: {replicas: 2"),
        subject: FILE,
        problems: [
            "Pulumi.blue.yaml:7: is no YAML: Flow map in block collection must be sufficiently indented and end with a }. Correct this line or the one before it.",
        ],
    },
    {
        what: "a colon too many",
        file: set("query: replicas: 2"),
        subject: FILE,
        problems: [
            "Pulumi.blue.yaml:6: is no YAML: Nested mappings are not allowed in compact mappings. Correct this line or the one before it.",
        ],
    },
    {
        what: "a tab as indentation",
        file: "config:\n\tthanos-fleet:role: observer\n",
        subject: FILE,
        problems: ["Pulumi.blue.yaml:2: begins with a tab. Indent with spaces."],
    },
    {
        what: "a wrong indentation",
        file: "config:\n    thanos-fleet:role: observer\n  thanos-fleet:cluster: blue\n",
        subject: FILE,
        problems: [
            "Pulumi.blue.yaml:3: is no YAML: All mapping items must start at the same column. Correct this line or the one before it.",
        ],
    },
    {
        what: "a key written twice",
        file: set("query: {replicas: 2}", "query: {replicas: 3}"),
        subject: FILE,
        problems: ['Pulumi.blue.yaml:7: "thanos-fleet:query" is written twice. Remove one of the two.'],
    },
    {
        what: "a nested key written twice",
        file: set("query:", "    replicas: 2", "    replicas: 3").replace(/ {4}thanos-fleet: {4}replicas/g, "        replicas"),
        subject: FILE,
        problems: ['Pulumi.blue.yaml:8: "replicas" is written twice. Remove one of the two.'],
    },
    {
        what: "a quote that is not closed",
        file: set('chart: "charts'),
        subject: FILE,
        problems: ['Pulumi.blue.yaml:7: is no YAML: Missing closing "quote. Correct this line or the one before it.'],
    },
    {
        what: "an alias of nothing",
        file: set("query: *nothing"),
        subject: FILE,
        problems: [
            "Pulumi.blue.yaml:6: *nothing stands for nothing, or for what it is in. Write &nothing before the value that it stands for.",
        ],
    },
    {
        what: "an alias of what it is in",
        file: set("tools: &tools [*tools]"),
        subject: FILE,
        problems: [
            "Pulumi.blue.yaml:6: *tools stands for nothing, or for what it is in. Write &tools before the value that it stands for.",
        ],
    },
    {
        what: "an unknown tag",
        file: set("tools: !fancy ls"),
        subject: FILE,
        problems: ["Pulumi.blue.yaml:6: is no YAML: Unresolved tag: !fancy. Correct this line or the one before it."],
    },
    {
        what: "two documents",
        file: `${set()}---\nconfig: {}\n`,
        subject: FILE,
        problems: ["Pulumi.blue.yaml:6: begins a second document. Write one: remove the line `---`."],
    },
    {
        what: "an empty file",
        file: "",
        subject: FILE,
        problems: ["Pulumi.blue.yaml: is empty. Copy Pulumi.observer.yaml or Pulumi.observee.yaml."],
    },
    {
        what: "a file of comments",
        file: "# nothing yet\n",
        subject: FILE,
        problems: ["Pulumi.blue.yaml: is empty. Copy Pulumi.observer.yaml or Pulumi.observee.yaml."],
    },
    {
        what: "a single value instead of a map",
        file: "observer\n",
        subject: FILE,
        problems: ["Pulumi.blue.yaml:1: is a single value, not a map of settings. Copy Pulumi.observer.yaml or Pulumi.observee.yaml."],
    },
    {
        what: "a list instead of a map",
        file: "- role: observer\n",
        subject: FILE,
        problems: ["Pulumi.blue.yaml:1: is a list, not a map of settings. Copy Pulumi.observer.yaml or Pulumi.observee.yaml."],
    },
    {
        what: "bytes that are no UTF-8",
        file: Buffer.from([0x63, 0x6f, 0x6e, 0x66, 0xff, 0xfe, 0x3a]),
        subject: FILE,
        problems: ["Pulumi.blue.yaml: cannot be read (The encoded data was not valid for encoding utf-8). Write it as YAML, in UTF-8."],
    },
    {
        what: "5,000 lists in each other",
        file: `config: ${"[".repeat(5000)}\n`,
        subject: FILE,
        problems: ["Pulumi.blue.yaml:1: is nested too deeply. No setting has more than a few levels."],
    },
    {
        what: "a list under config",
        file: "config:\n    - thanos-fleet:role: observer\n",
        subject: FILE,
        problems: ["config Pulumi.blue.yaml:1: is a list, not a map of settings. Write each setting as thanos-fleet:NAME: VALUE."],
    },
    {
        what: "a single value under config",
        file: "config: observer\n",
        subject: FILE,
        problems: ["config Pulumi.blue.yaml:1: is a single value, not a map of settings. Write each setting as thanos-fleet:NAME: VALUE."],
    },
    {
        what: "a section of another name",
        file: set().replace("config:", "confg:"),
        subject: FILE,
        problems: ["confg Pulumi.blue.yaml:1: is no section of a stack file. Write settings under config:, each as thanos-fleet:NAME."],
    },
    {
        what: "a setting without a value",
        file: set("query:"),
        subject: FILE,
        problems: ["thanos-fleet:query Pulumi.blue.yaml:6: has no value. Write one, or remove the line."],
    },
    {
        what: "a setting that does not exist",
        file: set("querry: {replicas: 2}"),
        subject: SETTINGS,
        problems: ["querry Pulumi.blue.yaml:6: is not a setting here. Remove it, or look up its name in docs/configuration.md."],
    },
    {
        what: "a name that nearly is a setting's",
        file: set("observee: []"),
        subject: SETTINGS,
        problems: ["observee Pulumi.blue.yaml:6: is not a setting here. Did you mean observees?"],
    },
    {
        what: "a nested setting that does not exist",
        file: set("query: {replica: 2}"),
        subject: SETTINGS,
        problems: ["query.replica Pulumi.blue.yaml:6: is not a setting here. Remove it, or look up its name in docs/configuration.md."],
    },
    {
        what: "a wrong setting without the project's name",
        file: `${set()}    namespace: Кирилл\n`,
        subject: SETTINGS,
        problems: [
            'namespace Pulumi.blue.yaml:6: "Кирилл" is not the name of a Kubernetes namespace. Use 1 to 63 lower-case letters, digits and hyphens.',
        ],
    },
    {
        what: "text instead of a section",
        file: set("aws: hello").replace("cloud: local", "cloud: aws"),
        subject: SETTINGS,
        problems: ['aws Pulumi.blue.yaml:6: "hello" is not a map of settings.'],
    },
    {
        what: "text that begins like a list",
        file: set("observees: '[blue'"),
        subject: SETTINGS,
        problems: ['observees Pulumi.blue.yaml:6: "[blue" is not a list.'],
    },
    {
        what: "a map instead of a list",
        file: set("observees: {name: blue, mode: sidecar}"),
        subject: SETTINGS,
        problems: ['observees Pulumi.blue.yaml:6: {"name":"blue","mode":"sidecar"} is not a list.'],
    },
    {
        what: "text instead of an observee",
        file: set("observees: [blue]"),
        subject: SETTINGS,
        problems: ['observees[0] Pulumi.blue.yaml:6: "blue" is not a map of settings.'],
    },
    {
        what: "an unknown mode",
        file: set("observees: [{name: blue, mode: push}]"),
        subject: SETTINGS,
        problems: ['observees[0].mode Pulumi.blue.yaml:6: "push" is not known. Write sidecar, sidecar-remote-write or agent.'],
    },
    {
        what: "a cluster listed twice",
        file: set("observees:", "- {name: blue, mode: sidecar}", "- {name: blue, mode: sidecar}").replace(
            / {4}thanos-fleet:- /g,
            "        - ",
        ),
        subject: SETTINGS,
        problems: [
            'observees[1].name Pulumi.blue.yaml:8: "blue" is used twice (also observees[0].name). External labels must differ, or blocks of two clusters are merged and Compact halts. Rename one.',
        ],
    },
    {
        what: "a non-ASCII namespace",
        file: set("namespace: Кирилл"),
        subject: SETTINGS,
        problems: [
            'namespace Pulumi.blue.yaml:6: "Кирилл" is not the name of a Kubernetes namespace. Use 1 to 63 lower-case letters, digits and hyphens.',
        ],
    },
    {
        what: "a long namespace",
        file: set(`namespace: ${"n".repeat(64)}`),
        subject: SETTINGS,
        problems: [
            'namespace Pulumi.blue.yaml:6: "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" is not the name of a Kubernetes namespace. Use 1 to 63 lower-case letters, digits and hyphens.',
        ],
    },
    {
        what: "upper-case cluster",
        file: set().replace("cluster: observer", "cluster: Observer"),
        subject: SETTINGS,
        problems: [
            'cluster Pulumi.blue.yaml:3: "Observer" is not a cluster name. Use 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.',
        ],
    },
    {
        what: "a label of a domain with 64 letters",
        file: set().replace("fleet.test", `${"a".repeat(64)}.test`),
        subject: SETTINGS,
        problems: [
            'domain Pulumi.blue.yaml:4: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test" is not a DNS domain. Write for instance fleet.example.internal.',
        ],
    },
    {
        what: "an encrypted domain",
        file: set().replace("domain: fleet.test", "domain: {secure: v1:abc:def}"),
        subject: SETTINGS,
        problems: [
            "domain Pulumi.blue.yaml:4: is encrypted, but the plan depends on its value. Write it in the clear: `pulumi config set --plaintext`.",
        ],
    },
    {
        what: "an encrypted number",
        file: set("query: {replicas: {secure: v1:abc:def}}"),
        subject: SETTINGS,
        problems: [
            "query.replicas Pulumi.blue.yaml:6: is encrypted, but the plan depends on its value. Write it in the clear: `pulumi config set --plaintext`.",
        ],
    },
    {
        what: "a secret section",
        file: set("query: {secure: v1:abc:def}"),
        subject: SETTINGS,
        problems: [
            "query Pulumi.blue.yaml:6: is encrypted, but the plan depends on its value. Write it in the clear: `pulumi config set --plaintext`.",
        ],
    },
    {
        what: "no pods",
        file: set("query: {replicas: 0}"),
        subject: SETTINGS,
        problems: ["query.replicas Pulumi.blue.yaml:6: 0 is too small: write at least 1."],
    },
    {
        what: "a negative number",
        file: set("query: {replicas: -1}"),
        subject: SETTINGS,
        problems: ["query.replicas Pulumi.blue.yaml:6: -1 is too small: write at least 1."],
    },
    {
        what: "half a pod",
        file: set("query: {replicas: 1.5}"),
        subject: SETTINGS,
        problems: ["query.replicas Pulumi.blue.yaml:6: 1.5 is not a whole number."],
    },
    {
        what: "10^9 ingesters",
        file: set("receive: {ingesters: 1000000000}"),
        subject: SETTINGS,
        problems: ["receive.ingesters Pulumi.blue.yaml:6: 1000000000 is too large: write at most 1000."],
    },
    {
        what: "10^30 ingesters",
        file: set("receive: {ingesters: 1000000000000000000000000000000}"),
        subject: SETTINGS,
        problems: ["receive.ingesters Pulumi.blue.yaml:6: 1e+30 is too large: write at most 1000."],
    },
    {
        what: "2^53-1 pods",
        file: set("query: {replicas: 9007199254740991}"),
        subject: SETTINGS,
        problems: ["query.replicas Pulumi.blue.yaml:6: 9007199254740991 is too large: write at most 1000."],
    },
    {
        what: "infinitely many pods",
        file: set("query: {replicas: .inf}"),
        subject: SETTINGS,
        problems: ['query.replicas Pulumi.blue.yaml:6: "Infinity" is not a number.'],
    },
    {
        what: "number in quotes",
        file: set('query: {replicas: "2"}'),
        subject: SETTINGS,
        problems: ['query.replicas Pulumi.blue.yaml:6: "2" is not a number.'],
    },
    {
        what: "yes instead of true",
        file: set("createNamespace: yes"),
        subject: SETTINGS,
        problems: ['createNamespace Pulumi.blue.yaml:6: "yes" is not true or false.'],
    },
    {
        what: "a volume of 10^20 gibibytes",
        file: set("store: {storage: 99999999999999999999Gi}"),
        subject: SETTINGS,
        problems: [
            'store.storage Pulumi.blue.yaml:6: "99999999999999999999Gi" is more than any machine or volume has: write at most 64Ti.',
        ],
    },
    {
        what: "size without unit",
        file: set("store: {storage: 50}"),
        subject: SETTINGS,
        problems: ["store.storage Pulumi.blue.yaml:6: 50 is not text. Put it in quotes."],
    },
    {
        what: "a size in GB",
        file: set("store: {memory: 4GB}"),
        subject: SETTINGS,
        problems: ['store.memory Pulumi.blue.yaml:6: "4GB" is not a size. Write a whole number and Mi, Gi or Ti, for instance 50Gi.'],
    },
    {
        what: "10^8 cores",
        file: set("query: {cpu: '99999999'}"),
        subject: SETTINGS,
        problems: ['query.cpu Pulumi.blue.yaml:6: "99999999" is more than any machine has: write at most 2000 cores.'],
    },
    {
        what: "half a core as a number",
        file: set("query: {cpu: 0.5}"),
        subject: SETTINGS,
        problems: ["query.cpu Pulumi.blue.yaml:6: 0.5 is not text. Put it in quotes."],
    },
    {
        what: "minutes spelled out",
        file: set("query: {timeout: 2 minutes}"),
        subject: SETTINGS,
        problems: [
            'query.timeout Pulumi.blue.yaml:6: "2 minutes" is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance 2m.',
        ],
    },
    {
        what: "ten million years",
        file: set("receive: {retention: 9999999y}"),
        subject: SETTINGS,
        problems: [
            'receive.retention Pulumi.blue.yaml:6: "9999999y" is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance 7d.',
        ],
    },
    {
        what: "10^30 series",
        file: set("store: {limits: {requestSeries: 1e30}}"),
        subject: SETTINGS,
        problems: ["store.limits.requestSeries Pulumi.blue.yaml:6: 1e+30 is too large: write at most 9007199254740991."],
    },
    {
        what: "a StorageClass with a space",
        file: set("storageClass: Fast SSD"),
        subject: SETTINGS,
        problems: [
            'storageClass Pulumi.blue.yaml:6: "Fast SSD" is not the name of a StorageClass. Use lower-case letters, digits, hyphens and dots.',
        ],
    },
    {
        what: "a Secret with two dots",
        file: set("alerting: {configSecret: a..b}"),
        subject: SETTINGS,
        problems: [
            'alerting.configSecret Pulumi.blue.yaml:6: "a..b" is not the name of a Secret. Use lower-case letters, digits, hyphens and dots.',
        ],
    },
    {
        what: "a node label without a name",
        file: set("pods: {nodeSelector: {pool/: x}}"),
        subject: SETTINGS,
        problems: [
            'pods.nodeSelector.pool/ Pulumi.blue.yaml:6: "x" stands under a name that is no label. Write for instance example.com/pool.',
        ],
    },
    {
        what: "a node label's value with a space",
        file: set("pods: {nodeSelector: {example.com/pool: big one}}"),
        subject: SETTINGS,
        problems: [
            'pods.nodeSelector.example.com/pool Pulumi.blue.yaml:6: "big one" is not the value of a label. Use up to 63 letters, digits, hyphens, dots and underscores.',
        ],
    },
    {
        what: "a non-ASCII external label",
        file: set("prometheus: {externalLabels: {Кирилл: x}}"),
        subject: SETTINGS,
        problems: [
            'prometheus.externalLabels.Кирилл Pulumi.blue.yaml:6: "x" stands under a name that is no label. Use letters, digits and underscores.',
        ],
    },
    {
        what: "an unknown operator",
        file: set("pods: {tolerations: [{key: a, operator: Maybe}]}"),
        subject: SETTINGS,
        problems: ['pods.tolerations[0].operator Pulumi.blue.yaml:6: "Maybe" is not known. Write Equal or Exists.'],
    },
    {
        what: "a rule file that does not exist",
        file: set("rule: {files: [nothing.yml]}"),
        subject: SETTINGS,
        problems: [
            'rule.files[0] Pulumi.blue.yaml:6: "nothing.yml" cannot be read (ENOENT). Write a path that begins where Pulumi.yaml is.',
        ],
    },
    {
        what: "a rule file without an end",
        file: set("rule: {files: [/dev/zero]}"),
        subject: SETTINGS,
        problems: [
            'rule.files[0] Pulumi.blue.yaml:6: "/dev/zero" cannot be read (no file). Write a path that begins where Pulumi.yaml is.',
        ],
    },
    {
        what: "a retention shorter than three blocks",
        file: set("prometheus: {retention: 1h}"),
        subject: SETTINGS,
        problems: [
            "prometheus.retention Pulumi.blue.yaml:6: 1h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer; 24h survives a night without S3.",
        ],
    },
    {
        what: "two mistakes",
        file: set("query: {replicas: 0, cpu: many}"),
        subject: SETTINGS,
        problems: [
            "query.replicas Pulumi.blue.yaml:6: 0 is too small: write at least 1.",
            'query.cpu Pulumi.blue.yaml:6: "many" is not an amount of CPU. Write a whole number of cores, or of thousandths with m, for instance 250m.',
        ],
    },
    {
        what: "a key that JavaScript itself uses",
        file: set("query: {__proto__: {replicas: 2}}"),
        subject: SETTINGS,
        problems: ["query.__proto__ Pulumi.blue.yaml:6: is not a setting here. Remove it, or look up its name in docs/configuration.md."],
    },
    {
        what: "a number in a credential's place",
        file: set("objectStore: {type: S3, config: {bucket: 1, endpoint: s3}}"),
        subject: SETTINGS,
        problems: ["objectStore.config.bucket Pulumi.blue.yaml:6: (not shown) is not text. Put it in quotes."],
    },
    {
        what: "an unknown role",
        file: set().replace("role: observer", "role: observator"),
        subject: SETTINGS,
        problems: ['role Pulumi.blue.yaml:2: "observator" is not known. Write observer or observee.'],
    },
];

/** Wrong command lines, and the whole of what they print. `%`: a folder without stack files. */
const COMMAND_LINES: { args: string[]; stderr: string }[] = [
    { args: ["--bogus"], stderr: "error: unknown option '--bogus'\n" },
    { args: ["observer"], stderr: "error: too many arguments for 'plan'. Expected 0 arguments but got 1.\n" },
    { args: ["--stack"], stderr: "error: option '--stack <name...>' argument missing\n" },
    {
        args: ["-C", "/nonexistent"],
        stderr: "command line: 1 problem. Nothing was changed.\n  --cwd /nonexistent: does not exist. Name the directory of Pulumi.yaml and the stack files.\n",
    },
    {
        args: ["-C", "README.md"],
        stderr: "command line: 1 problem. Nothing was changed.\n  --cwd README.md: is no directory. Name the directory of Pulumi.yaml and the stack files.\n",
    },
    {
        args: ["-C", "%"],
        stderr: "command line: 1 problem. Nothing was changed.\n  --cwd %: has no Pulumi.yaml. Name the directory of Pulumi.yaml and the stack files.\n",
    },
    {
        args: ["--stack", "green"],
        stderr: "stack green: 1 problem. Nothing was changed.\n  Pulumi.green.yaml: does not exist. Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another stack.\n",
    },
];

describe("a wrong stack file", () => {
    const here = process.cwd();
    let folder = "";
    before(() => {
        folder = temporaryDirectory();
        copyFileSync(join(ROOT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    });
    afterEach(() => process.chdir(here));

    /** What `thanos-fleet plan -C <folder>` prints to standard error. */
    async function planOf(file: string | Buffer): Promise<string | undefined> {
        writeFileSync(join(folder, "Pulumi.blue.yaml"), file);
        try {
            process.chdir(folder);
            const { stacks, find } = readStackFolder();
            await planFleet(stacks, find);
            return undefined;
        } catch (error) {
            if (error instanceof ConfigError) return error.message;
            throw error;
        }
    }

    it("is missed where there is none", () => {
        const empty = mkdtempSync(join(temporaryDirectory(), "empty-"));
        process.chdir(empty);
        assert.throws(() => readStackFolder(), {
            message:
                "stack files: 1 problem. Nothing was changed.\n  Pulumi.<name>.yaml: does not exist, whatever the name. Copy Pulumi.observer.yaml or Pulumi.observee.yaml, or name another directory with --cwd.",
        });
    });

    it("is none that has no mistake", async () => assert.equal(await planOf(set()), undefined));

    for (const { what, file, subject, problems } of STACK_FILES)
        it(`is refused with its line: ${what}`, async () => {
            const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
            const lines = [`${subject}: ${count}. Nothing was changed.`, ...problems.map((problem) => `  ${problem}`)];
            assert.equal(await planOf(file), lines.join("\n"));
        });
});

describe("a wrong command line", function () {
    this.timeout(60_000);

    const plan = (args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> =>
        new Promise((resolve) => {
            const child = execFile(process.execPath, ["cli/thanos-fleet.js", "plan", ...args], { cwd: ROOT }, (_, stdout, stderr) =>
                resolve({ code: child.exitCode, stdout, stderr }),
            );
        });

    it("is refused with one message and exit code 2", async () => {
        const empty = mkdtempSync(join(temporaryDirectory(), "empty-"));
        const fill = (text: string) => text.replace("%", empty);
        for (const { args, stderr } of COMMAND_LINES)
            assert.deepEqual(await plan(args.map(fill)), { code: 2, stdout: "", stderr: fill(stderr) }, args.join(" "));
    });
});
