import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { clusterId, namespaceExists } from "../../clients/kubernetes";
import { ConfigError } from "../../config/configError";
import { CLUSTERS, type ClusterName, NAMESPACE, stateDirectory, type Target } from "./settings";

/** What a run leaves for the next one, beside the clusters. */

export const engineDirectory = () => join(stateDirectory(), "engine");
export const historyDirectory = () => join(stateDirectory(), "history");

/** Where the clusters come from: named by the user, containers of a Docker engine, or built here from their programs. */
export type SourceKind = "given" | "kind" | "built";

/** What is known of the clusters of an earlier run. */
interface Known {
    how: SourceKind;
    ids: Record<string, string>;
    targets: Record<ClusterName, Target>;
}

const knownFile = () => join(stateDirectory(), "clusters.json");
export const known = async (): Promise<Known | undefined> =>
    existsSync(knownFile()) ? (JSON.parse(await readFile(knownFile(), "utf8")) as Known) : undefined;

/** The engine remembers what it made; where the clusters are others than then, all of it is gone. */
export async function remember(source: { how: SourceKind }, targets: Record<ClusterName, Target>): Promise<void> {
    const ids = Object.fromEntries(await Promise.all(CLUSTERS.map(async ({ name }) => [name, await clusterId(targets[name])])));
    if (!isDeepStrictEqual((await known())?.ids, ids)) {
        if (source.how === "given") await refuseOccupied(targets);
        for (const made of [join(engineDirectory(), "backend"), historyDirectory()]) await rm(made, { recursive: true, force: true });
    }
    await mkdir(stateDirectory(), { recursive: true });
    await writeFile(knownFile(), JSON.stringify({ how: source.how, ids, targets } satisfies Known));
}

/** What is in a user's cluster already is not ours to change, and `--down` would remove it. */
async function refuseOccupied(targets: Record<ClusterName, Target>): Promise<void> {
    const occupied = await Promise.all(CLUSTERS.map(async ({ name }) => ((await namespaceExists(targets[name], NAMESPACE)) ? [name] : [])));
    const problems = occupied.flat().map((name) => ({
        path: `--context ${name}=${targets[name].context}`,
        problem: `has a namespace ${NAMESPACE} that was not made by this fleet.`,
        remedy: "Name another cluster, or remove that namespace.",
    }));
    if (problems.length > 0) throw new ConfigError("command line", problems);
}
