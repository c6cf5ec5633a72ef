import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { Download } from "./catalogue";
import type { Machine } from "./machine";

/** How often it is said how far a download is. */
const SAID_EVERY_MS = 3_000;

/** How far a download is: ", 12 of 41 MB". `total`: undefined if the host does not say. */
export function bytesText(done: number, total: number | undefined): string {
    const mb = (bytes: number) => Math.ceil(bytes / 1e6);
    if (total === undefined) return done === 0 ? "" : `, ${mb(done)} MB`;
    return done === 0 ? `, ${mb(total)} MB` : `, ${mb(done)} of ${mb(total)} MB`;
}

/**
 * Downloads a published file, compares its sum with the published one, and writes its binary to `to`. `progress` is called once the host answers, and then every
 * few seconds: with the bytes so far, and with all of them if the host says how many.
 */
export async function download(
    from: Download,
    to: string,
    machine: Machine,
    signal: AbortSignal,
    progress: (done: number, total: number | undefined) => void,
): Promise<void> {
    const name = path.posix.basename(new URL(from.url).pathname);
    const wanted = checksumOf(name, await (await machine.fetch(from.checksums, signal)).text());
    if (!wanted) throw new Error(`${from.checksums} has no sum for ${name}`);
    const fetched = `${to}.fetched`;
    const sum = createHash("sha256");
    const { body, headers } = await machine.fetch(from.url, signal);
    if (!body) throw new Error(`${from.url} is empty`);
    const total = Number(headers.get("content-length")) || undefined;
    let [done, saidAt] = [0, Date.now()];
    progress(done, total);
    await pipeline(
        Readable.fromWeb(body as ReadableStream),
        async function* (chunks: AsyncIterable<Buffer>) {
            for await (const chunk of chunks) {
                sum.update(chunk);
                done += chunk.length;
                if (Date.now() - saidAt >= SAID_EVERY_MS) {
                    saidAt = Date.now();
                    progress(done, total);
                }
                yield chunk;
            }
        },
        createWriteStream(fetched),
        { signal },
    );
    const got = sum.digest("hex");
    if (got !== wanted) throw new Error(`${from.url} has the sha256 ${got}, published is ${wanted}`);
    await unpack(fetched, from.member, to, signal);
}

/** The sum of `file` in a bare sum or in lines of `sum  file` (a `*` marks binary mode, sha256sum(1)). */
export function checksumOf(file: string, text: string): string | undefined {
    const lines = text
        .trim()
        .split("\n")
        .map((line) => line.trim().split(/\s+\*?/));
    const line =
        lines.find(([, name]) => name !== undefined && path.posix.basename(name) === file) ??
        (lines.length === 1 && !lines[0]![1] ? lines[0] : undefined);
    return line?.[0]?.match(/^[0-9a-f]{64}$/i)?.[0]?.toLowerCase();
}

async function unpack(archive: string, member: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (!member) return pipeline(createReadStream(archive), createWriteStream(to), { signal });
    const entries = extract();
    const reading = pipeline(createReadStream(archive), createGunzip(), entries, { signal });
    let found = false;
    for await (const entry of entries) {
        if (path.posix.normalize(entry.header.name) === member) {
            found = true;
            await pipeline(entry, createWriteStream(to));
        } else entry.resume();
    }
    await reading;
    if (!found) throw new Error(`${path.basename(archive)} has no ${member}`);
}
