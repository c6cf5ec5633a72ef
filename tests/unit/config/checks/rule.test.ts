import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRuleFiles } from "../../../../config/ruleFiles";
import { problemsOf } from "../../../support/problemsOf";
import { promtoolHere, thanosHere } from "../../../support/promtool";
import { run } from "../../../support/run";
import { temporaryDirectory } from "../../../support/temporaryDirectory";
import { observerConfig } from "../../../support/testFleet";

const FILES = ["tests/support/rules/fleet.yml"];
const problems = (rule: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    problemsOf(observerConfig("local", { rule: { files: FILES, ...rule }, ...more }));

describe("Rule", () => {
    it("is refused without files, and with a block duration that its retention does not hold three times", () => {
        const nothing =
            "rule.files: is empty, and no observee is an agent: Rule would evaluate nothing. List rule files, or remove `rule`.";
        assert.deepEqual(problems({ files: [] }), [nothing]);
        const observees = [{ name: "green", mode: "agent", archived: true }];
        assert.deepEqual(problemsOf(observerConfig("local", { rule: {}, observees })), [nothing]);
        assert.deepEqual(problems({ retention: "6h" }), []);
        assert.deepEqual(problems({ retention: "5h" }), [
            "rule.retention: 5h is shorter than three blocks (6h): a block could be deleted before it is uploaded. Write 6h or longer.",
        ]);
    });

    it("takes the name of its stream from clusters and streams", () => {
        const taken = (path: string, remedy: string) =>
            `${path}: "rule" is the stream of what Rule records: two compactors would work on one prefix. ${remedy}`;
        assert.deepEqual(problems({}, { cluster: "rule", observees: [{ name: "blue", mode: "sidecar" }] }), [
            taken("cluster", "Rename it."),
        ]);
        assert.deepEqual(problems({}, { observees: [{ name: "rule", mode: "sidecar" }] }), [taken("observees[0].name", "Rename it.")]);
        assert.deepEqual(problems({}, { streams: [{ name: "rule", writers: [] }] }), [
            taken("streams[0].name", "Remove the entry: `rule` brings the stream."),
        ]);
        assert.deepEqual(problemsOf(observerConfig("local", { observees: [{ name: "rule", mode: "sidecar" }] })), []);
    });

    it("is refused where it would write to a stream that Receive does not upload to", () => {
        const lost = (stream: string, which: string, remedy: string) => [
            `rule.stream: "${stream}" is not a stream that Receive uploads to${which}: what Rule records would be kept nowhere. ${remedy}; or remove rule.stream, and Rule has blocks of its own.`,
        ];
        assert.deepEqual(
            problems({ stream: "recorded" }),
            lost("recorded", ", and there is none", "List it in streams, as {name: recorded, writers: [], receiveUploads: true}"),
        );
        const observees = [
            { name: "blue", mode: "sidecar" },
            { name: "green", mode: "agent" },
        ];
        const streams = [{ name: "small", writers: ["blue"] }];
        assert.deepEqual(
            problems({ stream: "small" }, { observees, streams }),
            lost(
                "small",
                " (agents)",
                "Write agents, or list a stream of another name in streams, as {name: recorded, writers: [], receiveUploads: true}",
            ),
        );
        assert.deepEqual(problems({ stream: "agents" }, { observees }), []);
        assert.deepEqual(problems({ stream: "recorded" }, { streams: [{ name: "recorded", writers: [], receiveUploads: true }] }), []);
    });

    it("without blocks leaves the stream of an earlier one to be listed, needs no retention, and still takes its name from clusters", () => {
        const streams = [{ name: "rule", writers: [], receiveUploads: true }];
        assert.deepEqual(problems({ stream: "rule", retention: "1h" }, { streams }), []);
        assert.deepEqual(problems({ stream: "rule" }, { streams, observees: [{ name: "rule", mode: "sidecar" }] }).slice(-1), [
            'observees[0].name: "rule" is the tenant of what Rule records about no cluster. Rename it.',
        ]);
    });

    it("is refused with a wrong rule, together with every other problem of the stack", () => {
        const directory = temporaryDirectory();
        const file = join(directory, "orders.yml");
        writeFileSync(file, "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: rate(up)\n");
        assert.deepEqual(
            problems({ files: [file], retention: "1h" }, { domain: "no domain" }).map((problem) => problem.split(": ")[0]),
            ["domain", "rule.retention", `rule.files[0] ${file}:5`],
        );
    });

    it("gets files that the real promtool and thanos accept", async function () {
        const [promtool, thanos] = [await promtoolHere(), await thanosHere()];
        if (promtool === undefined || thanos === undefined) {
            console.log(
                "      not run: no promtool or thanos on PATH or in the cache of tools. tests/e2e/rule.test.ts gets one and runs it",
            );
            return this.skip();
        }
        const directory = join(temporaryDirectory(), "rules");
        mkdirSync(directory);
        for (const { name, text } of readRuleFiles(FILES)) writeFileSync(join(directory, name), text);
        for (const [binary, args] of [
            [promtool, ["check", "rules", "--lint=all", "--lint-fatal", join(directory, "fleet.yml")]],
            [thanos, ["tools", "rules-check", `--rules=${join(directory, "*.yml")}`]],
        ] as const) {
            const { code, output } = await run(binary, [...args], { within: 60 });
            assert.equal(code, 0, output);
        }
    });
});
