import assert from "node:assert/strict";
import { parseSuppression } from "../../../lint/suppressions";
import { compactor, lintTexts } from "../../support/lintCases";

const KNOWN = ["L2", "L4", "L7"];
const TODAY = "2026-11-22";

/** The rules that are reported and those that are suppressed, with reasons, for a compactor that keeps raw samples for ever and others for 90d. */
function outcome(change: (text: string) => string, today = TODAY) {
    const { findings, suppressed } = lintTexts({ "a.yaml": change(compactor("c", ["0d", "90d", "90d"])) }, { today });
    return {
        found: findings.map(({ line, rule, message }) => `${line} ${rule}${rule === "suppression" ? ` ${message}` : ""}`),
        suppressed: suppressed.map(({ rule, reason }) => `${rule}: ${reason}`),
    };
}
const RAW = "            - --retention.resolution-raw=0d";
const annotated = (text: string, indent: string) => `${indent}annotations:\n${indent}  thanos-fleet/ignore: ${JSON.stringify(text)}\n`;

describe("a suppression", () => {
    it("counts at the line, and in the comment lines above it", () => {
        const expected = { found: [], suppressed: ["L34: raw is kept for the auditors (until 2027-01-01)"] };
        const comment = "# thanos-fleet: ignore L34 until 2027-01-01: raw is kept for the auditors";
        assert.deepEqual(
            outcome((text) => text.replace(RAW, `${RAW} ${comment}`)),
            expected,
        );
        assert.deepEqual(
            outcome((text) => text.replace(RAW, `            ${comment}\n            # another\n${RAW}`)),
            expected,
        );
        assert.deepEqual(
            outcome((text) => `${comment}\n${text}`),
            { found: ["15 L34"], suppressed: [] },
        );
    });

    it("counts in a file with Windows line ends", () => {
        const windows = (change: (text: string) => string) => outcome((text) => change(text).replaceAll("\n", "\r\n"));
        const comment = "# thanos-fleet: ignore L34 until 2027-01-01: raw is kept for the auditors";
        const expected = { found: [], suppressed: ["L34: raw is kept for the auditors (until 2027-01-01)"] };
        assert.deepEqual(
            windows((text) => text.replace(RAW, `${RAW} ${comment}`)),
            expected,
        );
        assert.deepEqual(
            windows((text) => text.replace(RAW, `            ${comment}\n${RAW}`)),
            expected,
        );
        assert.deepEqual(
            windows((text) => text.replace("spec:\n", `${annotated("L34: the disk is small", "  ")}spec:\n`)),
            { found: [], suppressed: ["L34: the disk is small"] },
        );
    });

    it("counts as an annotation of the workload and of its pod template", () => {
        const reason = "L2, L34: the disk is small";
        const expected = { found: [], suppressed: ["L34: the disk is small"] };
        assert.deepEqual(
            outcome((text) => text.replace("spec:\n", `${annotated(reason, "  ")}spec:\n`)),
            expected,
        );
        assert.deepEqual(
            outcome((text) => text.replace("  template:\n", `  template:\n    metadata:\n${annotated(`L7: other\n${reason}`, "      ")}`)),
            expected,
        );
        assert.deepEqual(outcome((text) => text.replace("spec:\n", `${annotated("L2: other", "  ")}spec:\n`)).found, ["16 L34"]);
    });

    it("counts as an annotation of the pod template of a CronJob, and of a Pod once", () => {
        const container = { image: "quay.io/thanos/thanos:v0.42.4", args: ["compact"] };
        const annotations = (text: string) => ({ metadata: { annotations: { "thanos-fleet/ignore": text } } });
        const jobTemplate = { spec: { template: { ...annotations("L2: runs are short"), spec: { containers: [container] } } } };
        const nightly = { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "nightly" }, spec: { jobTemplate } };
        const { findings, suppressed } = lintTexts({ "a.json": JSON.stringify(nightly) });
        assert.deepEqual([findings, suppressed.map(({ rule, reason }) => `${rule}: ${reason}`)], [[], ["L2: runs are short"]]);
        const pod = { apiVersion: "v1", kind: "Pod", ...annotations("L99: no rule"), spec: { containers: [container] } };
        assert.deepEqual(
            lintTexts({ "a.json": JSON.stringify(pod) }).findings.map(({ message }) => message),
            ["this suppression names L99, which is not a rule."],
        );
    });

    it("without a reason does not count, and is itself said", () =>
        assert.deepEqual(
            outcome((text) => text.replace(RAW, `${RAW} # thanos-fleet: ignore L34`)),
            {
                found: ["14 L34", "14 suppression this suppression has no reason."],
                suppressed: [],
            },
        ));

    it("counts on its last day, and is itself said from the next day on", () => {
        const until = (text: string) => text.replace(RAW, `${RAW} # thanos-fleet: ignore L34 until 2026-11-22: later`);
        assert.deepEqual(outcome(until), { found: [], suppressed: ["L34: later (until 2026-11-22)"] });
        assert.deepEqual(outcome(until, "2026-11-23"), {
            found: ["14 L34", "14 suppression this suppression has ended on 2026-11-22."],
            suppressed: [],
        });
        const annotation = (text: string) => text.replace("spec:\n", `${annotated("L34 until 2020-01-01: x", "  ")}spec:\n`);
        assert.deepEqual(outcome(annotation).found, ["7 suppression this suppression has ended on 2020-01-01.", "16 L34"]);
    });

    const wrong: [string, string][] = [
        ["", "names no rule."],
        [": because", "names no rule."],
        ["all: because", "names no rule."],
        ["L4 L7: because", "names no rule."],
        ["L99: because", "names L99, which is not a rule."],
        ["L4:", "has no reason."],
        ["L4 until 2027-02-30: because", 'ends on "2027-02-30", which is not a date.'],
        ["L4 until soon: because", 'ends on "soon", which is not a date.'],
    ];
    for (const [text, problem] of wrong)
        it(`${JSON.stringify(text)} ${problem}`, () => {
            const read = parseSuppression(text, KNOWN, TODAY);
            assert.equal("problem" in read && read.problem, problem);
        });
});
