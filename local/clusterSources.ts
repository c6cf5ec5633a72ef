import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { ConfigError } from "../config/configError";
import type { Progress } from "../terminal/progress";
import { execute } from "./execute";
import { CLUSTERS, type ClusterName, stateDirectory, type Target } from "./fleet/settings";
import type { SourceKind } from "./fleet/state";
import { kindTargets } from "./kind";
import { BUILT_TOOLS, builtTargets } from "./offline/builtClusters";
import type { Tool, ToolName } from "./offline/findTools";

/** Where the clusters come from (SourceKind), and the contexts that the user named. */
export type Source = { how: "given"; contexts: Record<ClusterName, string> } | { how: "kind" } | { how: "built" };

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

/** Whether a Docker engine answers: the client may be installed without one. */
export const dockerAnswers = () =>
    execute("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 5000 }).then(
        () => true,
        () => false,
    );

export async function chooseSource(contextFlags: readonly string[]): Promise<Source> {
    if (contextFlags.length > 0) return { how: "given", contexts: checkedContexts(givenContexts(contextFlags), userKubeConfig()) };
    return { how: (await dockerAnswers()) ? "kind" : "built" };
}

const TOOLS = { given: [], kind: ["kind"], built: BUILT_TOOLS } as const satisfies Record<SourceKind, readonly ToolName[]>;

/** The tools that a source needs. They are searched together with all others, so that one error names every missing tool. */
export const toolsOf = (source: Source): readonly ToolName[] => TOOLS[source.how];

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
