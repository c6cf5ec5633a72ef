import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { clusterId } from "../../clients/kubernetes";
import { type FleetName, stateDirectory, type Targets, targetList } from "./settings";

/** Files that a run leaves for the next one. */

export const engineDirectory = () => join(stateDirectory(), "engine");
export const historyDirectory = () => join(stateDirectory(), "history");

/** Where the clusters come from: named by the user, containers of a Docker engine, or built here from their programs. */
export type SourceKind = "given" | "kind" | "built";

/** The clusters of the last run. */
interface FleetState {
    how: SourceKind;
    /** UIDs, by cluster: a cluster that was made again has another one. */
    ids: Record<string, string>;
    targets: Targets;
    /** When these clusters were first recorded, as ISO 8601. */
    since: string;
}

const stateFile = () => join(stateDirectory(), "clusters.json");
export const readFleetState = async (): Promise<FleetState | undefined> =>
    existsSync(stateFile()) ? (JSON.parse(await readFile(stateFile(), "utf8")) as FleetState) : undefined;

const fleetFile = () => join(stateDirectory(), "fleet");

/** The fleet that is on this machine, or that a run has begun to make; undefined if there is none. */
export async function readFleet(): Promise<FleetName | undefined> {
    if (existsSync(fleetFile())) return (await readFile(fleetFile(), "utf8")) as FleetName;
    return existsSync(stateFile()) ? "sidecars" : undefined;
}

/** Remembers the fleet before its first cluster is made, so that a run after an interrupted one makes the same clusters. */
export async function keepFleet(fleet: FleetName): Promise<void> {
    await mkdir(stateDirectory(), { recursive: true });
    await writeFile(fleetFile(), fleet);
}

/** Saves the clusters of this run. If they are not those of the last run, the engine's state and the history are removed: they describe lost objects. */
export async function saveFleetState(source: { how: SourceKind }, targets: Targets): Promise<void> {
    const ids = Object.fromEntries(await Promise.all(targetList(targets).map(async ({ name, target }) => [name, await clusterId(target)])));
    const last = await readFleetState();
    const isSame = isDeepStrictEqual(last?.ids, ids);
    if (!isSame)
        for (const stale of [join(engineDirectory(), "backend"), historyDirectory()]) await rm(stale, { recursive: true, force: true });
    const since = (isSame && last?.since) || new Date().toISOString();
    await mkdir(stateDirectory(), { recursive: true });
    await writeFile(stateFile(), JSON.stringify({ how: source.how, ids, targets, since } satisfies FleetState));
}
