import type { Finding, Report, Unreadable } from "../finding";

/**
 * Commands that GitHub Actions turns into annotations of a pull request: errors, warnings for what does not fail the run, and notices of what was passed over
 * (docs.github.com, "Workflow commands for GitHub Actions").
 */
export const githubOf = ({ findings, unreadable, passedOver }: Report, fails: (finding: Finding) => boolean): string =>
    [
        ...findings.map((finding) =>
            annotation(fails(finding) ? "error" : "warning", finding, finding.rule, `${finding.message} ${finding.remedy}`),
        ),
        ...unreadable.map((place) => annotation("error", place, "not read", `${place.file} ${place.problem} ${place.remedy}`)),
        ...passedOver.map((place) => annotation("notice", place, "passed over", `${place.title} is passed over (${place.reason}).`)),
    ]
        .map((line) => `${line}\n`)
        .join("");

const annotation = (level: string, { file, line }: Pick<Finding | Unreadable, "file" | "line">, title: string, message: string) =>
    `::${level} file=${property(file)},line=${line},title=${property(title)}::${data(message)}`;

/** As @actions/core escapes them (packages/core/src/command.ts). */
const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
