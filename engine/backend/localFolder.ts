import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BackendFailed, type BackendFolder, type FileContent } from "./backendFolder";

/** The folder of a backend on this machine, or on a file system that machines share. */
export function localFolder(root: string): BackendFolder {
    const locate = (path: string) => join(root, path);

    /** What `work` answers, or `expected[code]` where it fails with this code. */
    async function at<T>(path: string, work: () => Promise<T>, expected: Record<string, T> = {}): Promise<T> {
        try {
            return await work();
        } catch (error) {
            const { code = "", message } = error as NodeJS.ErrnoException;
            if (code in expected) return expected[code] as T;
            throw error instanceof BackendFailed ? error : new BackendFailed(`${locate(path)}: ${message}`);
        }
    }

    const read = (path: string) =>
        at<FileContent | undefined>(
            path,
            async () => {
                const text = await readFile(locate(path), "utf8");
                return { text, version: text };
            },
            { ENOENT: undefined },
        );

    /** Writes a new file beside `path`, gives its name to `use`, and removes it. */
    const withNew = <T>(path: string, text: string, use: (written: string) => Promise<T>) =>
        at(path, async () => {
            const written = `${locate(path)}.${process.pid}-${randomBytes(3).toString("hex")}`;
            await mkdir(dirname(written), { recursive: true });
            try {
                await writeFile(written, text);
                return await use(written);
            } finally {
                await rm(written, { force: true });
            }
        });

    // Unlike a file that is created and then written, a link is there at once with its content, or fails.
    const create = (path: string, text: string) =>
        withNew(path, text, (written) => at(path, () => link(written, locate(path)).then(() => true), { EEXIST: false }));

    const remove = (path: string) => at(path, () => rm(locate(path)));

    return {
        locate,
        read,
        create,
        remove,
        list: (folder) => at(folder, () => readdir(locate(folder)), { ENOENT: [] }),
        replace: async (path, text, version) => {
            // A rename cannot say what it has replaced, so one process at a time looks and then renames.
            const turn = `${path}.replacing`;
            if (!(await create(turn, ""))) return false;
            try {
                if ((await read(path))?.version !== version) return false;
                await withNew(path, text, (written) => rename(written, locate(path)));
                return true;
            } finally {
                await remove(turn);
            }
        },
        append: (path, text) =>
            at(path, async () => {
                const file = await open(locate(path), "a");
                try {
                    await file.appendFile(text);
                    await file.datasync();
                } finally {
                    await file.close();
                }
            }),
    };
}
