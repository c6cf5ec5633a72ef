import type { Colors } from "picocolors/types";
import type { Finding, Report, Unreadable } from "../finding";

/** What was found, for people: each finding with its place, rule, reason, remedy and line. */
export function textOf(report: Report, color: Colors): string {
    const paragraphs = [
        ...report.findings.map((finding) => findingText(finding, color)),
        ...report.suppressed.map(({ file, line, rule, reason }) => color.dim(`${file}:${line} ${rule} is suppressed: ${reason}`)),
        ...report.unreadable.map((unreadable) => unreadableText(unreadable, color)),
        summaryOf(report),
    ];
    return `${paragraphs.join("\n\n")}\n`;
}

function findingText({ file, line, rule, severity, message, remedy, why, excerpt }: Finding, color: Colors): string {
    const grave = severity === "critical" ? color.red(severity) : color.yellow(severity);
    return [
        `${color.bold(`${file}:${line}`)} ${rule} ${grave}`,
        `  ${message}`,
        `  ${color.dim("why")}     ${why}`,
        `  ${color.dim("remedy")}  ${remedy}`,
        ...(excerpt === "" ? [] : [`  ${color.dim(`${line} |`)} ${excerpt}`]),
    ].join("\n");
}

const unreadableText = ({ file, line, problem, remedy }: Unreadable, color: Colors) =>
    `${color.bold(`${file}:${line}`)} ${color.red("not read")}\n  It ${problem} ${remedy}`;

/** So many components are named, no more. */
const NAMED = 12;

/** `1 finding; recognised 2 components: StatefulSet thanos-compact, Prometheus k8s; 1 rule undecidable: L7 (no receives given)` */
export function summaryOf({ findings, suppressed, unreadable, components, undecided }: Report): string {
    const names = components.slice(0, NAMED).join(", ");
    const more = components.length > NAMED ? ` and ${components.length - NAMED} more` : "";
    return [
        `${count(findings.length, "finding")}${suppressed.length > 0 ? `, ${suppressed.length} suppressed` : ""}`,
        ...(unreadable.length > 0 ? [`${unreadable.length} not read`] : []),
        `recognised ${count(components.length, "component")}${names === "" ? "" : `: ${names}${more}`}`,
        ...(undecided.length > 0 ? [undecidedText(undecided)] : []),
    ].join("; ");
}

/** Rules that lack the same come together. */
function undecidedText(undecided: Report["undecided"]): string {
    const reasons = [...new Set(undecided.map(({ reason }) => reason))];
    const rulesWith = (wanted: string) => undecided.filter(({ reason }) => reason === wanted).map(({ rule }) => rule);
    const rules = new Set(undecided.map(({ rule }) => rule)).size;
    return `${count(rules, "rule")} undecidable: ${reasons.map((reason) => `${rulesWith(reason).join(", ")} (${reason})`).join(", ")}`;
}

const count = (n: number, thing: string) => `${n} ${thing}${n === 1 ? "" : "s"}`;
