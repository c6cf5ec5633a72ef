import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import { ruleFileProblems } from "../ruleFiles";
import type { ObserverConfig } from "../schema";
import { RULE_STREAM } from "../streams";

/** What Rule's settings and files would do wrong. */
export function ruleChecks(config: ObserverConfig): Problem[] {
    const { rule, prometheus } = config;
    if (rule === undefined) return [];
    const threeBlocks = formatDuration((3 * parseDuration(prometheus.blockDuration)) as Duration);
    return new Problems()
        .add(reservedNames(config))
        .when(
            parseDuration(rule.retention) < parseDuration(threeBlocks),
            "rule.retention",
            `${rule.retention} is shorter than three blocks (${threeBlocks}): a block could be deleted before it is uploaded.`,
            `Write ${threeBlocks} or longer.`,
        )
        .when(
            rule.files.length === 0 && !config.observees.some(({ mode, archived }) => mode === "agent" && !archived),
            "rule.files",
            "is empty, and no observee is an agent: Rule would evaluate nothing.",
            "List rule files, or remove `rule`.",
        )
        .add(ruleFileProblems(rule.files))
        .all();
}

/** Names under which Rule's own stream would be taken for another one. */
const reservedNames = ({ cluster, observees, streams }: ObserverConfig): Problem[] =>
    [
        { path: "cluster", name: cluster, remedy: "Rename it." },
        ...observees.map(({ name }, i) => ({ path: `observees[${i}].name`, name, remedy: "Rename it." })),
        ...streams.map(({ name }, i) => ({ path: `streams[${i}].name`, name, remedy: "Remove the entry: `rule` brings the stream." })),
    ]
        .filter(({ name }) => name === RULE_STREAM)
        .map(({ path, remedy }) => ({
            path,
            problem: `"${RULE_STREAM}" is the stream of what Rule records: two compactors would work on one prefix.`,
            remedy,
        }));
