import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { execute } from "./execute";
import { FleetFailure } from "./fleet/failure";

/**
 * The process that makes a kind cluster. It outlives a run that is killed, and so do the docker commands that it runs. One that goes on while the next run makes
 * the same cluster anew breaks that one: both use the node by its name, and kind removes the cluster where a step of its own fails (pkg/cluster/internal/create).
 */

const WITHIN_MS = 600_000;
const ENDS_WITHIN_MS = 10_000;

const BEGUN = /^begun (\d+) (\d+)/;

/** The shell writes the record and becomes the command, in one process: whenever the run is killed, the record has what runs. `$0` is the record. */
const RECORDED = 'echo "begun $$ $PPID" >"$0" && exec "$@"';

/** Whether a record is of a cluster whose making has begun and not ended. Earlier versions recorded no process. */
export const wasBegun = async (record: string): Promise<boolean> => (await readRecord(record)).startsWith("begun");

const readRecord = (record: string) => readFile(record, "utf8").catch(() => "");

/** Runs a command to its end in a process group of its own, which is in the file `record` from its beginning on. Ends the whole group when `signal` aborts. */
export async function runRecorded(record: string, command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const child = spawn("sh", ["-c", RECORDED, record, command, ...args], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    const end = () => child.pid !== undefined && endGroup(child.pid);
    signal.addEventListener("abort", end, { once: true });
    const late = setTimeout(end, WITHIN_MS);
    try {
        const [said, [code]] = await Promise.all([text(child.stderr), once(child, "close") as Promise<[number | null]>]);
        signal.throwIfAborted();
        if (code !== 0)
            throw new FleetFailure(
                `\`${[command, ...args].join(" ")}\` failed: ${reasonIn(said) || `no end within ${WITHIN_MS / 60_000} minutes`}`,
            );
    } finally {
        clearTimeout(late);
        signal.removeEventListener("abort", end);
    }
}

/** kind prints its steps, and then the error with the output of what has failed. */
const reasonIn = (said: string) => said.slice(Math.max(said.indexOf("ERROR"), 0)).trim();

function endGroup(group: number): void {
    try {
        process.kill(-group, "SIGKILL");
    } catch (error) {
        // It has just ended.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/** Ends what an interrupted run has left of the making of a cluster. Refuses while the run that makes it goes on. */
export async function endMaker(record: string, cluster: string): Promise<void> {
    const [group, run] = (BEGUN.exec(await readRecord(record)) ?? []).slice(1).map(Number);
    if (group === undefined) return;
    const members = await membersOf(group);
    // After a restart of the machine, something else may have the number.
    if (!members.some(({ args }) => args.includes(cluster))) return;
    if (members.some(({ pid, parent }) => pid === group && parent === run))
        throw new FleetFailure(`Another run (process ${run}) makes kind cluster ${cluster} now. Wait for its end, or end it.`);
    endGroup(group);
    for (const deadline = Date.now() + ENDS_WITHIN_MS; (await membersOf(group)).length > 0; await sleep(100))
        if (Date.now() > deadline)
            throw new FleetFailure(`The processes that make kind cluster ${cluster} do not end: see \`ps -o pid,args -g ${group}\`.`);
}

/** The processes of a group, without those that have ended and that nobody has asked for their exit code. */
async function membersOf(group: number): Promise<{ pid: number; parent: number; args: string }[]> {
    const { stdout } = await execute("ps", ["-Awwo", "pid=,ppid=,pgid=,stat=,args="], { maxBuffer: 64 << 20 });
    return stdout.split("\n").flatMap((line) => {
        const [, pid, parent, own, state, args = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
        return Number(own) === group && !state?.startsWith("Z") ? [{ pid: Number(pid), parent: Number(parent), args }] : [];
    });
}
