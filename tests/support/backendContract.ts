import assert from "node:assert/strict";
import type { BackendFolder } from "../../engine/backend/backendFolder";

/** What every folder of a backend does. `open` answers an empty one. */
export function doesWhatAFolderDoes(open: () => BackendFolder): void {
    let folder: BackendFolder;
    const read = async (path: string) => (await folder.read(path))?.text;
    beforeEach(() => {
        folder = open();
    });

    it("has no file and no folder at first", async () => {
        assert.deepEqual([await folder.list("a"), await folder.read("a/one")], [[], undefined]);
    });

    it("creates a file once, whoever asks at the same time", async () => {
        const created = await Promise.all(["1", "2", "3", "4", "5"].map((text) => folder.create("a/one", text)));
        assert.deepEqual(created.filter(Boolean), [true]);
        assert.equal(await read("a/one"), String(created.indexOf(true) + 1));
        assert.equal(await folder.create("a/one", "6"), false);
    });

    it("lists the files of a folder, and not those of others", async () => {
        for (const path of ["a/one", "a/two", "ab/three", "a/deeper/four"]) await folder.create(path, "");
        assert.deepEqual((await folder.list("a")).filter((name) => name !== "deeper").sort(), ["one", "two"]);
    });

    it("replaces a file of the version that was read, once", async () => {
        await folder.create("a/one", "old");
        const { version = "" } = (await folder.read("a/one")) ?? {};
        const replaced = await Promise.all(["1", "2", "3", "4", "5"].map((text) => folder.replace("a/one", text, version)));
        assert.deepEqual(replaced.filter(Boolean), [true]);
        assert.equal(await read("a/one"), String(replaced.indexOf(true) + 1));
        assert.deepEqual(await folder.list("a"), ["one"]);
    });

    it("does not replace a file that is gone", async () => {
        await folder.create("a/one", "old");
        const { version = "" } = (await folder.read("a/one")) ?? {};
        await folder.remove("a/one");
        assert.deepEqual([await folder.replace("a/one", "new", version), await read("a/one")], [false, undefined]);
    });

    it("appends every line, also when several are at it", async () => {
        await folder.create("a/lock", "");
        const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`);
        await Promise.all(lines.map((line) => folder.append("a/one", line)));
        assert.deepEqual((await read("a/one"))?.match(/.+\n/g)?.sort(), [...lines].sort());
    });

    it("removes a file", async () => {
        await folder.create("a/one", "");
        await folder.remove("a/one");
        assert.equal(await read("a/one"), undefined);
    });
}
