import { formatElapsed as since } from "../../../terminal/progress";
import { entryOf, fileName, type ToolName } from "./catalogue";
import { bare } from "./version";

export interface Tool {
    path: string;
    /** Without a leading v. */
    version: string;
    from: "PATH" | "cache" | "download" | "package" | "build";
    /** Seconds it took to get; tools of one Go module share one build. */
    seconds: number;
}

/** A tool that cannot be had. */
export interface MissingTool {
    name: ToolName;
    /** The ways that were tried, in order, and why each failed. */
    tried: { way: string; why: string }[];
}

/** Tools that could be neither found, downloaded nor built: all of them at once. */
export class ToolError extends Error {
    override name = "ToolError";
    constructor(readonly missing: readonly MissingTool[]) {
        super(
            [
                `${missing.length === 1 ? "A tool" : `${missing.length} tools`} can be neither found, downloaded nor built:`,
                ...missing.flatMap(({ name, tried }) => [
                    `  ${[name, bare(entryOf(name).version)].join(" ").trim()}`,
                    ...tried.map(({ way, why }) => `    ${way.padEnd(9)} ${why}`),
                    `    ${"remedy".padEnd(9)} ${remedy(name)}`,
                ]),
            ].join("\n"),
        );
    }
}

function remedy(name: ToolName): string {
    const { version, debian, go, page } = entryOf(name);
    if (debian) return `apt-get install ${debian.package} as root, or the package of your system that has \`${fileName(name)}\``;
    const onPath = `put ${fileName(name)} ${bare(version)} on PATH (${page})`;
    return go ? `install Go (https://go.dev/dl) so that it can be built here${!go.module.published ? "" : `, or ${onPath}`}` : onPath;
}

const duration = (s: number) => since(Date.now() - s * 1000);

/** `pulumi 3.259.0 cached · kubernetes 1.34.4 built in 6m41s · 11 of the system`: programs of one module are one item. */
export function summary(found: ReadonlyMap<ToolName, Tool>): string {
    const HOW = { PATH: "on PATH", cache: "cached", package: "installed", download: "downloaded", build: "built" } as const;
    const ofSystem = [...found].filter(([name, tool]) => tool.from === "PATH" && entryOf(name).versionRule === "any");
    const items = new Map<string, number>();
    for (const [name, { version, from, seconds }] of found) {
        if (ofSystem.some(([n]) => n === name)) continue;
        const item = `${entryOf(name).go?.module.name ?? name} ${version} ${HOW[from]}`;
        items.set(item, Math.max(items.get(item) ?? 0, from === "build" || from === "download" ? seconds : 0));
    }
    return [
        ...[...items].map(([item, took]) => (took > 0 ? `${item} in ${duration(took)}` : item)),
        ...(ofSystem.length > 0 ? [`${ofSystem.length} of the system`] : []),
    ].join(" · ");
}
