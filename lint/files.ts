import { closeSync, type Dirent, existsSync, openSync, readdirSync, readSync, realpathSync, type Stats, statSync } from "node:fs";
import { join, relative } from "node:path";
import { documentsOf, readDocument, type SourceFile } from "./documents";
import type { Unreadable } from "./finding";
import { isKustomization, patchesOf } from "./kustomize";

/** In bytes. All objects of a large cluster have about 50 MB; more is a mistake, or needs more memory than a laptop has. */
export const LARGEST_FILE = 64 * 2 ** 20;

/** What `-` is called in findings. */
export const STDIN = "stdin";

/** Files that are read in a folder. A file that is named is read whatever its name. */
const MANIFEST = /\.(ya?ml|json)$/i;
/** A configuration of Terraform or OpenTofu in its own language. */
const HCL = /\.tf$/;
/** Folders that never contain manifests. */
const SKIPPED = /^(\..*|node_modules)$/;

/** Reads files, the manifests in folders, and standard input (`-`); one after the other, so that only those with manifests stay in memory. Leaves HCL out. */
export function readFiles(paths: readonly string[]): Generator<SourceFile | Unreadable> {
    return readAll(paths, (file, isNamed) => !HCL.test(file) && (isNamed || MANIFEST.test(file)));
}

/** Reads the files of HCL among files and in folders. What cannot be found is said by `readFiles`. */
export function* readHcl(paths: readonly string[]): Generator<SourceFile | Unreadable> {
    const found = paths.filter((path) => path !== "-" && existsSync(path));
    for (const file of readAll(found, (name) => HCL.test(name))) if (HCL.test(file.file)) yield file;
}

/** Whether to read a file: one that is named, or is in a folder. */
type Wanted = (file: string, isNamed: boolean) => boolean;

function* readAll(paths: readonly string[], wanted: Wanted): Generator<SourceFile | Unreadable> {
    // A link may lead back to a folder above it, and two paths to the same file.
    const seen = new Set<string>();
    for (const path of paths)
        if (path === "-") yield readFile(STDIN, 0);
        else if (wanted(path, true) || isFolder(path) || !existsSync(path)) yield* readPath(shown(path), seen, wanted);
}

/** GitHub and SARIF want paths below the folder that lint runs in without `./`, and relative. */
function shown(path: string): string {
    const below = relative(".", path);
    return below === "" ? "." : below.startsWith("..") ? path : below;
}

function* readPath(path: string, seen: Set<string>, wanted: Wanted): Generator<SourceFile | Unreadable> {
    try {
        const stats = statSync(path);
        const real = realpathOf(path, stats);
        if (seen.has(real)) return;
        seen.add(real);
        if (stats.isDirectory()) yield* readFolder(path, seen, wanted);
        else yield readNamed(path);
    } catch (error) {
        yield unreadable(path, ...systemProblem(error as NodeJS.ErrnoException));
    }
}

/** A pipe, for instance of a shell's `<(helm template ...)`, has no path of its own. */
const realpathOf = (path: string, stats: Stats) => (stats.isDirectory() || stats.isFile() ? realpathSync(path) : path);

function* readFolder(folder: string, seen: Set<string>, wanted: Wanted): Generator<SourceFile | Unreadable> {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const isChart = ["Chart.yaml", "templates"].every((wanted) => entries.some(({ name }) => name === wanted));
    if (isChart)
        yield unreadable(join(folder, "Chart.yaml"), "is of a Helm chart that is not rendered.", "Lint what `helm template` renders.");
    for (const patch of patchesIn(folder, entries)) seen.add(patch);
    for (const entry of entries) {
        if (isChart && entry.name === "templates") continue;
        const path = join(folder, entry.name);
        const leadsToFolder = entry.isDirectory() || (entry.isSymbolicLink() && isFolder(path));
        if (leadsToFolder ? !SKIPPED.test(entry.name) : (entry.isFile() || entry.isSymbolicLink()) && wanted(entry.name, false))
            yield* readPath(path, seen, wanted);
    }
}

/** Files that a kustomization of this folder merges into objects: by themselves they are no whole objects. */
function patchesIn(folder: string, entries: readonly Dirent[]): string[] {
    const kustomization = entries.find(({ name }) => isKustomization(name));
    if (kustomization === undefined) return [];
    const read = readNamed(join(folder, kustomization.name));
    if (!("text" in read)) return [];
    const values = documentsOf(read).flatMap((document) => {
        const found = readDocument(document);
        return "value" in found ? [found.value] : [];
    });
    return values.flatMap(patchesOf).flatMap((patch) => {
        const path = patch === undefined ? undefined : join(folder, patch);
        return path !== undefined && existsSync(path) ? [realpathSync(path)] : [];
    });
}

/** What a link leads to decides how it is read. One that leads nowhere is read as a file, which says so. */
function isFolder(link: string): boolean {
    try {
        return statSync(link).isDirectory();
    } catch {
        return false;
    }
}

/** The text of a file that another one names. Undefined where nobody can read it. */
export function textAt(path: string): string | undefined {
    try {
        const read = statSync(path).isFile() ? readNamed(path) : undefined;
        return read !== undefined && "text" in read ? read.text : undefined;
    } catch {
        return undefined;
    }
}

function readNamed(path: string): SourceFile | Unreadable {
    const fd = openSync(path, "r");
    try {
        return readFile(path, fd);
    } finally {
        closeSync(fd);
    }
}

function readFile(file: string, fd: number): SourceFile | Unreadable {
    const bytes = readAtMost(fd, LARGEST_FILE);
    if (bytes === undefined)
        return unreadable(file, `is larger than ${LARGEST_FILE / 2 ** 20} MiB, the most that is read of one file.`, "Split it.");
    if (/^(fffe|feff)/.test(bytes.toString("hex", 0, 2))) return unreadable(file, ...WRONG_ENCODING);
    if (bytes.includes(0)) return unreadable(file, "is binary.", "Name YAML or JSON files.");
    try {
        return { file, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
    } catch {
        return unreadable(file, ...WRONG_ENCODING);
    }
}

const WRONG_ENCODING = ["is not UTF-8.", "Convert it, for instance with iconv."] as const;

/** The bytes up to the end; undefined if there are more than `limit`. Works for pipes too, whose size nobody knows. */
function readAtMost(fd: number, limit: number): Buffer | undefined {
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
        const chunk = Buffer.allocUnsafe(2 ** 16);
        const length = readSome(fd, chunk);
        if (length === 0) return Buffer.concat(chunks);
        size += length;
        if (size > limit) return undefined;
        chunks.push(chunk.subarray(0, length));
    }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Standard input may be a pipe that is not blocking: it has nothing yet (EAGAIN) while its writer is at work. */
function readSome(fd: number, into: Buffer): number {
    for (;;) {
        try {
            return readSync(fd, into, 0, into.length, null);
        } catch (error) {
            const { code } = error as NodeJS.ErrnoException;
            if (code === "EOF") return 0;
            if (code !== "EAGAIN") throw error;
            Atomics.wait(PAUSE, 0, 0, 10);
        }
    }
}

const unreadable = (file: string, problem: string, remedy: string): Unreadable => ({ file, line: 1, problem, remedy });

function systemProblem({ code, message }: NodeJS.ErrnoException): [problem: string, remedy: string] {
    if (code === "ENOENT") return ["does not exist.", "Name files or folders that exist, or - for standard input."];
    if (code === "ELOOP") return ["is a link that leads to itself.", "Remove it."];
    if (code === "EACCES") return ["may not be read by this user.", "Change its permissions."];
    return [`cannot be read: ${message}.`, "Name a file, a folder, or - for standard input."];
}
