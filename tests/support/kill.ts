import { execFileSync } from "node:child_process";

/** Between 0 and 1; the same seed gives the same sequence (mulberry32). */
export function random(seed: number): () => number {
    let a = seed;
    return () => {
        a = (a + 0x6d2b79f5) | 0;
        let t = Math.imul(a ^ (a >>> 15), 1 | a);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** The processes below one, with the engine first: a plugin that ends before its engine would be a different failure. */
export function below(pid: number): number[] {
    const processes = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
        .split("\n")
        .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [])
        .map(([, own, parent, args = ""]) => ({ pid: Number(own), parent: Number(parent), args }));
    const found = [pid];
    for (const parent of found) found.push(...processes.filter((p) => p.parent === parent).map((p) => p.pid));
    const isEngine = (id: number) => /\/pulumi (up|destroy|refresh|stack) /.test(processes.find((p) => p.pid === id)?.args ?? "");
    return found.slice(1).sort((a, b) => Number(isEngine(b)) - Number(isEngine(a)));
}

/** Ends processes at once. */
export function killAll(pids: readonly number[]): void {
    for (const pid of pids)
        try {
            process.kill(pid, "SIGKILL");
        } catch {
            // It has just ended.
        }
}
