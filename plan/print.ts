import { thanosName } from "../components/naming/names";
import type { Mode } from "../config/schema";
import { color } from "../terminal/color";
import type { AwsStack } from "./awsStack";
import { bootstrapSteps } from "./bootstrapCommands";
import { type Group, groupsOf } from "./groups";
import type { FleetPlan, StackPlan } from "./model";
import { MODE_MEANING } from "./modes";

/** What `npm run plan` and `npm start` print of a plan: every line is laid out here. */

/** Where recent data, blocks and alerts are, for each mode. */
const MODE_SUMMARY: Record<Mode, (cluster: string) => string> = {
    sidecar: (cluster) => `recent data read from ${cluster}; blocks in S3; alerts evaluated in ${cluster}`,
    "sidecar-remote-write": (cluster) => `recent data read from Receive and ${cluster}; blocks in S3; alerts evaluated in ${cluster}`,
    agent: () => "recent data read from Receive, which uploads it; no alerts evaluated in the cluster",
};

/** Of each stack its name, its mode or role, the number of resources, and what they amount to. */
export function summaryLines(plan: FleetPlan): string[] {
    return plan.stacks.flatMap(summaryOf);
}

/** Lines of one stack: what it amounts to may take several. */
function summaryOf(stack: StackPlan): string[] {
    const summary = stack.mode ? MODE_SUMMARY[stack.mode](clusterNameOf(stack)) : componentsOf(stack);
    const name = stack.name.padEnd(12);
    const facts = ` ${(stack.mode ?? stack.role).padEnd(21)} ${String(stack.resources.length).padStart(3)} resources   `;
    const [first = "", ...rest] = wrapped(name + facts + summary, name.length + facts.length);
    return [color.bold(name) + first.slice(name.length), ...rest];
}

const clusterNameOf = (stack: StackPlan) => stack.resources.find((r) => r.type === "thanos-fleet:index:Observee")?.name ?? stack.name;

/** `3 Compacts, Prometheus, Query, Receive (3 ingesters, 2 routers), ...`: the components of an observer. */
function componentsOf(stack: StackPlan): string {
    const components = stack.resources.filter(({ type }) => /^thanos-fleet:(thanos|prometheus):/.test(type));
    const types = [...new Set(components.map(({ type }) => type))].sort();
    return types
        .map((type) => {
            const ofType = components.filter((component) => component.type === type);
            // "thanos-fleet:thanos:QueryFrontend" is a Query Frontend.
            const label = type.slice(type.lastIndexOf(":") + 1).replace(/(?<=[a-z])(?=[A-Z])/g, " ");
            const several = `${label}s`.replace(/ys$/, "ies");
            return ofType.length > 1 ? `${ofType.length} ${several}` : `${label}${partsOf(stack, ofType[0]?.name ?? "")}`;
        })
        .join(", ");
}

/** ` (3 ingesters, 2 routers)`: the replicas of a component that consists of several workloads. `thanos-receive-ingester-big` are ingesters, too. */
function partsOf(stack: StackPlan, component: string): string {
    const replicas = new Map<string, number>();
    const prefix = `${thanosName(component)}-`;
    for (const { type, parent, name, props } of stack.resources) {
        if (parent !== component || !/:(Deployment|StatefulSet)$/.test(type) || !name.startsWith(prefix)) continue;
        const [part = ""] = name.slice(prefix.length).split("-");
        replicas.set(part, (replicas.get(part) ?? 0) + ((props.spec as { replicas?: number }).replicas ?? 1));
    }
    const parts = [...replicas].sort(([a], [b]) => Number(a > b) - Number(a < b));
    return parts.length > 1 ? ` (${parts.map(([part, count]) => `${count} ${part}${count === 1 ? "" : "s"}`).join(", ")})` : "";
}

/** What each stack consists of, group by group, with what matters about it. */
export function groupedLines(plan: FleetPlan): string[] {
    return stackLines(plan, (stack) => [...modeLines(stack), ...groupsOf(stack).flatMap(groupLines)]);
}

/** Every resource of each stack, as a tree: the children of a component below it. */
export function treeLines(plan: FleetPlan): string[] {
    return stackLines(plan, (stack) => children(stack, undefined, "  "));
}

function stackLines(plan: FleetPlan, body: (stack: StackPlan) => string[]): string[] {
    return plan.stacks.flatMap((stack) => [
        ...summaryOf(stack),
        ...stack.warnings.flatMap((warning) => wrapped(`  warning: ${warning}`, 4).map(color.yellow)),
        ...body(stack),
        "",
    ]);
}

/** What the mode of an observee means. */
const modeLines = (stack: StackPlan): string[] =>
    stack.mode
        ? MODE_MEANING[stack.mode](clusterNameOf(stack)).flatMap(([topic, meaning]) => wrapped(`  ${topic.padEnd(14)} ${meaning}`, 17))
        : [];

function groupLines({ title, count, rows }: Group): string[] {
    const widths = rows.reduce<number[]>((widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)), []);
    return [
        `  ${color.bold(title.padEnd(24))}${count > 0 ? String(count).padStart(3) : ""}`.trimEnd(),
        ...rows.flatMap((row) =>
            wrapped(`      ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("   ")}`.trimEnd(), lastColumn(widths)),
        ),
    ];
}

/** Where the last column of a table begins that leaves some room beside it. */
function lastColumn(widths: readonly number[]): number {
    const starts = widths.map((_, i) => widths.slice(0, i).reduce((at, width) => at + width + 3, 6));
    return starts.filter((start) => start <= WIDTH - 30).at(-1) ?? 6;
}

function children(stack: StackPlan, parent: string | undefined, indent: string): string[] {
    const isComponent = (type: string) => type.startsWith("thanos-fleet:");
    return stack.resources
        .filter((r) => r.parent === parent)
        .flatMap((r) => [
            `${indent}${shortType(r.type)} ${r.name}`,
            // Parents are known by name only, and a component or a resource in it may have the same name.
            ...(isComponent(r.type) && r.name !== parent ? children(stack, r.name, `${indent}  `) : []),
        ]);
}

/** Shortens `kubernetes:apps/v1:StatefulSet` to "StatefulSet", `aws:iam/role:Role` to "aws Role", `pulumi:providers:aws` to "aws provider". */
function shortType(type: string): string {
    const last = type.slice(type.lastIndexOf(":") + 1);
    if (type.startsWith("pulumi:providers:")) return color.dim(`${last} provider`);
    return color.dim(type.startsWith("aws:") ? `aws ${last}` : last);
}

/** The steps before the first `pulumi up`, as a script: commands, and the reasons as comments. */
export function bootstrapLines(stack: AwsStack, observer?: AwsStack): string[] {
    return [
        color.bold(`Around the first \`pulumi up\` of ${stack.name}, in an empty account`),
        ...bootstrapSteps(stack, observer).flatMap(({ why, commands }) => [
            "",
            ...wrapped(why, 0, WIDTH - 2).map((line) => color.dim(`# ${line}`)),
            ...commands.flatMap(continued),
        ]),
        "",
    ];
}

/** Columns of a terminal that a plan fits into. */
const WIDTH = 100;

/** A text in lines, the later ones indented. A word that is longer than a line stays whole. */
function wrapped(text: string, indent: number, width = WIDTH, mayBreak: (at: number) => boolean = () => true): string[] {
    if (text.length <= width) return [text];
    const spaces = [...text.matchAll(/ /g)].map(({ index }) => index).filter((at) => text.slice(0, at).trim() !== "" && mayBreak(at));
    // A line ends before the limit; if its first word is longer than that, after that word.
    const end = spaces.filter((at) => at > indent && at <= width).at(-1) ?? spaces.find((at) => at > indent);
    if (end === undefined) return [text];
    const rest = " ".repeat(indent) + text.slice(end).trimStart();
    const shift = text.length - rest.length;
    return [text.slice(0, end).trimEnd(), ...wrapped(rest, indent, width, (at) => at > indent && mayBreak(at + shift))];
}

/** A command in lines that end with a backslash, so that a shell reads them as one. Text in single quotes stays whole: there a backslash is a character. */
function continued(command: string): string[] {
    const quotes = (at: number) => command.slice(0, at).split("'").length - 1;
    return wrapped(command, 4, WIDTH - 2, (at) => quotes(at) % 2 === 0).map((line, i, all) => (i < all.length - 1 ? `${line} \\` : line));
}
