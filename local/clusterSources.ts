import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { ConfigError } from "../config/configError";
import type { Progress } from "../terminal/progress";
import { askDocker, type DockerAnswer } from "./docker";
import { CLUSTERS, type ClusterName, stateDirectory, type Target } from "./fleet/settings";
import type { SourceKind } from "./fleet/state";
import { kindTargets } from "./kind";
import { BUILT_TOOLS, builtTargets } from "./offline/builtClusters";
import type { Tool, ToolName } from "./offline/findTools";

/** Where the clusters come from (SourceKind), and the contexts that the user named. `why` says for the output why this source was chosen. */
export type Source = ({ how: "given"; contexts: Record<ClusterName, string> } | { how: "kind" } | { how: "built" }) & { why: string };

/** What built clusters need of a machine. */
interface Machine {
    platform: string;
    /** Whether this process is root's. */
    root: boolean;
}

/** The contexts that the user named as `observer=my-context`, one for each cluster. */
export function givenContexts(flags: readonly string[]): Record<ClusterName, string> {
    const names = CLUSTERS.map((c) => c.name);
    const pairs = flags.map((flag) => flag.split("=", 2));
    const problems = [
        ...pairs
            .filter(([name, context]) => !names.includes(name as ClusterName) || !context)
            .map(([name]) => ({
                path: "--context",
                problem: `${JSON.stringify(name)} is not a cluster of the fleet with a context.`,
                remedy: `Write ${names[0]}=CONTEXT.`,
            })),
        ...names
            .filter((name) => !pairs.some(([given]) => given === name))
            .map((name) => ({
                path: "--context",
                problem: `${name} has none.`,
                remedy: `Add --context ${name}=CONTEXT: one for each cluster.`,
            })),
    ];
    if (problems.length > 0) throw new ConfigError("command line", problems);
    return Object.fromEntries(pairs) as Record<ClusterName, string>;
}

/** The kubeconfig that `kubectl` uses: $KUBECONFIG, which may be several files, or the one in the home directory. */
function userKubeConfig(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromDefault();
    return config;
}

/** Refuses a context that is in no kubeconfig, before anything is deployed. */
export function checkedContexts(contexts: Record<ClusterName, string>, config: KubeConfig): Record<ClusterName, string> {
    const existing = config.getContexts().map(({ name }) => name);
    const problems = Object.entries(contexts)
        .filter(([, context]) => !existing.includes(context))
        .map(([name, context]) => ({
            path: "--context",
            problem: `${name}=${context}: there is no such context.`,
            remedy: existing.length > 0 ? `Write one of ${existing.join(", ")}.` : "Set KUBECONFIG to a file that has it.",
        }));
    if (problems.length > 0) throw new ConfigError("command line", problems);
    return contexts;
}

/** The contexts that the user named, else kind, else clusters that are built here. Refuses a machine that can have none of them, before it gets any tool. */
export async function chooseSource(contextFlags: readonly string[]): Promise<Source> {
    if (contextFlags.length > 0)
        return { how: "given", contexts: checkedContexts(givenContexts(contextFlags), userKubeConfig()), why: "named with --context" };
    return madeHere(await askDocker(), { platform: process.platform, root: process.getuid?.() === 0 });
}

/** How to make clusters on this machine. */
export function madeHere(docker: DockerAnswer, { platform, root }: Machine): Source {
    if ("version" in docker) return { how: "kind", why: `Docker ${docker.version} answers` };
    const lacks = platform !== "linux" ? `this is ${platform}` : "this user is not root";
    if (platform !== "linux" || !root)
        throw new ConfigError("this machine", [
            {
                path: "clusters",
                problem: `cannot be made: Docker does not answer (${docker.silent}), and without it they need Linux and root; ${lacks}.`,
                remedy: "Start Docker, or name clusters with --context.",
            },
        ]);
    return { how: "built", why: `Docker does not answer (${docker.silent}), and root may make namespaces` };
}

const TOOLS = { given: [], kind: ["kind"], built: BUILT_TOOLS } as const satisfies Record<SourceKind, readonly ToolName[]>;

/** The tools that a source needs. They are searched together with all others, so that one error names every missing tool. */
export const toolsOf = ({ how }: Pick<Source, "how">): readonly ToolName[] => TOOLS[how];

export async function findTargets(
    source: Source,
    tools: Partial<Record<ToolName, Tool>>,
    progress: Progress,
    signal: AbortSignal,
): Promise<Record<ClusterName, Target>> {
    // `toolsOf(source)` were searched.
    const searched = tools as Record<ToolName, Tool>;
    switch (source.how) {
        case "given": {
            // Merged into one file: the engine's plugins take one path, and `--down` has to find the clusters again.
            const kubeconfig = join(stateDirectory(), "kubeconfig");
            await mkdir(stateDirectory(), { recursive: true });
            await writeFile(kubeconfig, userKubeConfig().exportConfig(), { mode: 0o600 });
            const targets = Object.entries(source.contexts).map(([name, context]) => [name, { kubeconfig, context }]);
            return Object.fromEntries(targets) as Record<ClusterName, Target>;
        }
        case "kind":
            return kindTargets(searched.kind.path, progress, signal);
        case "built":
            return builtTargets(searched, progress, signal);
    }
}
