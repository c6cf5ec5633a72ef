/**
 * Where the journal of a rollout is kept: in the backend's own folder, so that a run from another checkout finds it. One file per rollout, one event per
 * line, and a lock, which one rollout at a time holds.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../config/configError";
import { isRunning } from "../engine/isRunning";
import { type RolloutEvent, rolloutOf } from "./journal";

/** An event with its time, ISO 8601. */
export type Recorded = RolloutEvent & { time: string };

/** Who holds the lock. */
interface Holder {
    id: string;
    user: string;
    host: string;
    pid: number;
    since: string;
}

/** An open journal, and the lock on it. */
export interface Journal {
    /** The rollout's id: the time of its start, and a random part. */
    id: string;
    /** What an earlier run of the same rollout has recorded, which did not end well. */
    earlier: readonly Recorded[];
    /** Returns when the event is on the disk. */
    record(event: Recorded): Promise<void>;
    /** Releases the lock. */
    close(): Promise<void>;
}

/** An event could not be recorded, as on a full disk. */
export class JournalFailed extends Error {}

const folderOf = (backend: string) => join(backend, ".thanos-fleet", "rollouts");

/** The newest rollout of a backend: its id and what was recorded of it. */
export async function newestRollout(backend: string): Promise<{ id: string; events: Recorded[] } | undefined> {
    const names = await readdir(folderOf(backend)).catch(() => []);
    // Ids begin with their time.
    const file = names
        .filter((name) => name.endsWith(".jsonl"))
        .sort()
        .at(-1);
    return file === undefined
        ? undefined
        : { id: file.slice(0, -".jsonl".length), events: eventsIn(await readFile(join(folderOf(backend), file), "utf8")) };
}

/** A killed run may have written a line in part: that event is as if it had not been recorded. */
function eventsIn(text: string): Recorded[] {
    return text.split("\n").flatMap((line) => {
        try {
            return [JSON.parse(line) as Recorded];
        } catch {
            return [];
        }
    });
}

/** Takes the lock, and opens the journal of the rollout that has not ended well, else a new one. Throws a ConfigError where another rollout runs. */
export async function openJournal(backend: string): Promise<Journal> {
    const folder = folderOf(backend);
    await mkdir(folder, { recursive: true });
    const newest = await newestRollout(backend);
    const unfinished = newest && rolloutOf(newest.events).ended !== "done" ? newest : undefined;
    const since = new Date().toISOString();
    const id = unfinished?.id ?? `${since.replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
    const release = await takeLock(folder, { id, user: userInfo().username, host: hostname(), pid: process.pid, since });
    const file = await open(join(folder, `${id}.jsonl`), "a");
    // Ends a line that a killed run has begun.
    if (unfinished) await file.appendFile("\n");
    return {
        id,
        earlier: unfinished?.events ?? [],
        record: async (event) => {
            try {
                await file.appendFile(`${JSON.stringify(event)}\n`);
                await file.datasync();
            } catch (error) {
                throw new JournalFailed(
                    `The journal of rollout ${id} cannot be written: ${(error as Error).message}. What ran has finished, nothing more was started. ` +
                        "Make room, then run it again.",
                );
            }
        },
        close: async () => {
            await file.close();
            await release();
        },
    };
}

/** Returns the function that releases the lock. The lock of a process of this machine that is gone is taken over; Pulumi's own locks of the stacks stay. */
async function takeLock(folder: string, own: Holder): Promise<() => Promise<void>> {
    const lock = join(folder, "lock.json");
    const written = join(folder, `lock-${own.pid}-${randomBytes(3).toString("hex")}`);
    await writeFile(written, JSON.stringify(own));
    try {
        // Unlike a file that is created and then written, a link is there at once with its content, or fails.
        await link(written, lock).catch(async (error: NodeJS.ErrnoException) => {
            if (error.code !== "EEXIST") throw error;
            const holder = JSON.parse(await readFile(lock, "utf8")) as Holder;
            if (holder.host !== own.host || isRunning(holder.pid)) throw heldBy(holder, lock);
            await rm(lock);
            await link(written, lock);
        });
    } finally {
        await rm(written);
    }
    return () => rm(lock);
}

const heldBy = ({ id, user, host, pid, since }: Holder, lock: string) =>
    new ConfigError("rollout", [
        {
            path: "lock",
            problem: `rollout ${id} of ${user}@${host} (process ${pid}) has it since ${since}.`,
            remedy: `Wait until it ends. If that process is gone, remove ${lock}.`,
        },
    ]);
