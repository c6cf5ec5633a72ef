import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readPlan } from "./clusterPlan";
import { removeBridgeRule } from "./firewall";
import {
    cgroupDirectories,
    hasInterface,
    nodeInterfaces,
    ownedByOther,
    removeCgroups,
    removeIdleBridge,
    removeInterface,
    removeMountPoints,
} from "./hostResources";
import { MOUNT_POINTS } from "./prepare";
import { stopTree, treeOf } from "./processTree";
import { BRIDGE, type ClusterFiles, type ClusterSpec, filesOf, networkOf } from "./spec";

/** A cluster to remove. */
interface Remnant {
    spec: ClusterSpec;
    files: ClusterFiles;
    /** The name of its network interface on this machine. */
    link: string;
}

/**
 * Removes every cluster that was ever made under `runDir`, whatever state a crash has left it in, and returns what it removed: an empty list
 * if there was nothing. Throws if something is still there afterwards.
 */
export async function downClusters(runDir: string): Promise<string[]> {
    const clusters = clustersIn(runDir).map((spec) => ({ spec, files: filesOf(runDir, spec.name), link: networkOf(spec).interface }));
    const removed = (await Promise.all(clusters.map(removeCluster))).flat();
    if (clusters.length > 0 && (await removeIdleBridge())) removed.push(`interface ${BRIDGE.interface}`);
    // Another fleet on this machine may still use the bridge, and the rule.
    if (!hasInterface(BRIDGE.interface) && (await removeBridgeRule())) removed.push(`firewall rule of ${BRIDGE.interface}`);
    const left = clusters.flatMap(leftovers);
    if (left.length > 0)
        throw new Error(
            `Could not remove everything, still there: ${left.join(", ")}. Run it again; if that does not help, restart the machine.`,
        );
    // Directories last: by them the next call finds what there is to remove.
    const record = join(runDir, MOUNT_POINTS);
    const directories = [...clusters.map(({ files }) => files.dir).filter((dir) => existsSync(dir)), ...removeMountPoints(record)];
    for (const directory of [...directories, record]) rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    if (existsSync(runDir) && readdirSync(runDir).length === 0) rmdirSync(runDir);
    return [...removed, ...directories.map((directory) => `directory ${directory}`)];
}

/** Finds clusters by their directories, and by their network interfaces, which outlive a deleted directory. */
function clustersIn(runDir: string): ClusterSpec[] {
    const directories = existsSync(runDir) ? readdirSync(runDir) : [];
    const planned = directories.flatMap((name) => readPlan(filesOf(runDir, name))?.spec ?? []);
    const joined = nodeInterfaces()
        .filter(({ dir }) => dir !== "" && dirname(dir) === resolve(runDir))
        .map(({ dir, index }) => ({ name: basename(dir), index }));
    const all = [...planned, ...joined];
    return all.filter((spec, i) => all.findIndex(({ name, index }) => name === spec.name && index === spec.index) === i);
}

/** Ends the processes and removes interface and cgroups; the directory stays. */
async function removeCluster({ spec, files, link }: Remnant): Promise<string[]> {
    const processes = await stopTree(files);
    const removed = processes > 0 ? [`${processes} processes of ${spec.name}`] : [];
    if (ownedByOther(spec, files.dir) !== undefined) return removed;
    if (await removeInterface(link)) removed.push(`interface ${link}`);
    if (await removeCgroups(spec)) removed.push(`cgroups of ${spec.name}`);
    return removed;
}

function leftovers({ spec, files, link }: Remnant): string[] {
    const tree = treeOf(files);
    const mounts = readFileSync("/proc/self/mounts", "utf8")
        .split("\n")
        .map((line) => line.split(" ")[1] ?? "");
    return [
        ...(tree ? [`process ${tree.pid}`] : []),
        ...mounts.filter((mount) => mount.startsWith(`${files.dir}/`)).map((mount) => `mount ${mount}`),
        ...(ownedByOther(spec, files.dir) === undefined
            ? [...(hasInterface(link) ? [`interface ${link}`] : []), ...cgroupDirectories(spec).map((dir) => `cgroup ${dir}`)]
            : []),
    ];
}
