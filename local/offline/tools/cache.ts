import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Entry, entryOf, fileName, type Platform, type ToolName } from "./catalogue";
import { buildArgs } from "./goBuild";

const HEARTBEAT_MS = 5000;
const STALE_MS = 30_000;
/** Another run may build all tools; from empty caches that takes under an hour on two cores. */
const LOCK_DEADLINE_MS = 2 * 3600_000;

/** Path of a tool's binary in the cache. A new pin, flag or source gives a new path, so nothing in the cache is ever out of date. */
export function place(cacheDir: string, name: ToolName, platform: Platform): string {
    const entry = entryOf(name);
    return path.join(cacheDir, "tools", name, `${entry.version}-${fingerprint(entry, platform)}`, fileName(name));
}

function fingerprint(entry: Entry, platform: Platform): string {
    const { go } = entry;
    const built = go && {
        published: go.module.published,
        main: go.module.main && readFileSync(path.join(go.module.main, "main.go"), "utf8"),
        files: go.module.files && Object.entries(go.module.files).map(([inside, file]) => [inside, readFileSync(file, "utf8")]),
        args: buildArgs(go.module, [go.package], ""),
    };
    const content = { platform, version: entry.version, download: entry.download?.(platform), built };
    return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}

/** Moves a finished binary into the cache in one step, so that a killed run leaves no half binary there. */
export async function publish(binary: string, to: string): Promise<void> {
    const staged = `${binary}.publish`;
    await mkdir(staged);
    const file = await open(binary);
    await file.sync().finally(() => file.close());
    await rename(binary, path.join(staged, path.basename(to)));
    await mkdir(path.dirname(path.dirname(to)), { recursive: true });
    await rename(staged, path.dirname(to)).catch(async (e: NodeJS.ErrnoException) => {
        if (e.code !== "ENOTEMPTY" && e.code !== "EEXIST") throw e;
        await rm(staged, { recursive: true }); // Another run has published the same content.
    });
}

/**
 * Runs `work` with a temporary folder while no other run writes to the cache. `waiting` is called with the holder of the lock.
 * The lock only keeps two runs from building the same tools; `publish` makes concurrent runs safe.
 */
export async function withCacheLock<T>(
    dir: string,
    signal: AbortSignal,
    waiting: (holder: string) => void,
    work: (tmp: string) => Promise<T>,
): Promise<T> {
    await mkdir(dir, { recursive: true });
    const lock = path.join(dir, "lock");
    const token = randomUUID();
    const content = JSON.stringify({ pid: process.pid, host: os.hostname(), token });
    const deadline = Date.now() + LOCK_DEADLINE_MS;
    while (!(await create(lock, content))) {
        signal.throwIfAborted();
        const stale = await staleContent(lock);
        if (stale !== undefined) await removeStale(lock, stale);
        else {
            if (Date.now() > deadline) throw new Error(`Another run has held ${lock} for two hours. End it, then start again.`);
            waiting(await holderOf(lock));
            await sleep(500, undefined, { signal }).catch(() => signal.throwIfAborted());
        }
    }
    const heartbeat = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), HEARTBEAT_MS);
    heartbeat.unref();
    // The folder's name is unique: a compiler that outlived a killed run may still write into that run's folder.
    const tmp = path.join(dir, `tmp-${token.slice(0, 8)}`);
    try {
        for (const name of await readdir(dir)) if (name.startsWith("tmp-")) await removeFolder(path.join(dir, name));
        await mkdir(tmp);
        return await work(tmp);
    } finally {
        clearInterval(heartbeat);
        await removeFolder(tmp);
        if ((await read(lock)) === content) await rm(lock, { force: true });
    }
}

const removeFolder = (dir: string) => rm(dir, { recursive: true, force: true, maxRetries: 5 });
const read = (file: string) => readFile(file, "utf8").catch(() => "");

/** Creates the lock with its content in one step. False: there is one already. */
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

async function holderOf(lock: string): Promise<string> {
    const match = /"pid":(\d+)/.exec(await read(lock));
    return match ? `process ${match[1]}` : "another run";
}

/** The content of a lock whose holder is gone: its process has ended, or (on another machine with the same home) its heartbeats have. */
async function staleContent(lock: string): Promise<string | undefined> {
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

/** Removes a stale lock; if a fresh lock has replaced it in the meantime, that one is put back. */
async function removeStale(lock: string, stale: string): Promise<void> {
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside).catch(() => {});
    if ((await read(aside)) !== stale) await link(aside, lock).catch(() => {});
    await rm(aside, { force: true });
}
