import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackendFailed } from "../../../../engine/backend/backendFolder";
import { localFolder } from "../../../../engine/backend/localFolder";
import { doesWhatAFolderDoes } from "../../../support/backendContract";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

describe("a backend of files", () => {
    doesWhatAFolderDoes(() => localFolder(temporaryDirectory()));

    it("names the file that cannot be read or written", async () => {
        const root = temporaryDirectory();
        writeFileSync(join(root, "file"), "");
        mkdirSync(join(root, "folder"));
        const folder = localFolder(root);
        for (const fails of [
            () => folder.append("file/in/it", ""),
            () => folder.create("file/in/it", ""),
            () => folder.read("folder"),
            () => folder.remove("none"),
        ])
            await assert.rejects(fails, (error) => error instanceof BackendFailed && error.message.startsWith(`${root}/`));
    });
});
