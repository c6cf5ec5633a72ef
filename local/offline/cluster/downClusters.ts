import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { readPlan } from "./clusterPlan";
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

/**
 * Removes every cluster that was ever made under `runDir`, whatever state a crash has left it in, and says what it removed. Then looks
 * for itself: what is still there is an error. Nothing to remove: an empty list.
 */
export async function downClusters(runDir: string): Promise<string[]> {
    const specs = clustersIn(runDir);
    const removed = (await Promise.all(specs.map((spec) => end(spec, filesOf(runDir, spec.name))))).flat();
    if (specs.length > 0 && (await removeIdleBridge())) {
        removed.push(`interface ${BRIDGE.interface}`);
    }
    const left = specs.flatMap((spec) => leftovers(spec, filesOf(runDir, spec.name)));
    if (left.length > 0) {
        throw new Error(
            `Could not remove everything, still there: ${left.join(", ")}. Run it again; if that does not help, restart the machine.`,
        );
    }
    // Directories last: they are how the next call knows what there is to remove.
    const record = path.join(runDir, MOUNT_POINTS);
    const directories = [
        ...specs.map(({ name }) => filesOf(runDir, name).dir).filter((dir) => existsSync(dir)),
        ...removeMountPoints(record),
    ];
    for (const directory of [...directories, record]) {
        rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
    if (existsSync(runDir) && readdirSync(runDir).length === 0) {
        rmdirSync(runDir);
    }
    return [...removed, ...directories.map((directory) => `directory ${directory}`)];
}

/** By their directories, and by their network interfaces, which outlive a deleted directory. */
function clustersIn(runDir: string): ClusterSpec[] {
    const directories = existsSync(runDir) ? readdirSync(runDir) : [];
    const planned = directories.flatMap((name) => readPlan(filesOf(runDir, name))?.spec ?? []);
    const joined = nodeInterfaces()
        .filter(({ dir }) => dir !== "" && path.dirname(dir) === path.resolve(runDir))
        .map(({ dir, index }) => ({ name: path.basename(dir), index }));
    const all = [...planned, ...joined];
    return all.filter((spec, i) => all.findIndex(({ name, index }) => name === spec.name && index === spec.index) === i);
}

/** Ends what runs, and removes what the kernel keeps of it. */
async function end(spec: ClusterSpec, files: ClusterFiles): Promise<string[]> {
    const removed: string[] = [];
    const processes = await stopTree(files);
    if (processes > 0) {
        removed.push(`${processes} processes of ${spec.name}`);
    }
    if (ownedByOther(spec, files.dir) !== undefined) {
        return removed;
    }
    if (await removeInterface(networkOf(spec).interface)) {
        removed.push(`interface ${networkOf(spec).interface}`);
    }
    if (await removeCgroups(spec)) {
        removed.push(`cgroups of ${spec.name}`);
    }
    return removed;
}

function leftovers(spec: ClusterSpec, files: ClusterFiles): string[] {
    const tree = treeOf(files);
    const mounts = readFileSync("/proc/self/mounts", "utf8")
        .split("\n")
        .map((line) => line.split(" ")[1] ?? "");
    const link = networkOf(spec).interface;
    return [
        ...(tree ? [`process ${tree.pid}`] : []),
        ...mounts.filter((mount) => mount.startsWith(`${files.dir}/`)).map((mount) => `mount ${mount}`),
        ...(ownedByOther(spec, files.dir) === undefined
            ? [...(hasInterface(link) ? [`interface ${link}`] : []), ...cgroupDirectories(spec).map((dir) => `cgroup ${dir}`)]
            : []),
    ];
}
