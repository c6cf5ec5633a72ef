import { open } from "node:fs/promises";
import type { Entry } from "./catalogue";
import type { Machine } from "./machine";
import { bare, satisfies } from "./version";

const RULE_TEXT = { exact: "exactly", "at-least": "at least", any: "any" } as const;

/** The version of a binary that will do, or the reason why it does not. */
export type BinaryCheck = { version: string } | { refused: string };

/** Starts a binary, reads its version, and decides whether the fleet can use it. */
export async function checkBinary(file: string, entry: Entry, machine: Machine, signal: AbortSignal): Promise<BinaryCheck> {
    const ran = await machine
        // Otherwise Pulumi's CLI looks for newer versions, which takes seconds without a network.
        .run([file, ...entry.versionCheck.args], { signal, deadline: 20, env: { PULUMI_SKIP_UPDATE_CHECK: "true" } })
        .catch((e: Error) => {
            signal.throwIfAborted();
            return { code: null, stdout: "", stderr: e.message };
        });
    const version = entry.versionCheck.pattern.exec(`${ran.stdout}${ran.stderr}`)?.[1];
    if (version === undefined) {
        const said = `${ran.stdout}${ran.stderr}`.trim().split("\n")[0]?.slice(0, 100) || `exit code ${ran.code}`;
        return { refused: `${file} is not it: \`${entry.versionCheck.args.join(" ")}\` says "${said}"` };
    }
    if (!satisfies(version, entry.versionRule, bare(entry.version)))
        return { refused: `${file} is ${version}, needed is ${RULE_TEXT[entry.versionRule]} ${bare(entry.version)}` };
    if (entry.static && (await needsLoader(file))) return { refused: `${file} needs a C library, which its image does not have` };
    return { version };
}

const PT_INTERP = 3;

/** Whether a 64-bit ELF file asks for a dynamic loader (elf(5), program headers). */
async function needsLoader(file: string): Promise<boolean> {
    const handle = await open(file);
    try {
        const head = Buffer.alloc(4096);
        await handle.read(head, 0, head.length, 0);
        if (head.toString("latin1", 0, 4) !== "\x7fELF") return false;
        const [start, size, count] = [Number(head.readBigUInt64LE(0x20)), head.readUInt16LE(0x36), head.readUInt16LE(0x38)];
        return Array.from({ length: count }, (_, i) => start + i * size).some(
            (at) => at + 4 <= head.length && head.readUInt32LE(at) === PT_INTERP,
        );
    } finally {
        await handle.close();
    }
}
