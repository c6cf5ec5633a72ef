import { spawn } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until";
import type { ClusterFiles } from "./spec";

/** A process that cannot be mistaken for a later one with the same id. */
export interface Process {
    pid: number;
    parent: number;
    /** One letter. A zombie (Z) has ended and only waits for its parent to read its exit code. */
    state: string;
    /** Ticks of 10 ms since the machine's start. */
    started: number;
}

/** Reads /proc/<pid>/stat (proc(5)). The command, field 2, may itself have spaces and brackets. */
export function parseStat(stat: string): Process {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid: Number.parseInt(stat, 10), state: fields[0]!, parent: Number(fields[1]), started: Number(fields[19]) };
}

/** The result of reading /proc, or undefined if the process has ended. */
function ifAlive<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch {
        return undefined;
    }
}

const processAt = (pid: string | number) => ifAlive(() => parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")));

function isAlive({ pid, started }: Process): boolean {
    const now = processAt(pid);
    return now?.started === started && now.state !== "Z";
}

const processIds = () => readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));

/**
 * The root of the cluster's process tree, if it is alive: its death ends the cluster. It is found by its command line, which names the plan.
 * That works even if the files are gone, whereas a recorded process id may belong to another process by now.
 */
export function treeOf(files: ClusterFiles): Process | undefined {
    const pid = processIds().find((candidate) => {
        const [command, ...args] = ifAlive(() => readFileSync(`/proc/${candidate}/cmdline`, "utf8").split("\0")) ?? [];
        return command === "unshare" && args.includes(files.plan);
    });
    const tree = pid === undefined ? undefined : processAt(pid);
    return tree && isAlive(tree) ? tree : undefined;
}

/** When a process was started, ms since 1970. */
export function startTimeOf({ started }: Process): number {
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return Date.now() - (uptime - started / 100) * 1000;
}

/**
 * Starts the cluster's process tree, in its own namespaces and detached: it outlives this process.
 *
 * The kernel ends the tree as a whole. If `unshare` dies, its child is killed (--kill-child), which is the init of the process namespace; then
 * every process in that namespace, then the mount and network namespaces that only these processes held.
 */
export async function startTree(files: ClusterFiles, tini: string, signal: AbortSignal): Promise<Process> {
    mkdirSync(files.logs, { recursive: true });
    const log = openSync(join(files.logs, "supervisor.log"), "a");
    const namespaces = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const supervisor = [
        process.execPath,
        "-r",
        join(__dirname, "..", "..", "..", "register.js"),
        join(__dirname, "supervisor.ts"),
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
    const failure = (why: string) => `Cannot start namespaces with unshare: ${why}. See ${files.logs}/supervisor.log.`;
    return until({ seconds: 20, late: () => failure("nothing happened in 20 s"), signal }, () => {
        if (failed !== undefined) throw new Error(failure(failed));
        const tree = treeOf(files);
        return tree && hasOwnNetwork(tree) && tree;
    });
}

const hasOwnNetwork = ({ pid }: Process) =>
    ifAlive(() => readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net")) ?? false;

/** Kills the cluster's processes and waits until the last has ended. Returns how many there were. */
export async function stopTree(files: ClusterFiles): Promise<number> {
    const tree = treeOf(files);
    if (tree === undefined) return 0;
    const all = descendants(tree);
    const alive = () => all.filter(isAlive).map(({ pid }) => pid);
    ifAlive(() => process.kill(tree.pid, "SIGKILL"));
    const late = () => `Processes of ${files.dir} did not end within 30 s of being killed: ${alive().join(", ")}.`;
    await until({ seconds: 30, late }, () => alive().length === 0);
    return all.length;
}

/** A process and all its descendants. In a process namespace, orphans become children of its init, so none is missed. */
function descendants(root: Process): Process[] {
    const everyone = processIds().flatMap((pid) => processAt(pid) ?? []);
    const below = (parent: Process): Process[] => [parent, ...everyone.filter((each) => each.parent === parent.pid).flatMap(below)];
    return below(root);
}
