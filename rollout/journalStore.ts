/**
 * Where the journal of a rollout is kept: in the backend's own folder, so that a run from another checkout finds it. One file per rollout, one event per
 * line, and a lock, which one rollout at a time holds.
 */
import { randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../config/configError";
import { isRunning } from "../engine/isRunning";
import { type RolloutCommand, type RolloutEvent, rolloutOf } from "./journal";

/** An event with its time, ISO 8601. */
export type Recorded = RolloutEvent & { time: string };

/** Who holds the lock. */
interface Holder {
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

/**
 * Takes the lock, and opens the journal of the last rollout where it was of this command and has not ended well, else a new one. Throws a ConfigError where
 * another rollout runs.
 */
export async function openJournal(backend: string, command: RolloutCommand): Promise<Journal> {
    const folder = folderOf(backend);
    await mkdir(folder, { recursive: true });
    const since = new Date().toISOString();
    // Before anything is read: who has the lock may be writing the end of the newest rollout.
    const release = await takeLock(folder, { user: userInfo().username, host: hostname(), pid: process.pid, since });
    try {
        return await openLocked(backend, command, since, release);
    } catch (error) {
        await release();
        throw error;
    }
}

/** Opens the journal of a backend whose lock this process has. */
async function openLocked(backend: string, command: RolloutCommand, since: string, release: () => Promise<void>): Promise<Journal> {
    const newest = await newestRollout(backend);
    const last = rolloutOf(newest?.events ?? []);
    const unfinished = last.command === command && last.ended !== "done" ? newest : undefined;
    const id = unfinished?.id ?? `${since.replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
    // Made for the first event: a run that is refused before has no journal.
    let file: FileHandle | undefined;
    const openFile = async () => {
        const opened = await open(join(folderOf(backend), `${id}.jsonl`), "a");
        // Ends a line that a killed run has begun.
        if (unfinished) await opened.appendFile("\n");
        return opened;
    };
    return {
        id,
        earlier: unfinished?.events ?? [],
        record: async (event) => {
            try {
                file ??= await openFile();
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
            await file?.close();
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
        if (!(await isLinked(written, lock))) await takeOver(written, lock, own.host);
    } finally {
        await rm(written, { force: true });
    }
    return () => rm(lock);
}

/** Replaces the lock of a process that is gone. Of several runs that find it, one at a time looks again: the next one finds a process that runs. */
async function takeOver(written: string, lock: string, host: string): Promise<void> {
    const turn = `${lock}.takeover`;
    if (!(await isLinked(written, turn))) throw held("another run is taking it over.", turn);
    try {
        const holder = await holderOf(lock);
        // Who is gone removes its lock no more, so it can be replaced. One that has just been released can be taken by anybody.
        if (holder?.host === host && !isRunning(holder.pid)) await rename(written, lock);
        else if (holder !== undefined || !(await isLinked(written, lock))) throw heldBy(holder, lock);
    } finally {
        await rm(turn);
    }
}

/** Undefined if nobody has the lock. */
const holderOf = (lock: string): Promise<Holder | undefined> =>
    readFile(lock, "utf8").then(
        (text) => JSON.parse(text) as Holder,
        (error: NodeJS.ErrnoException) => {
            if (error.code === "ENOENT") return undefined;
            throw error;
        },
    );

/** Whether the file has now this second name; false if something has that name already. */
const isLinked = (file: string, name: string): Promise<boolean> =>
    link(file, name).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
            if (error.code === "EEXIST") return false;
            throw error;
        },
    );

const heldBy = (holder: Holder | undefined, lock: string) =>
    held(
        holder
            ? `a run of ${holder.user}@${holder.host} (process ${holder.pid}) has it since ${holder.since}.`
            : "another run has taken it now.",
        lock,
    );

const held = (problem: string, file: string) =>
    new ConfigError("rollout", [{ path: "lock", problem, remedy: `Wait until it ends. If that process is gone, remove ${file}.` }]);
