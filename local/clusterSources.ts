import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { ConfigError } from "../config/configError";
import type { Progress } from "../terminal/progress";
import { type ClusterName, FLEETS, type FleetName, stateDirectory, type Targets } from "./fleet/settings";
import type { SourceKind } from "./fleet/state";
import { kindTargets } from "./kind";
import type { MachineFacts } from "./machineFacts";
import { builtTargets, builtTools } from "./offline/builtClusters";
import type { Tool, ToolName } from "./offline/findTools";

/** Where the clusters come from (SourceKind), and the contexts that the user named. `why` says for the output why this source was chosen. */
export type Source = (
    | { how: "given"; contexts: Contexts; storageClasses: Partial<Record<ClusterName, string>> }
    | { how: "kind"; nodeImage?: string }
    | { how: "built" }
) & { why: string };

/** The context of each cluster of a fleet, the observer first. */
type Contexts = { observer: string } & Partial<Record<ClusterName, string>>;

/** What decides which clusters a machine can make. */
type Machine = Pick<MachineFacts, "docker" | "platform" | "root">;

/** The contexts that the user named as `observer=my-context`, one for each cluster. */
export function givenContexts(flags: readonly string[], fleet: FleetName): Contexts {
    const names = FLEETS[fleet].map(({ name }) => name);
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
    const contexts = new Map(pairs.map(([name, context]) => [name, context]));
    return Object.fromEntries(names.map((name) => [name, contexts.get(name)])) as Contexts;
}

/** The kubeconfig that `kubectl` uses: $KUBECONFIG, which may be several files, or the one in the home directory. */
export function userKubeConfig(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromDefault();
    return config;
}

/** Refuses a context that is in no kubeconfig, before anything is deployed. */
export function checkedContexts(contexts: Contexts, config: KubeConfig): Contexts {
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

/** What decides where the clusters come from. */
export interface Wishes {
    /** `observer=my-context`, one for each cluster. */
    contexts: readonly string[];
    /** The fleet that the clusters are for. */
    fleet: FleetName;
    /** The source that the user asked for. @default the first of given, kind and built that can be had */
    clusters?: SourceKind;
    /** Image of the nodes of kind clusters. @default kind's own */
    nodeImage?: string;
    /** The source of the fleet that is on this machine. Another one would leave its clusters behind. */
    present?: SourceKind;
}

/** The fleet that the user asked for, else the one that is on this machine. */
export function chooseFleet(agents: boolean, present: FleetName | undefined): FleetName {
    if (agents && present === "sidecars") {
        const namesOf = (fleet: FleetName) => FLEETS[fleet].map(({ name }) => name).join(", ");
        throw new ConfigError("the fleet on this machine", [
            {
                path: "--agents",
                problem: `is a fleet of ${namesOf("agents")}, and the one that is here has ${namesOf("sidecars")} only.`,
                remedy: "Remove it with `npm start -- --down` first, or go on with it without --agents.",
            },
        ]);
    }
    return agents ? "agents" : (present ?? "sidecars");
}

/** The contexts that the user named, else kind, else clusters that are built here. Refuses a machine that can have none of them, before it gets any tool. */
export function chooseSource(wishes: Wishes, machine: Machine): Source {
    const source = sourceFor(wishes, machine);
    const { present, nodeImage } = wishes;
    if (present !== undefined && present !== source.how)
        throw new ConfigError("the fleet on this machine", [
            {
                path: "clusters",
                problem: `are ${SOURCE_TEXT[present]}, and would be ${SOURCE_TEXT[source.how]} now (${source.why}).`,
                remedy: `Remove the fleet with \`npm start -- --down\` first, or go on with ${present === "given" ? "the contexts of the last run" : `--clusters ${present}`}.`,
            },
        ]);
    if (nodeImage === undefined) return source;
    if (source.how !== "kind")
        throw new ConfigError("command line", [
            {
                path: "--node-image",
                problem: `is of kind clusters, and these are ${SOURCE_TEXT[source.how]} (${source.why}).`,
                remedy: "Leave it away, or add --clusters kind.",
            },
        ]);
    return { ...source, nodeImage };
}

/** What the clusters of a source are called in the output. */
export const SOURCE_TEXT: Record<SourceKind, string> = { given: "your clusters", kind: "kind", built: "clusters built here" };

function sourceFor({ contexts, fleet, clusters, present }: Wishes, machine: Machine): Source {
    const refuse = (problem: string, remedy: string) =>
        new ConfigError("command line", [{ path: `--clusters ${clusters}`, problem, remedy }]);
    if (contexts.length > 0) {
        if (clusters !== undefined && clusters !== "given")
            throw refuse("makes clusters, and --context names some that exist.", "Leave one of the two away.");
        return {
            how: "given",
            contexts: checkedContexts(givenContexts(contexts, fleet), userKubeConfig()),
            storageClasses: {},
            why: "named with --context",
        };
    }
    if (clusters === "given") throw refuse("needs --context.", "Add --context observer=CONTEXT: one for each cluster.");
    if (clusters !== undefined) {
        refuseMissing(clusters, `those of --clusters ${clusters}`, machine);
        return { how: clusters, why: "chosen with --clusters" };
    }
    // Docker may have been started, or stopped, since the fleet was made.
    if (present === undefined || present === "given") return madeHere(machine);
    refuseMissing(present, `the fleet's clusters, which are ${SOURCE_TEXT[present]},`, machine);
    return { how: present, why: "as the fleet that is here" };
}

/** Refuses a machine that cannot make the clusters that are wanted of it. `who` wants them. */
function refuseMissing(wanted: "kind" | "built", who: string, { docker, ...machine }: Machine): void {
    const lacks = whatBuiltClustersLack(machine);
    const problem =
        wanted === "built"
            ? lacks && `${who} need Linux and root; ${lacks}.`
            : "silent" in docker && `${who} need Docker, which does not answer (${docker.silent}).`;
    if (problem)
        throw new ConfigError("this machine", [{ path: "clusters", problem, remedy: wanted === "built" ? WAYS_OUT : "Start Docker." }]);
}

/** Why clusters cannot be built here; undefined where they can. */
const whatBuiltClustersLack = ({ platform, root }: Omit<Machine, "docker">): string | undefined =>
    platform !== "linux" ? `this is ${platform}` : root ? undefined : "this user is not root";

const WAYS_OUT = "Start Docker, name clusters with --context, or run this as root on Linux.";

/** How to make clusters on this machine, by what it has. */
export function madeHere({ docker, ...machine }: Machine): Source {
    if ("version" in docker) return { how: "kind", why: `Docker ${docker.version} answers` };
    const lacks = whatBuiltClustersLack(machine);
    if (lacks)
        throw new ConfigError("this machine", [
            {
                path: "clusters",
                problem: `cannot be made: Docker does not answer (${docker.silent}), and without it they need Linux and root; ${lacks}.`,
                remedy: WAYS_OUT,
            },
        ]);
    return { how: "built", why: `Docker does not answer (${docker.silent}), and root may make namespaces` };
}

/** The tools that a source needs for a fleet. They are searched together with all others, so that one error names every missing tool. */
export function toolsOf({ how }: Pick<Source, "how">, fleet: FleetName): readonly ToolName[] {
    if (how === "built") return builtTools(fleet);
    return how === "kind" ? ["kind"] : [];
}

export async function findTargets(
    source: Source,
    fleet: FleetName,
    tools: Partial<Record<ToolName, Tool>>,
    progress: Progress,
    signal: AbortSignal,
): Promise<Targets> {
    // `toolsOf(source, fleet)` were searched.
    const searched = tools as Record<ToolName, Tool>;
    switch (source.how) {
        case "given": {
            // Merged into one file: the engine's plugins take one path, and `--down` has to find the clusters again.
            const kubeconfig = join(stateDirectory(), "kubeconfig");
            await mkdir(stateDirectory(), { recursive: true });
            await writeFile(kubeconfig, userKubeConfig().exportConfig(), { mode: 0o600 });
            const targets = Object.entries(source.contexts).map(([name, context]) => [
                name,
                { kubeconfig, context, storageClass: source.storageClasses[name as ClusterName] },
            ]);
            return Object.fromEntries(targets) as Targets;
        }
        case "kind":
            return kindTargets(FLEETS[fleet], { ...source, path: searched.kind.path }, progress, signal);
        case "built":
            return builtTargets(fleet, searched, progress, signal);
    }
}
