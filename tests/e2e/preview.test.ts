import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackPreview } from "../../rollout/preview";
import { EngineFleet } from "../support/engineFleet";
import { observeeConfig, observerConfig } from "../support/testFleet";

/** The real engine with the real program, and no cluster: plugins record what they are asked to create, or keep it in the state only. */
describe("thanos-fleet preview", () => {
    const fleet = new EngineFleet();
    const page = join(fleet.root, "page.md");

    /** Runs `preview --json --out`, and returns what each of the three says. */
    async function preview(...args: string[]) {
        const { code, stdout, stderr } = await fleet.thanosFleet("preview", "--json", "--out", page, ...args);
        const [document = "{}", error] = stdout.trim().split("\n");
        const { stacks = [] } = JSON.parse(document) as { stacks?: StackPreview[] };
        const find = (name: string) => stacks.find((stack) => stack.name === name) ?? assert.fail(`${name} is not in ${stdout}${stderr}`);
        return { code, find, stacks, page: readFileSync(page, "utf8").split("\n"), error, printed: stdout + stderr };
    }
    const rowOf = ({ page: lines }: { page: string[] }, stack: string) => lines.find((line) => line.startsWith(`| \`${stack}\` |`));

    /** A policy pack in which every namespace breaks a policy of this level. */
    function pack(level: "mandatory" | "advisory"): string {
        const directory = join(fleet.root, level);
        mkdirSync(directory);
        writeFileSync(join(directory, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: index.js\n");
        writeFileSync(join(directory, "package.json"), '{"name":"own","version":"1.0.0","main":"index.js"}\n');
        writeFileSync(
            join(directory, "index.js"),
            `const { PolicyPack } = require(${JSON.stringify(require.resolve("@pulumi/policy"))});
new PolicyPack("own", { policies: [{ name: "no-namespace", description: "None.", enforcementLevel: "${level}",
    validateResource: ({ type }, report) => type === "kubernetes:core/v1:Namespace" && report("No namespaces here.") }] });
`,
        );
        return directory;
    }

    before(async () => {
        await fleet.make();
        // A stream that nobody writes to any more may be given up.
        fleet.write("observer", observerConfig("local", { streams: [{ name: "old", writers: [] }] }));
        fleet.write("blue", observeeConfig("blue", "local"));
    });

    it("says which stacks Pulumi's backend lacks, and exits with 6", async () => {
        const { code, page: lines } = await preview();
        assert.equal(code, 6);
        assert.deepEqual(lines, [
            "<!-- thanos-fleet preview -->",
            "## Preview: 0 resources of 0 stacks would change, 2 stacks not previewed",
            "",
            "| stack | what would happen |",
            "| --- | --- |",
            "| `observer` | **has no stack** in Pulumi's backend: `pulumi stack init` makes it |",
            "| `blue` | **has no stack** in Pulumi's backend: `pulumi stack init` makes it |",
            "",
        ]);
        for (const stack of ["observer", "blue"]) fleet.pulumi("stack", "init", stack, "--no-select");
    });

    it("lists what a first update creates, and lets an observee wait for its observer", async () => {
        const first = await preview();
        assert.equal(first.code, 0, first.printed);
        const { counts, changes } = first.find("observer");
        assert.equal(changes.length, counts.created);
        assert.deepEqual(new Set(changes.map(({ op }) => op)), new Set(["create"]));
        assert.equal(rowOf(first, "observer"), `| \`observer\` | ${counts.created} created |`);
        assert.equal(rowOf(first, "blue"), "| `blue` | **cannot be previewed** before `observer` is updated, whose exports it reads |");
        assert.match(
            first.page.find((line) => line.startsWith("- `blue`: ")) ?? "",
            /contract: organization\/thanos-fleet\/observer exports none\./,
        );
        const deployed = await fleet.thanosFleet("up");
        assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
    });

    it("says that nothing changes where nothing does, and that a policy warns", async () => {
        const unchanged = await preview("--expect-no-changes", "--policy-pack", pack("advisory"));
        assert.equal(unchanged.code, 0, unchanged.printed);
        assert.deepEqual(unchanged.page, [
            "<!-- thanos-fleet preview -->",
            "## Preview: 0 resources of 2 stacks would change",
            "",
            "| stack | what would happen |",
            "| --- | --- |",
            "| `observer` | no change |",
            "| `blue` | no change |",
            "",
            "### Policies",
            "",
            "- `observer` is warned by `no-namespace` for `Namespace monitoring`: `None. No namespaces here.`",
            "- `blue` is warned by `no-namespace` for `Namespace monitoring`: `None. No namespaces here.`",
            "",
        ]);
    });

    it("names what a policy refuses, and exits with 5", async () => {
        const refused = await preview("--stack", "blue", "--policy-pack", pack("mandatory"));
        assert.equal(refused.code, 5, refused.printed);
        assert.equal(rowOf(refused, "blue"), "| `blue` | **refused by a policy**; no change |");
        assert.ok(
            refused.page.includes("- `blue` **is refused** by `no-namespace` for `Namespace monitoring`: `None. No namespaces here.`"),
        );
    });

    it("names risks in words, shows a dependent as provisional, and exits with 7 where no change is expected", async () => {
        const retention = { raw: "45d", fiveMinutes: "45d", oneHour: "45d" };
        fleet.write("observer", observerConfig("local", { compact: { retention }, receive: { ingesters: 5 } }));
        const changed = await preview("--expect-no-changes");
        assert.equal(changed.code, 7, changed.printed);
        const observer = changed.find("observer");
        assert.deepEqual(observer.risks, [
            { risk: "deletes a stream", text: "old: nothing answers from its blocks any more, or expires them. They stay where they are." },
            { risk: "shrinks retention", text: "raw, 5m, 1h samples are kept for 45d instead of 90d in streams blue, observer, red." },
            {
                risk: "moves a ring",
                text: "samples of red go to ring shared_ring (5 ingesters) instead of ring shared_ring (3 ingesters).",
            },
        ]);
        const change = (name: string) => {
            const { op, stays, holdsData, paths } = observer.changes.find(({ resource }) => resource === name) ?? assert.fail(`no ${name}`);
            return { op, stays, holdsData, paths };
        };
        assert.deepEqual(change("StatefulSet thanos-compact-blue"), {
            op: "update",
            stays: false,
            holdsData: true,
            paths: [6, 7, 8].map((i) => `spec.template.spec.containers[0].args[${i}]`),
        });
        assert.deepEqual(change("PersistentVolumeClaimPatch data-thanos-compact-old-0"), {
            op: "delete",
            stays: true,
            holdsData: true,
            paths: [],
        });
        assert.equal(
            rowOf(changed, "blue"),
            "| `blue` | nothing found; **provisional**: `observer` changes first, and with it what this stack reads |",
        );
    });

    it("writes no secret of a stack", async () => {
        const { access } = JSON.parse(fleet.pulumi("stack", "output", "--stack", "observer", "--show-secrets", "--json")) as {
            access: Record<string, { objectStore: { config: Record<string, string> }; certificates: Record<string, { key: string }> }>;
        };
        const secrets = Object.values(access).flatMap(({ objectStore, certificates }) => [
            objectStore.config.secret_key ?? assert.fail("no key of the store"),
            ...Object.values(certificates).flatMap(({ key }) => key.trim().split("\n").slice(1, -1)),
            fleet.env.PULUMI_CONFIG_PASSPHRASE ?? "",
        ]);
        const { printed, page: lines } = await preview();
        const written = printed + lines.join("\n");
        assert.deepEqual(
            secrets.filter((secret) => secret === "" || written.includes(secret)),
            [],
        );
    });
});
