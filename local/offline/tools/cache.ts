import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Entry, entryOf, fileName, type Platform, type ToolName } from "./catalogue";
import { buildArgs } from "./goBuild";

const BEAT_MS = 5000;
const STALE_MS = 30_000;
/** A cold build of everything takes under an hour on two cores. */
const PATIENCE_MS = 2 * 3600_000;

/** Where a tool's binary lies: a new pin, flag or source gives a new place, so nothing in the cache is ever out of date. */
export function place(cacheDir: string, name: ToolName, platform: Platform): string {
    const entry = entryOf(name);
    return path.join(cacheDir, "tools", name, `${entry.version}-${fingerprint(entry, platform)}`, fileName(name));
}

function fingerprint(entry: Entry, platform: Platform): string {
    const { go } = entry;
    const built = go && {
        published: go.module.published,
        main: go.module.main && readFileSync(path.join(go.module.main, "main.go"), "utf8"),
        args: buildArgs(go.module, [go.package], ""),
    };
    const content = { platform, version: entry.version, download: entry.download?.(platform), built };
    return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

/** Puts a finished binary into the cache in one step: it is there whole, or not at all. */
export async function publish(binary: string, to: string): Promise<void> {
    const staged = `${binary}.publish`;
    await mkdir(staged);
    const file = await open(binary);
    await file.sync().finally(() => file.close());
    await rename(binary, path.join(staged, path.basename(to)));
    await mkdir(path.dirname(path.dirname(to)), { recursive: true });
    await rename(staged, path.dirname(to)).catch(async (e: NodeJS.ErrnoException) => {
        if (e.code !== "ENOTEMPTY" && e.code !== "EEXIST") throw e;
        await rm(staged, { recursive: true }); // Another run was faster, with the same content.
    });
}

/**
 * Runs `work` with a temporary folder while no other run writes to the cache; `waiting` hears who does.
 * The lock saves work only: what makes concurrent runs safe is `publish`.
 */
export async function withCacheLock<T>(
    dir: string,
    signal: AbortSignal,
    waiting: (who: string) => void,
    work: (tmp: string) => Promise<T>,
): Promise<T> {
    await mkdir(dir, { recursive: true });
    const lock = path.join(dir, "lock");
    const token = randomUUID();
    const mine = JSON.stringify({ pid: process.pid, host: os.hostname(), token });
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await create(lock, mine))) {
        signal.throwIfAborted();
        const theirs = await staleHolder(lock);
        if (theirs !== undefined) await evict(lock, theirs);
        else {
            if (Date.now() > deadline) throw new Error(`Another run has held ${lock} for two hours. End it, then start again.`);
            waiting(await holder(lock));
            await sleep(500, undefined, { signal }).catch(() => signal.throwIfAborted());
        }
    }
    const beat = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), BEAT_MS);
    beat.unref();
    // A name of its own: a compiler that outlived a killed run may still be writing into that run's folder.
    const tmp = path.join(dir, `tmp-${token.slice(0, 8)}`);
    try {
        for (const left of await readdir(dir)) if (left.startsWith("tmp-")) await clear(path.join(dir, left));
        await mkdir(tmp);
        return await work(tmp);
    } finally {
        clearInterval(beat);
        await clear(tmp);
        if ((await read(lock)) === mine) await rm(lock, { force: true });
    }
}

const clear = (dir: string) => rm(dir, { recursive: true, force: true, maxRetries: 5 });
const read = (file: string) => readFile(file, "utf8").catch(() => "");

/** Creates the lock with its content in one step, or says that there is one. */
async function create(lock: string, content: string): Promise<boolean> {
    const draft = `${lock}.${randomUUID()}`;
    await writeFile(draft, content);
    try {
        await link(draft, lock);
        return true;
    } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
        return false;
    } finally {
        await rm(draft, { force: true });
    }
}

async function holder(lock: string): Promise<string> {
    const match = /"pid":(\d+)/.exec(await read(lock));
    return match ? `process ${match[1]}` : "another run";
}

/** The lock's content, where its owner is gone: its process is not there, or (on another machine with the same home) its heart stopped. */
async function staleHolder(lock: string): Promise<string | undefined> {
    const content = await read(lock);
    const age = await stat(lock).then(
        (s) => Date.now() - s.mtimeMs,
        () => 0,
    );
    if (age > STALE_MS) return content;
    try {
        const { pid, host } = JSON.parse(content) as { pid: number; host: string };
        if (host === os.hostname()) process.kill(pid, 0);
    } catch (e) {
        if ((e as NodeJS.ErrnoException).code === "ESRCH") return content;
    }
    return undefined;
}

/** Takes a stale lock away; a fresh one that took its place in the meantime is put back. */
async function evict(lock: string, stale: string): Promise<void> {
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside).catch(() => {});
    if ((await read(aside)) !== stale) await link(aside, lock).catch(() => {});
    await rm(aside, { force: true });
}
