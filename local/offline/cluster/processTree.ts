import { spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterFiles } from "./spec";

/** A process that cannot be mistaken for a later one with the same id. */
export interface Process {
    pid: number;
    parent: number;
    /** Zombies (Z) have ended; whether their parent has noticed is not ours. */
    state: string;
    /** In ticks of 10 ms since the machine's start. */
    started: number;
}

/** Reads /proc/<pid>/stat (proc(5)). The command, field 2, may itself have spaces and brackets. */
export function parseStat(stat: string): Process {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid: Number.parseInt(stat, 10), state: fields[0]!, parent: Number(fields[1]), started: Number(fields[19]) };
}

/** What a file in /proc says, or nothing if the process has ended. */
function ofProcess<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch {
        return undefined;
    }
}

const processAt = (pid: string | number) => ofProcess(() => parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")));

function isAlive({ pid, started }: Process): boolean {
    const now = processAt(pid);
    return now?.started === started && now.state !== "Z";
}

const processIds = () => readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));

/**
 * The process whose death ends the cluster, if it lives. It is found by its command line, which names the cluster's plan: that holds
 * when its files are gone, and a process id that was written down may belong to somebody else by now.
 */
export function treeOf(files: ClusterFiles): Process | undefined {
    const pid = processIds().find((candidate) => {
        const [command, ...args] = ofProcess(() => readFileSync(`/proc/${candidate}/cmdline`, "utf8").split("\0")) ?? [];
        return command === "unshare" && args.includes(files.plan);
    });
    const tree = pid === undefined ? undefined : processAt(pid);
    return tree && isAlive(tree) ? tree : undefined;
}

/** When a process was started, in ms since 1970. */
export function startOf({ started }: Process): number {
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return Date.now() - (uptime - started / 100) * 1000;
}

/**
 * Starts the cluster's one process tree, in namespaces of its own, and lets go of it: it outlives this process.
 *
 * The kernel ends it as a whole: if `unshare` dies, its child, the init of the process namespace, is killed (--kill-child), then every
 * process in that namespace, then the mounts and network namespaces that only they held.
 */
export async function startTree(files: ClusterFiles, tini: string, signal: AbortSignal): Promise<Process> {
    mkdirSync(files.logs, { recursive: true });
    const log = openSync(path.join(files.logs, "supervisor.log"), "a");
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const supervisor = [
        process.execPath,
        "-r",
        path.join(__dirname, "..", "..", "..", "register.js"),
        path.join(__dirname, "supervisor.ts"),
        files.plan,
    ];
    const child = spawn("unshare", [...namespaces, "--", tini, "--", ...supervisor], {
        cwd: files.dir,
        detached: true,
        stdio: ["ignore", log, log],
        env: { PATH: process.env.PATH, HOME: files.dir },
    });
    let failed: string | undefined;
    child.on("error", (error) => {
        failed = error.message;
    });
    child.on("exit", (code, by) => {
        failed = `it ended with ${by ?? `exit code ${code}`}`;
    });
    child.unref();
    for (const deadline = Date.now() + 20_000; failed === undefined && Date.now() < deadline; await sleep(50, undefined, { signal })) {
        const tree = treeOf(files);
        if (tree && hasOwnNetwork(tree)) {
            return tree;
        }
    }
    throw new Error(`Cannot start namespaces with unshare: ${failed ?? "nothing happened in 20 s"}. See ${files.logs}/supervisor.log.`);
}

const hasOwnNetwork = ({ pid }: Process) =>
    ofProcess(() => readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net")) ?? false;

/** Ends the cluster's processes and waits until the last is gone, at most 30 s. How many there were. */
export async function stopTree(files: ClusterFiles): Promise<number> {
    const tree = treeOf(files);
    if (tree === undefined) {
        return 0;
    }
    const all = descendants(tree);
    ofProcess(() => process.kill(tree.pid, "SIGKILL"));
    for (const deadline = Date.now() + 30_000; all.some(isAlive); await sleep(50)) {
        if (Date.now() > deadline) {
            const stuck = all.filter(isAlive).map(({ pid }) => pid);
            throw new Error(`Processes of ${files.dir} did not end within 30 s of being killed: ${stuck.join(", ")}.`);
        }
    }
    return all.length;
}

/** A process and all below it. Orphans in a process namespace are its init's children, so none is missed. */
function descendants(root: Process): Process[] {
    const everyone = processIds().flatMap((pid) => processAt(pid) ?? []);
    const below = (parent: Process): Process[] => [parent, ...everyone.filter((each) => each.parent === parent.pid).flatMap(below)];
    return below(root);
}
