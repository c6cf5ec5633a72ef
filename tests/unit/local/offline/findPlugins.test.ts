import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { version as randomVersion } from "@pulumi/random/package.json";
import { findPlugins } from "../../../../local/offline/findPlugins";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

describe("the plugin of a provider", () => {
    let stateDir = "";
    beforeEach(() => {
        stateDir = temporaryDirectory();
    });
    const served = async (pulumiPath: string, canDownload: boolean) => {
        const plugins = await findPlugins({ stateDir, pulumiPath }, async () => canDownload);
        for (const { name, standIn } of plugins) if (standIn) accessSync(join(standIn, `pulumi-resource-${name}`), constants.X_OK);
        return plugins.map(({ name, standIn }) => `${name} ${standIn ? "stand-in" : "official"}`);
    };

    it("is the official one where it can be downloaded", async () => {
        assert.deepEqual(await served("true", true), ["kubernetes official", "random official", "tls official"]);
    });

    it("is the stand-in where it cannot be downloaded or the download fails", async () => {
        assert.deepEqual(await served("true", false), ["kubernetes stand-in", "random stand-in", "tls stand-in"]);
        assert.deepEqual(await served("false", true), ["kubernetes stand-in", "random stand-in", "tls stand-in"]);
    });

    it("is the official one where that was installed before", async () => {
        mkdirSync(join(stateDir, "home", "plugins", `resource-random-v${randomVersion}`), { recursive: true });
        assert.deepEqual(await served("false", false), ["kubernetes stand-in", "random official", "tls stand-in"]);
    });
});
