import { readFileSync } from "node:fs";

/** Whether this machine has a process of this number. */
export function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return !hasEnded(pid);
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

/** Whether Linux keeps the process only for its parent to ask how it ended (a zombie), which takes seconds where that is a slow init. */
function hasEnded(pid: number): boolean {
    try {
        return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        return false;
    }
}
