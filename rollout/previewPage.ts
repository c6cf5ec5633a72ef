/** The page of a preview, in Markdown, for a comment on a pull request. What matters most is first, because the end may be cut. */
import type { Counts } from "../engine/counts";
import { differenceOf, driftVerdict, type StackDrift } from "./drift";
import { changesIn } from "./journal";
import type { StackPreview } from "./preview";
import type { Change, Finding } from "./stackReport";

/** The first line of each page, by which a pipeline finds its own comment and replaces it. */
export const PAGE_MARK = "<!-- thanos-fleet preview -->";

/** The longest comment that GitHub takes, in characters. Bytes are counted here, which are never fewer. */
export const PAGE_LIMIT = 65_536;

/** Lines that belong together. `open` and `close` stand around them, also where some are cut. */
interface Block {
    /** Whose lines they are, for the sentence that says what was cut. */
    about: string;
    open: string[];
    lines: string[];
    close: string[];
}

export interface PageContent {
    previews: readonly StackPreview[];
    /** @default it was not looked for */
    drift?: readonly StackDrift[];
}

export function previewPage({ previews, drift }: PageContent, limit = PAGE_LIMIT): string {
    const blocks = [
        summary(previews),
        risks(previews),
        policies(previews),
        notPreviewed(previews),
        ...(drift ? [driftIn(drift)] : []),
        ...previews.flatMap(details),
    ];
    return fitted(
        blocks.filter(({ lines }) => lines.length > 0),
        limit,
    );
}

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

function summary(previews: readonly StackPreview[]): Block {
    const resources = previews.reduce((sum, { counts }) => sum + changesIn(counts), 0);
    const previewed = previews.filter(({ state }) => state !== "unknown" && state !== "waits").length;
    const left = previews.length - previewed;
    return {
        about: "the summary",
        open: [
            PAGE_MARK,
            `## Preview: ${plural(resources, "resource")} of ${plural(previewed, "stack")} would change${left > 0 ? `, ${plural(left, "stack")} not previewed` : ""}`,
            "",
            "| stack | what would happen |",
            "| --- | --- |",
        ],
        lines: previews.map((preview) => `| ${code(preview.name)} | ${outcome(preview)} |`),
        close: [],
    };
}

/** What would happen to a stack. Never "no change" where its observer changes first. */
export function outcome({ state, counts, provisional, outputsChange }: StackPreview): string {
    if (state === "unknown") return "**has no stack** in Pulumi's backend: `pulumi stack init` makes it";
    if (state === "waits")
        return provisional
            ? `**cannot be previewed** before ${code(provisional)} is updated, whose exports it reads`
            : "**was not previewed**";
    const changes = countsText(counts) || (outputsChange ? "outputs change" : provisional ? "nothing found" : "no change");
    const why = state === "refused" ? "**refused by a policy**; " : state === "failed" ? "**the preview failed**; " : "";
    return `${why}${changes}${provisional ? `; **provisional**: ${code(provisional)} changes first, and with it what this stack reads` : ""}`;
}

const countsText = ({ created, updated, replaced, deleted }: Counts) =>
    [
        ...(deleted > 0 ? [`**${deleted} deleted**`] : []),
        ...(replaced > 0 ? [`**${replaced} replaced**`] : []),
        ...(updated > 0 ? [`${updated} updated`] : []),
        ...(created > 0 ? [`${created} created`] : []),
    ].join(", ");

const risks = (previews: readonly StackPreview[]): Block => ({
    about: "risks",
    open: ["", "### Risks", ""],
    lines: previews.flatMap(({ name, risks: found }) => found.map(({ risk, text }) => `- ${code(name)} **${risk}**: ${code(text)}`)),
    close: [],
});

const policies = (previews: readonly StackPreview[]): Block => ({
    about: "policies",
    open: ["", "### Policies", ""],
    lines: previews.flatMap(({ name, findings }) => findings.map((finding) => `- ${code(name)} ${findingText(finding)}`)),
    close: [],
});

const findingText = ({ policy, level, resource, message }: Finding) =>
    `${level === "mandatory" ? "**is refused**" : "is warned"} by ${code(policy)}${resource ? ` for ${code(resource)}` : ""}: ${code(message)}`;

const notPreviewed = (previews: readonly StackPreview[]): Block => ({
    about: "what was not previewed",
    open: ["", "### Not previewed", ""],
    lines: previews.flatMap(({ name, message }) => (message === undefined ? [] : [`- ${code(name)}: ${code(message)}`])),
    close: [],
});

function driftIn(stacks: readonly StackDrift[]): Block {
    const found = stacks.flatMap(({ name, drift, unknown }) =>
        unknown === undefined
            ? drift.map((resource) => `- ${code(name)} ${code(resource.name)}: ${code(differenceOf(resource))}`)
            : [`- ${code(name)} **is not known**: ${code(unknown)}`],
    );
    return {
        about: "drift",
        open: ["", "### Drift", ""],
        lines: [driftVerdict(stacks), ...(found.length > 0 ? ["", ...found] : [])],
        close: [],
    };
}

function details({ name, counts, changes }: StackPreview): Block[] {
    // In HTML, which has no code spans of Markdown. A stack's name has letters, digits and -_. only.
    const title = `${name}: ${countsText(counts).replaceAll("**", "")}`;
    return [
        {
            about: name,
            open: ["", `<details><summary>${title}</summary>`, ""],
            lines: changes.map((change) => `- ${changeText(change)}`),
            close: ["", "</details>"],
        },
    ];
}

const DONE: Record<Change["op"], string> = { create: "created", update: "updated", replace: "replaced", delete: "deleted" };

/** Paths that a line has at most. */
const MOST_PATHS = 10;

function changeText({ op, resource, holdsData, stays, paths, replacedBy }: Change): string {
    const loses = holdsData && (op === "replace" || op === "delete");
    const marks = [...(loses ? ["**holds data**"] : []), ...(stays ? ["the old one stays"] : [])];
    const because = replacedBy.length > 0 ? ` because of ${listed(replacedBy)}` : "";
    const others = paths.filter((path) => !replacedBy.includes(path));
    return `${DONE[op]}${marks.length > 0 ? ` (${marks.join(", ")})` : ""} ${code(resource)}${because}${others.length > 0 ? `: ${listed(others)}` : ""}`;
}

const listed = (paths: readonly string[]) =>
    [...paths.slice(0, MOST_PATHS).map(code), ...(paths.length > MOST_PATHS ? [`${paths.length - MOST_PATHS} more`] : [])].join(", ");

/** Longer texts are cut: one message must not take the whole page. */
const LONGEST_TEXT = 1_500;

/**
 * A text that others wrote, as a code span: nothing in it is Markdown, a mention of somebody, or HTML. A span is one line, and begins and ends with more
 * backticks than are in it.
 */
function code(text: string): string {
    const line = text.trim().replace(/\s+/g, " ");
    const short = line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT)} ...` : line;
    const longest = Math.max(0, ...[...short.matchAll(/`+/g)].map(([ticks]) => ticks.length));
    const fence = "`".repeat(longest + 1);
    const pad = longest > 0 ? " " : "";
    return `${fence}${pad}${short}${pad}${fence}`;
}

/** Names at most in the sentence that says what was cut. */
const MOST_NAMES = 5;

/** Room for that sentence. */
const CUT_ROOM = 1_000;

const bytesOf = (lines: readonly string[]) => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

/** The blocks as one text, without what does not fit; and a sentence that says what that is. */
function fitted(blocks: readonly Block[], limit: number): string {
    const whole = blocks.flatMap(({ open, lines, close }) => [...open, ...lines, ...close]);
    if (bytesOf(whole) <= limit) return `${whole.join("\n")}\n`;
    const page: string[] = [];
    const cut: string[] = [];
    let left = limit - CUT_ROOM;
    for (const { about, open, lines, close } of blocks) {
        const frame = bytesOf([...open, ...close]);
        const fitting = cut.length > 0 ? 0 : fittingLines(lines, left - frame);
        if (fitting < lines.length) cut.push(`${plural(lines.length - fitting, "line")} about ${about}`);
        if (fitting === 0) continue;
        const kept = [...open, ...lines.slice(0, fitting), ...close];
        page.push(...kept);
        left -= bytesOf(kept);
    }
    const names = [...cut.slice(0, MOST_NAMES), ...(cut.length > MOST_NAMES ? [`those of ${cut.length - MOST_NAMES} more stacks`] : [])];
    return `${[...page, "", `**This page is cut at ${limit} characters, the most that GitHub takes.** It lacks ${names.join(", ")}. \`thanos-fleet preview --json\` has them.`].join("\n")}\n`;
}

/** How many of the first lines fit. */
function fittingLines(lines: readonly string[], room: number): number {
    let left = room;
    const tooLong = lines.findIndex((line) => {
        left -= bytesOf([line]);
        return left < 0;
    });
    return tooLong === -1 ? lines.length : tooLong;
}
