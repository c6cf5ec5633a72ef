import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import type { Platform } from "./catalogue";
import { proxiedFetch } from "./proxiedFetch";

export interface Ran {
    code: number | null;
    stdout: string;
    stderr: string;
}

export interface RunOptions {
    signal: AbortSignal;
    /** Seconds after which the command is stopped. */
    deadline: number;
    /** Called with each line that the command writes to stderr, while it runs. */
    onErrorLine?: (line: string) => void;
    cwd?: string;
    env?: Readonly<Record<string, string>>;
}

/** All that the search for tools needs from outside, so that tests need nothing real. */
export interface Machine {
    platform: Platform;
    /** How many threads run at once. */
    cores: number;
    /** May install packages. */
    root: boolean;
    /** The project's cache: outside the checkout, shared by checkouts. */
    cacheDir: string;
    lookPath(binary: string, alsoIn?: readonly string[]): Promise<string | undefined>;
    /** GET. Any answer but success is an error with the reason. */
    fetch(url: string, signal: AbortSignal): Promise<Response>;
    run(argv: readonly string[], options: RunOptions): Promise<Ran>;
}

export const exists = (file: string, mode?: number) =>
    access(file, mode).then(
        () => true,
        () => false,
    );

/** `$XDG_CACHE_HOME/thanos-fleet`, or the same under ~/.cache (XDG base directory specification). */
export function cacheDirectory(): string {
    return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "thanos-fleet");
}

const PROBE_MS = 3000;
const DOWNLOAD_MS = 15 * 60_000;
const KILL_AFTER_MS = 5000;
/** Administrators' binaries (iptables, ip, runc) are often left out of PATH. */
const SBIN = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

// One per process: an unreachable host costs seconds once, not once per tool.
const fetchRemembering = rememberingHosts(proxiedFetch());

export function thisMachine(): Machine {
    const arch = ({ x64: "amd64", arm64: "arm64" } as const)[process.arch as string];
    const system = ({ linux: "linux", darwin: "darwin" } as const)[process.platform as string];
    if (!arch || !system)
        throw new Error(
            `The local fleet runs on Linux and macOS (x64, arm64), not on ${process.platform} ${process.arch}. On Windows use WSL 2.`,
        );
    return {
        platform: { os: system, arch },
        cores: os.availableParallelism(),
        root: process.getuid?.() === 0,
        cacheDir: cacheDirectory(),
        lookPath: async (binary, alsoIn = []) => {
            for (const dir of [...(process.env.PATH ?? "").split(":"), ...SBIN, ...alsoIn]) {
                const file = path.join(dir, binary);
                if (path.isAbsolute(dir) && (await exists(file, constants.X_OK))) return file;
            }
            return undefined;
        },
        fetch: fetchRemembering,
        run,
    };
}

/** A fetch that first expects any answer of each new host within 3 s, and never calls a silent host again. */
export function rememberingHosts(get: (url: string, init: RequestInit) => Promise<Response>): Machine["fetch"] {
    const hosts = new Map<string, Promise<string | undefined>>();
    const probe = async (origin: string, signal: AbortSignal) => {
        try {
            await get(origin, { method: "HEAD", redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]) });
            return undefined;
        } catch (e) {
            signal.throwIfAborted();
            return reason(e);
        }
    };
    return async (url, signal) => {
        const { host, origin } = new URL(url);
        if (!hosts.has(host)) hosts.set(host, probe(origin, signal));
        const silent = await hosts.get(host);
        if (silent) throw new Error(`${host} does not answer (${silent})`);
        try {
            const answer = await get(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(DOWNLOAD_MS)]) });
            if (answer.ok) return answer;
            await answer.body?.cancel();
            throw new Error(`${url} answered ${answer.status}`);
        } catch (e) {
            signal.throwIfAborted();
            throw e instanceof TypeError ? new Error(`${url}: ${reason(e)}`) : e;
        }
    };
}

/** Node's fetch fails with "fetch failed" and has the reason in `cause`. */
function reason(e: unknown): string {
    if (!(e instanceof Error)) return String(e);
    if (e.name === "TimeoutError") return `nothing within ${PROBE_MS / 1000} s`;
    const cause = e.cause as { code?: string; message?: string } | undefined;
    return cause?.code ?? cause?.message ?? e.message;
}

/** Runs a program in a process group of its own; a stop (abort or deadline) ends the whole group before this returns. */
export async function run(argv: readonly string[], { signal, deadline, onErrorLine, cwd, env }: RunOptions): Promise<Ran> {
    signal.throwIfAborted();
    const late = AbortSignal.timeout(deadline * 1000);
    const stop = AbortSignal.any([signal, late]);
    const child = spawn(argv[0]!, argv.slice(1), {
        cwd,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
    });
    const out = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (out.stderr = (out.stderr + text).slice(-100_000)));
    if (onErrorLine) createInterface(child.stderr).on("line", onErrorLine);
    let killer: NodeJS.Timeout | undefined;
    const end = () => {
        killGroup(child.pid, "SIGTERM");
        killer = setTimeout(() => killGroup(child.pid, "SIGKILL"), KILL_AFTER_MS);
    };
    stop.addEventListener("abort", end, { once: true });
    try {
        const code = await new Promise<number | null>((resolve, reject) => {
            child.once("error", reject).once("close", resolve);
            // A daemon started by a package's scripts may keep the pipes open: don't wait for it.
            child.once("exit", (c) => setTimeout(() => resolve(c), 1000).unref());
        });
        signal.throwIfAborted();
        if (late.aborted) throw new Error(`${path.basename(argv[0]!)} took longer than ${deadline} s and was stopped`);
        return { code, ...out };
    } finally {
        stop.removeEventListener("abort", end);
        clearTimeout(killer);
        if (stop.aborted) killGroup(child.pid, "SIGKILL");
    }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
    try {
        if (pid !== undefined) process.kill(-pid, signal);
    } catch {
        // The group is gone already.
    }
}
