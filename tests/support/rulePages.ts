import { stringify } from "yaml";
import { toPolicy } from "../../policies/policy";
import type { KubernetesObject } from "../../rules/example";
import type { Rule } from "../../rules/rule";
import { findingsIn } from "./ruleExamples";

/** The page of a rule: what it demands, why, where it looks, and its examples. */
export const rulePage = (rule: Rule): string =>
    page([
        `# ${rule.id}: ${rule.title}`,
        ...facts(rule),
        "## What goes wrong",
        rule.why,
        `Source: <${rule.source}>`,
        "## What to do",
        rule.remedy,
        ...thresholds(rule),
        ...examples(rule),
    ]);

const page = (paragraphs: readonly string[]) => `${paragraphs.join("\n\n")}\n`;

function facts(rule: Rule): string[] {
    const versions = Object.entries(rule.versions ?? {}).map(([program, range]) => `${program} ${range}`);
    return [
        [
            `- Name in the policy pack and in reports: \`${rule.name}\``,
            `- Severity: ${rule.severity}`,
            `- Releases: ${versions.length === 0 ? "all" : versions.map((range) => `\`${range}\``).join(", ")}`,
            `- Settings of a stack: ${settingsOf(rule)}`,
        ].join("\n"),
    ];
}

const settingsOf = ({ settings }: Rule): string =>
    settings === undefined ? "none; the program decides" : settings.map((setting) => `\`${setting}\``).join(", ");

function thresholds(rule: Rule): string[] {
    const rows = Object.entries(rule.thresholds).map(
        ([name, { doc, default: value }]) => `| \`${name}\` | \`${String(value)}\` | ${doc} |`,
    );
    return rows.length === 0 ? [] : ["## Thresholds", ["| name | default | meaning |", "| --- | --- | --- |", ...rows].join("\n")];
}

function examples(rule: Rule): string[] {
    const { good, bad } = rule.manifests;
    return ["## Refused", yamlOf(bad), list(findingsIn(rule, bad).problems), "## Accepted", yamlOf(good)];
}

const list = (texts: readonly string[]) => texts.map((text) => `- ${text}`).join("\n");
const yamlOf = (objects: readonly KubernetesObject[]) =>
    `\`\`\`yaml\n${objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })).join("---\n")}\`\`\``;

/** The list of all rules, and where each is checked. */
export const rulesIndex = (rules: readonly Rule[]): string =>
    page([
        "# Rules",
        "What loses data, or shows it to everybody, in a Thanos deployment. Each rule is a file in `rules/`, and its page here is generated from it " +
            "(`UPDATE_GOLDEN=1` on `tests/unit/docs/rules.test.ts`). A rule that lacks a fact reports nothing: a false alarm costs more than a missed finding.",
        "- **configuration**: the settings of a stack, before anything is registered.\n" +
            "- **policy pack**: what a stack registers, also one that is not of this project ([ADR 4](../adr/0004-policies-check-preview.md)). " +
            "_stops_ an update; _warns_ where nothing is lost. The pack's configuration changes both, and a stack's `easedRules` make a rule warn that is not critical " +
            "([ADR 35](../adr/0035-eased-rules.md)).\n" +
            "- **manifests**, whoever wrote them: all rules, by `thanos-fleet lint` ([lint](../lint.md)).",
        "`tests/unit/rules/doors.test.ts` proves each cell with the examples of the rule; `tests/e2e/policyAlone.test.ts` proves in the real engine that what stops does.",
        [
            "| rule | demands | severity | releases | configuration | policy pack |",
            "| --- | --- | --- | --- | --- | --- |",
            ...rules.map((rule) => {
                const versions = Object.entries(rule.versions ?? {}).map(([program, range]) => `${program} \`${range}\``);
                const cells = [
                    `[${rule.id}](${pageOf(rule)})`,
                    rule.title,
                    rule.severity,
                    versions.join(", ") || "all",
                    rule.settings === undefined ? "" : "yes",
                    toPolicy(rule).level === "mandatory" ? "stops" : "warns",
                ];
                return `| ${cells.join(" | ")} |`;
            }),
        ].join("\n"),
    ]);

/** `L05-store-forgets-before-compact-deletes.md`. */
export const pageOf = ({ id, name }: Rule): string => `${id.replace(/^L(\d)$/, "L0$1")}-${name}.md`;
