/** What a cluster needs outside of its namespaces: a place in the bridge, cgroups, and directories to mount its own over. */
import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { cgroupOf } from "./configFiles";
import type { Process } from "./processTree";
import { BRIDGE, type ClusterSpec, type Network, PRIVATE_DIRECTORIES } from "./spec";

const exec = promisify(execFile);
const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Runs `ip`; `unless`: a complaint that means the work is done already, by another cluster's start. */
async function ip(args: string[], unless?: string): Promise<void> {
    await exec("ip", args, { timeout: 20_000, env: { PATH } }).catch((error: { stderr?: string; message: string }) => {
        const complaint = error.stderr?.trim() || error.message;
        if (unless === undefined || !complaint.includes(unless)) {
            throw new Error(`ip ${args.join(" ")}: ${complaint}`);
        }
    });
}

export const hasInterface = (name: string) => existsSync(`/sys/class/net/${name}`);

/** The interfaces of all clusters on this machine. Each carries the cluster's directory as its alias: whose it is, and of which index. */
export function nodeInterfaces(): { index: number; dir: string }[] {
    return readdirSync("/sys/class/net")
        .map((name) => ({ alias: `/sys/class/net/${name}/ifalias`, index: /^fleetnode(\d+)$/.exec(name)?.[1] }))
        .flatMap(({ alias, index }) =>
            index !== undefined && existsSync(alias) ? [{ index: Number(index), dir: readFileSync(alias, "utf8").trim() }] : [],
        );
}

/**
 * The directory of another fleet's cluster with the same index, if there is one on this machine: it owns the addresses, the interface
 * and the cgroups of that index, and nothing of it must be touched. An interface without an alias was being made when we were killed.
 */
export const ownedByOther = ({ index }: ClusterSpec, dir: string) =>
    nodeInterfaces().find((each) => each.index === index && each.dir !== "" && each.dir !== dir)?.dir;

/** Joins the cluster's network namespace to the bridge. `tree` is in that namespace; if it has ended, whoever waits for it will say so. */
export async function joinBridge(tree: Process | undefined, network: Network, dir: string): Promise<void> {
    if (tree === undefined) {
        return;
    }
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
 * Removes an interface, if it is there. True if it was. The kernel itself removes a veth pair with the network namespace of its one end,
 * but takes ten seconds and more when several namespaces end at once.
 */
export async function removeInterface(name: string): Promise<boolean> {
    if (!hasInterface(name)) {
        return false;
    }
    await ip(["link", "delete", name], "Cannot find device");
    return true;
}

/** The bridge goes with its last port. True if it was removed. */
export async function removeIdleBridge(): Promise<boolean> {
    if (!hasInterface(BRIDGE.interface) || readdirSync(`/sys/class/net/${BRIDGE.interface}/brif`).length > 0) {
        return false;
    }
    return removeInterface(BRIDGE.interface);
}

/** Where the cgroup hierarchies are mounted: one per controller in v1, a single one in v2, both kinds on a machine in between. */
export function cgroupMounts(mounts = readFileSync("/proc/self/mounts", "utf8")): { v1: string[]; v2: string[] } {
    const of = (type: string) =>
        mounts
            .split("\n")
            .map((line) => line.split(" "))
            .filter((fields) => fields[2] === type)
            .map((fields) => fields[1]!);
    return { v1: of("cgroup"), v2: of("cgroup2") };
}

/** kubelet wants its cgroupRoot in every v1 hierarchy, or with the controllers it uses in the v2 one, and does not make it. */
export function makeCgroups(cluster: ClusterSpec): void {
    const { v1, v2 } = cgroupMounts();
    for (const hierarchy of v1) {
        const dir = path.join(hierarchy, cgroupOf(cluster));
        mkdirSync(dir, { recursive: true });
        // A new cpuset may use nothing at all until it is told.
        for (const file of ["cpuset.cpus", "cpuset.mems"].filter((name) => existsSync(path.join(dir, name)))) {
            writeFileSync(path.join(dir, file), readFileSync(path.join(hierarchy, file)));
        }
    }
    if (v1.length === 0 && v2[0] !== undefined) {
        const dir = path.join(v2[0], cgroupOf(cluster));
        const wanted = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"];
        for (const controller of readFileSync(path.join(v2[0], "cgroup.controllers"), "utf8").trim().split(" ")) {
            if (wanted.includes(controller)) {
                writeFileSync(path.join(v2[0], "cgroup.subtree_control"), `+${controller}`);
            }
        }
        mkdirSync(dir, { recursive: true });
    }
}

export function cgroupDirectories(cluster: ClusterSpec): string[] {
    const { v1, v2 } = cgroupMounts();
    return [...v1, ...v2].map((hierarchy) => path.join(hierarchy, cgroupOf(cluster))).filter((dir) => existsSync(dir));
}

/** Removes the cgroups of a cluster that has ended. The kernel refuses while a dead process is still being cleared away: 10 s. */
export async function removeCgroups(cluster: ClusterSpec): Promise<boolean> {
    const dirs = cgroupDirectories(cluster);
    const deadline = Date.now() + 10_000;
    for (const dir of dirs) {
        while (!removedBelow(dir)) {
            if (Date.now() > deadline) {
                throw new Error(`The cgroup ${dir} cannot be removed: processes are still in it (cat ${dir}/cgroup.procs).`);
            }
            await sleep(50);
        }
    }
    return dirs.length > 0;
}

/** cgroups have no rm -r: their files cannot be deleted, only their directories, from the innermost on. */
function removedBelow(dir: string): boolean {
    const children = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const emptied = children.map((child) => removedBelow(path.join(dir, child.name))).every(Boolean);
    try {
        rmdirSync(dir);
        return emptied;
    } catch {
        return !existsSync(dir);
    }
}

/** Makes the directories that each cluster mounts its own over, and notes in `record`, first, which were not there. */
export function makeMountPoints(record: string): void {
    for (const directory of PRIVATE_DIRECTORIES.filter((dir) => !existsSync(dir))) {
        appendFileSync(record, `${directory}\n`);
        mkdirSync(directory, { recursive: true });
    }
}

/** Removes those that `makeMountPoints` made, unless somebody has put something there since. Which ones. */
export function removeMountPoints(record: string): string[] {
    const made = existsSync(record) ? [...new Set(readFileSync(record, "utf8").trim().split("\n"))] : [];
    const empty = made.filter((directory) => existsSync(directory) && readdirSync(directory).length === 0);
    for (const directory of empty) {
        rmdirSync(directory);
    }
    return empty;
}
