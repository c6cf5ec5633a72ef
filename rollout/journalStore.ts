/**
 * Where the journal of a rollout is kept: in the backend's own folder, so that a run from another checkout or machine finds it. One file per rollout, one
 * event per line, and a lock, which one rollout at a time holds.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import type { BackendFolder } from "../engine/backend/backendFolder";
import { isRunning } from "../engine/isRunning";
import { goesOnWith, type RolloutCommand, type RolloutEvent, rolloutOf } from "./journal";
import { Locked } from "./locked";

/** An event with its time, ISO 8601. */
export type Recorded = RolloutEvent & { time: string };

/** Who holds the lock. */
export interface Holder {
    /** No other run has it. */
    id: string;
    user: string;
    host: string;
    pid: number;
    /** What `pid` counts in. Containers of one host's name have others. */
    processes: string;
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

const FOLDER = ".thanos-fleet/rollouts";
const LOCK = `${FOLDER}/lock.json`;
const fileOf = (id: string) => `${FOLDER}/${id}.jsonl`;

interface Kept {
    id: string;
    /** What was recorded of it. */
    events: Recorded[];
}

/** The newest rollout of a backend. */
export async function newestRollout(backend: BackendFolder): Promise<Kept | undefined> {
    const [id] = await idsIn(backend);
    return id === undefined ? undefined : readRollout(backend, id);
}

/** The commit that the newest update which is done has brought out; undefined if none is known. */
export async function lastGoodCommit(backend: BackendFolder): Promise<string | undefined> {
    for (const id of await idsIn(backend)) {
        const { command, ended, commit } = rolloutOf((await readRollout(backend, id)).events);
        if (command === "up" && ended === "done" && commit !== undefined && !commit.endsWith("-dirty")) return commit;
    }
    return undefined;
}

/** What was recorded of the newest rollouts. */
export const recentRollouts = async (backend: BackendFolder, count: number): Promise<Recorded[][]> =>
    Promise.all((await idsIn(backend)).slice(0, count).map(async (id) => (await readRollout(backend, id)).events));

/** Ids of all rollouts, the newest first: they begin with their time. */
const idsIn = async (backend: BackendFolder): Promise<string[]> =>
    (await backend.list(FOLDER))
        .flatMap((name) => /^(.+)\.jsonl$/.exec(name)?.[1] ?? [])
        .sort()
        .reverse();

const readRollout = async (backend: BackendFolder, id: string): Promise<Kept> => ({
    id,
    events: eventsIn((await backend.read(fileOf(id)))?.text ?? ""),
});

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
 * Takes the lock, and opens the journal of the last rollout where it was of this command and these stacks and has not ended well, else a new one. Throws
 * Locked where another rollout runs.
 */
export async function openJournal(backend: BackendFolder, command: RolloutCommand, stacks: readonly string[]): Promise<Journal> {
    const since = new Date().toISOString();
    // Before anything is read: who has the lock may be writing the end of the newest rollout.
    const release = await takeLock(backend, {
        id: randomBytes(8).toString("hex"),
        user: userInfo().username,
        host: hostname(),
        pid: process.pid,
        processes: processesHere(),
        since,
    });
    try {
        const newest = await newestRollout(backend);
        const unfinished = newest && goesOnWith(rolloutOf(newest.events), command, stacks) ? newest : undefined;
        return journal(
            backend,
            unfinished ?? { id: `${since.replace(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`, events: [] },
            release,
        );
    } catch (error) {
        await release();
        throw error;
    }
}

function journal(backend: BackendFolder, { id, events }: Kept, release: () => Promise<void>): Journal {
    // Ends a line that a killed run has begun.
    let begin = events.length > 0 ? "\n" : "";
    return {
        id,
        earlier: events,
        record: async (event) => {
            const text = `${begin}${JSON.stringify(event)}\n`;
            begin = "";
            await backend.append(fileOf(id), text).catch((error: Error) => {
                throw new JournalFailed(`The journal of rollout ${id} cannot be written: ${error.message}`);
            });
        },
        close: release,
    };
}

/** Who has the lock; undefined if nobody has. */
export async function lockHolder(backend: BackendFolder): Promise<Holder | undefined> {
    const found = await backend.read(LOCK);
    return found && holderIn(found.text);
}

/** A lock that a full disk has cut says nothing about its holder. */
function holderIn(text: string): Holder {
    try {
        return JSON.parse(text) as Holder;
    } catch {
        return { id: "", user: "somebody", host: "an unknown host", pid: 0, processes: "", since: "an unknown time" };
    }
}

/** Whether it was a process of this machine, and is gone. */
export const isGone = ({ host, processes, pid }: Holder) => host === hostname() && processes === processesHere() && !isRunning(pid);

/** Returns the function that releases the lock. That of a process that is gone is taken over; Pulumi's own locks of the stacks stay. */
async function takeLock(backend: BackendFolder, own: Holder): Promise<() => Promise<void>> {
    const text = JSON.stringify(own);
    const isOurs = async () => (await backend.read(LOCK))?.text === text;
    // Somebody may have removed the lock by hand, and another run have taken it.
    const release = async () => void ((await isOurs()) && (await backend.remove(LOCK)));
    if (await backend.create(LOCK, text)) return release;
    const found = await backend.read(LOCK);
    // A client of S3 repeats a write whose answer was lost, and then finds its own lock.
    if (found?.text === text) return release;
    const holder = found && holderIn(found.text);
    if (holder && !isGone(holder)) throw heldBy(backend, holder);
    // Several runs may find the lock of a process that is gone, or none any more: one of them takes it.
    const isTaken = found ? await backend.replace(LOCK, text, found.version) : await backend.create(LOCK, text);
    if (!isTaken && !(await isOurs())) throw heldBy(backend, undefined);
    return release;
}

/** Names the process numbers that this process sees: after a restart of the machine, and in another container, they are others. */
function processesHere(): string {
    try {
        return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
    } catch {
        // Not on Linux: the host's name has to do.
        return "";
    }
}

const heldBy = (backend: BackendFolder, holder: Holder | undefined) =>
    new Locked("rollout", [
        {
            path: "lock",
            problem: holder ? `${holderText(holder)} has it since ${holder.since}.` : "another run has taken it now.",
            remedy: `Wait until it ends. If that process is gone, remove ${backend.locate(LOCK)}.`,
        },
    ]);

export const holderText = ({ user, host, pid }: Holder) => `a run of ${user}@${host} (process ${pid})`;
