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
export function summaryOf({ findings, suppressed, unreadable, passedOver, components, undecided }: Report): string {
    const names = components.slice(0, NAMED).join(", ");
    const more = components.length > NAMED ? ` and ${components.length - NAMED} more` : "";
    return [
        `${count(findings.length, "finding")}${suppressed.length > 0 ? `, ${suppressed.length} suppressed` : ""}`,
        ...(unreadable.length > 0 ? [`${unreadable.length} not read`] : []),
        `recognised ${count(components.length, "component")}${names === "" ? "" : `: ${names}${more}`}`,
        ...(passedOver.length > 0 ? [passedOverText(passedOver)] : []),
        ...(undecided.length > 0 ? [undecidedText(undecided)] : []),
    ].join("; ");
}

/** `2 passed over: ThanosQuery a, ThanosQuery b (a kind of thanos-operator: lint the workloads that it makes)` */
function passedOverText(passedOver: Report["passedOver"]): string {
    const reasons = [...new Set(passedOver.map(({ reason }) => reason))].map((reason) => {
        const titles = passedOver.filter((entry) => entry.reason === reason).map(({ title }) => title);
        const more = titles.length > NAMED ? ` and ${titles.length - NAMED} more` : "";
        return `${titles.slice(0, NAMED).join(", ")}${more} (${reason})`;
    });
    return `${passedOver.length} passed over: ${reasons.join(", ")}`;
}

/** Rules that lack the same come together. A part is named if it is the only one: a Secret is often missing for all of them. */
function undecidedText(undecided: Report["undecided"]): string {
    const reasons = [...new Set(undecided.map(({ reason }) => reason))].map((reason) => {
        const entries = undecided.filter((entry) => entry.reason === reason);
        const parts = new Set(entries.flatMap(({ part }) => part ?? []));
        const about = parts.size > 1 ? `${parts.size} components: ` : [...parts].map((part) => `${part}: `).join("");
        return `${[...new Set(entries.map(({ rule }) => rule))].join(", ")} (${about}${reason})`;
    });
    return `${count(new Set(undecided.map(({ rule }) => rule)).size, "rule")} undecidable: ${reasons.join(", ")}`;
}

const count = (n: number, thing: string) => `${n} ${thing}${n === 1 ? "" : "s"}`;
