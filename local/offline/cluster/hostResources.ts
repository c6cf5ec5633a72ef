/** What a cluster needs outside its namespaces: a port of the bridge, cgroups, and mount points. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until";
import { cgroupOf } from "./configFiles";
import type { Process } from "./processTree";
import { runCommand } from "./runCommand";
import { BRIDGE, type ClusterSpec, type Network, PRIVATE_DIRECTORIES } from "./spec";

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Runs `ip`. `unless`: part of an error that means the work is done already, by another cluster's start. */
async function ip(args: string[], unless?: string): Promise<void> {
    await runCommand("ip", args, { timeout: 20_000, env: { PATH } }).catch((error: Error) => {
        if (unless === undefined || !error.message.includes(unless)) throw new Error(`ip ${args.join(" ")}: ${error.message}`);
    });
}

export const hasInterface = (name: string) => existsSync(`/sys/class/net/${name}`);

/** The clusters' interfaces on this machine. The name of each has the cluster's index, its alias is the cluster's directory. */
export function nodeInterfaces(interfaces = "/sys/class/net"): { index: number; dir: string }[] {
    // Not Linux, as `--down` finds on macOS: nothing was built there.
    if (!existsSync(interfaces)) return [];
    return readdirSync(interfaces)
        .map((name) => ({ alias: join(interfaces, name, "ifalias"), index: /^fleetnode(\d+)$/.exec(name)?.[1] }))
        .flatMap(({ alias, index }) =>
            index !== undefined && existsSync(alias) ? [{ index: Number(index), dir: readFileSync(alias, "utf8").trim() }] : [],
        );
}

/**
 * The directory of another fleet's cluster with the same index, if there is one on this machine. That cluster owns the addresses, interface and
 * cgroups of the index: leave them alone. An interface without an alias is a remnant of a start that was killed.
 */
export const ownedByOther = ({ index }: ClusterSpec, dir: string) =>
    nodeInterfaces().find((each) => each.index === index && each.dir !== "" && each.dir !== dir)?.dir;

/** Joins the network namespace of `tree` to the bridge. If `tree` has ended, there is nothing to join; the caller's wait reports it. */
export async function joinBridge(tree: Process | undefined, network: Network, dir: string): Promise<void> {
    if (tree === undefined) return;
    await ip(["link", "add", BRIDGE.interface, "type", "bridge"], "File exists");
    await ip(["addr", "replace", BRIDGE.address, "dev", BRIDGE.interface]);
    await ip(["link", "set", BRIDGE.interface, "up"]);
    if (!hasInterface(network.interface)) {
        const peer = ["type", "veth", "peer", "name", "eth0", "netns", String(tree.pid)];
        await ip(["link", "add", network.interface, ...peer]);
    }
    await ip(["link", "set", network.interface, "alias", dir, "master", BRIDGE.interface, "up"]);
}

/**
 * Removes an interface. True if there was one. The kernel itself removes a veth pair with the network namespace of either end, but takes ten
 * seconds and more when several namespaces end at once.
 */
export async function removeInterface(name: string): Promise<boolean> {
    if (!hasInterface(name)) return false;
    await ip(["link", "delete", name], "Cannot find device");
    return true;
}

/** Removes the bridge if it has no ports any more. True if it was removed. */
export async function removeIdleBridge(): Promise<boolean> {
    if (!hasInterface(BRIDGE.interface) || readdirSync(`/sys/class/net/${BRIDGE.interface}/brif`).length > 0) return false;
    return removeInterface(BRIDGE.interface);
}

/** Where the cgroup hierarchies are mounted: one for each controller in v1, a single one in v2; a hybrid machine has both. */
export function cgroupMounts(mounts = readFileSync("/proc/self/mounts", "utf8")): { v1: string[]; v2: string[] } {
    const of = (type: string) =>
        mounts
            .split("\n")
            .map((line) => line.split(" "))
            .filter((fields) => fields[2] === type)
            .map((fields) => fields[1]!);
    return { v1: of("cgroup"), v2: of("cgroup2") };
}

/** kubelet requires its cgroupRoot in every v1 hierarchy, or in the v2 one with the controllers that it uses, and does not make it. */
export function makeCgroups(cluster: ClusterSpec): void {
    const { v1, v2 } = cgroupMounts();
    for (const hierarchy of v1) {
        const dir = join(hierarchy, cgroupOf(cluster));
        mkdirSync(dir, { recursive: true });
        // A new cpuset has no CPUs and no memory nodes.
        for (const file of ["cpuset.cpus", "cpuset.mems"].filter((name) => existsSync(join(dir, name))))
            writeFileSync(join(dir, file), readFileSync(join(hierarchy, file)));
    }
    if (v1.length === 0 && v2[0] !== undefined) {
        const dir = join(v2[0], cgroupOf(cluster));
        const wanted = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"];
        for (const controller of readFileSync(join(v2[0], "cgroup.controllers"), "utf8").trim().split(" "))
            if (wanted.includes(controller)) writeFileSync(join(v2[0], "cgroup.subtree_control"), `+${controller}`);
        mkdirSync(dir, { recursive: true });
    }
}

export function cgroupDirectories(cluster: ClusterSpec): string[] {
    const { v1, v2 } = cgroupMounts();
    return [...v1, ...v2].map((hierarchy) => join(hierarchy, cgroupOf(cluster))).filter((dir) => existsSync(dir));
}

/** Removes the cgroups of a cluster that has ended. True if there were any. The kernel refuses while it still clears away a dead process. */
export async function removeCgroups(cluster: ClusterSpec): Promise<boolean> {
    const dirs = cgroupDirectories(cluster);
    for (const dir of dirs) {
        const late = () => `The cgroup ${dir} cannot be removed: processes are still in it (cat ${dir}/cgroup.procs).`;
        await until({ seconds: 10, late }, () => removeCgroup(dir));
    }
    return dirs.length > 0;
}

/** A cgroup's files cannot be deleted, only its directories, innermost first. True if none is left. */
function removeCgroup(dir: string): boolean {
    const children = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const emptied = children.map((child) => removeCgroup(join(dir, child.name))).every(Boolean);
    try {
        rmdirSync(dir);
        return emptied;
    } catch {
        return !existsSync(dir);
    }
}

/** Makes the directories over which each cluster mounts its own. Those that were missing are first listed in the file `record`. */
export function makeMountPoints(record: string): void {
    for (const directory of PRIVATE_DIRECTORIES.filter((dir) => !existsSync(dir))) {
        appendFileSync(record, `${directory}\n`);
        mkdirSync(directory, { recursive: true });
    }
}

/** Removes the directories that `makeMountPoints` made and that are empty. Returns their paths. */
export function removeMountPoints(record: string): string[] {
    const made = existsSync(record) ? [...new Set(readFileSync(record, "utf8").trim().split("\n"))] : [];
    const empty = made.filter((directory) => existsSync(directory) && readdirSync(directory).length === 0);
    for (const directory of empty) rmdirSync(directory);
    return empty;
}
