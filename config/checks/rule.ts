import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import { ruleFileProblems } from "../ruleFiles";
import type { ObserverConfig } from "../schema";
import { keepsBlocks, RULE_STREAM, streamsOf } from "../streams";

/** What Rule's settings and files would do wrong. */
export function ruleChecks(config: ObserverConfig): Problem[] {
    const { rule, prometheus } = config;
    if (rule === undefined) return [];
    const threeBlocks = formatDuration((3 * parseDuration(prometheus.blockDuration)) as Duration);
    return new Problems()
        .add(reservedNames(config))
        .add(recordsTo(config))
        .when(
            keepsBlocks(rule) && parseDuration(rule.retention) < parseDuration(threeBlocks),
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

/** A stream that keeps nothing of what a stateless Rule records: Receive would remove it after `receive.retention`. */
function recordsTo(config: ObserverConfig): Problem[] {
    const stream = config.rule?.stream;
    const uploaded = streamsOf(config)
        .filter(({ uploader }) => uploader === "receive")
        .map(({ name }) => name);
    const listed = config.streams.some(({ name }) => name === stream);
    return new Problems()
        .when(
            stream !== undefined && !uploaded.includes(stream),
            "rule.stream",
            `"${stream}" is not a stream that Receive uploads to${uploaded.length > 0 ? ` (${uploaded.join(", ")})` : ", and there is none"}: what Rule records would be kept nowhere.`,
            `${uploaded.length > 0 ? `Write ${uploaded.join(" or ")}, or list` : "List"} ${listed ? "a stream of another name" : "it"} in streams, as {name: ${listed ? "recorded" : stream}, writers: [], receiveUploads: true}; or remove rule.stream, and Rule has blocks of its own.`,
        )
        .all();
}

/** Names under which what Rule records would be taken for something else. A stateless Rule leaves the stream of an earlier, stateful one to be listed. */
const reservedNames = ({ cluster, observees, streams, rule }: ObserverConfig): Problem[] =>
    [
        { path: "cluster", name: cluster, remedy: "Rename it." },
        ...observees.map(({ name }, i) => ({ path: `observees[${i}].name`, name, remedy: "Rename it." })),
        ...(keepsBlocks(rule)
            ? streams.map(({ name }, i) => ({ path: `streams[${i}].name`, name, remedy: "Remove the entry: `rule` brings the stream." }))
            : []),
    ]
        .filter(({ name }) => name === RULE_STREAM)
        .map(({ path, remedy }) => ({
            path,
            problem: keepsBlocks(rule)
                ? `"${RULE_STREAM}" is the stream of what Rule records: two compactors would work on one prefix.`
                : `"${RULE_STREAM}" is the tenant of what Rule records about no cluster.`,
            remedy,
        }));
