import type { Mode } from "../config/schema";
import { color } from "../terminal/color";
import { type Group, groupsOf } from "./groups";
import type { FleetPlan, StackPlan } from "./model";

/** What each mode means for the people who run it, said before anything is made. */
const MODE_MEANS: Record<Mode, (cluster: string) => string> = {
    sidecar: (cluster) => `recent data read from ${cluster}; blocks in S3; alerts evaluated in ${cluster}`,
    "sidecar-remote-write": (cluster) => `recent data read from Receive and ${cluster}; blocks in S3; alerts evaluated in ${cluster}`,
};

/** One line a stack: what it is, how much it makes, what that means. */
export function summaryLines(plan: FleetPlan): string[] {
    return plan.stacks.map((stack) => {
        const what = stack.mode ? MODE_MEANS[stack.mode](clusterOf(stack)) : componentsOf(stack);
        return `${color.bold(stack.name.padEnd(12))} ${(stack.mode ?? stack.role).padEnd(21)} ${String(stack.resources.length).padStart(3)} resources   ${what}`;
    });
}

const clusterOf = (stack: StackPlan) => stack.resources.find((r) => r.type === "thanos-fleet:index:Observee")?.name ?? stack.name;

/** `Query Frontend, Query, 3 Stores, Receive 2+3, ...`: the parts of an observer, counted. */
function componentsOf(stack: StackPlan): string {
    const count = (type: string) => stack.resources.filter((r) => r.type === `thanos-fleet:thanos:${type}`).length;
    const replicas = (name: string) =>
        (
            stack.resources.find((r) => r.name === name && /:(Deployment|StatefulSet)$/.test(r.type))?.props.spec as
                | { replicas?: number }
                | undefined
        )?.replicas ?? 0;
    return [
        "Query Frontend",
        "Query",
        `${count("Store")} Store${count("Store") === 1 ? "" : "s"}`,
        ...(count("Receive") > 0 ? [`Receive ${replicas("thanos-receive-router")}+${replicas("thanos-receive-ingester")}`] : []),
        `${count("Compact")} Compact${count("Compact") === 1 ? "" : "s"}`,
        "Prometheus",
    ].join(", ");
}

/** The plan as people think of it: what each stack is made of, group by group, and what matters about it. */
export function groupedLines(plan: FleetPlan): string[] {
    return stackLines(plan, (stack) => groupsOf(stack).flatMap(groupLines));
}

/** The whole plan as a tree a stack, children under the component they belong to. */
export function treeLines(plan: FleetPlan): string[] {
    return stackLines(plan, (stack) => children(stack, undefined, "  "));
}

function stackLines(plan: FleetPlan, body: (stack: StackPlan) => string[]): string[] {
    const summaries = summaryLines(plan);
    return plan.stacks.flatMap((stack, i) => [
        summaries[i] ?? "",
        ...stack.warnings.map((warning) => color.yellow(`  warning: ${warning}`)),
        ...body(stack),
        "",
    ]);
}

function groupLines({ title, count, lines }: Group): string[] {
    const widths = lines.reduce<number[]>((most, line) => line.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
    return [
        `  ${color.bold(title.padEnd(24))}${count > 0 ? String(count).padStart(3) : ""}`.trimEnd(),
        ...lines.map((line) => `      ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("   ")}`.trimEnd()),
    ];
}

function children(stack: StackPlan, parent: string | undefined, indent: string): string[] {
    const component = (type: string) => type.startsWith("thanos-fleet:");
    // A component and a resource in it may have the same name; only components have children here.
    return stack.resources
        .filter((r) => r.parent === parent && (parent !== undefined || component(r.type)))
        .flatMap((r) => [
            `${indent}${shortType(r.type)} ${r.name}`,
            ...(component(r.type) && r.name !== parent ? children(stack, r.name, `${indent}  `) : []),
        ]);
}

/** `kubernetes:apps/v1:StatefulSet` is a StatefulSet to everyone who reads a plan. */
const shortType = (type: string) =>
    color.dim(type.startsWith("aws:") ? `aws ${type.slice(type.lastIndexOf(":") + 1)}` : type.slice(type.lastIndexOf(":") + 1));
