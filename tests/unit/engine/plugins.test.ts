import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineHome, installPlugin, isPluginDownloadable, isPluginInstalled, pluginVersion } from "../../../engine/plugins";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const RANDOM = { name: "random", version: "4.21.2" };

describe("plugins of the engine", () => {
    let stateDir = "";
    const engine = () => ({ stateDir, pulumiPath: join(stateDir, "pulumi") });
    beforeEach(() => {
        stateDir = temporaryDirectory();
    });

    it("have the version of the installed SDK", async () => {
        const { dependencies } = require("../../../package.json") as { dependencies: Record<string, string> };
        assert.equal(await pluginVersion("random"), dependencies["@pulumi/random"]);
    });

    it("are installed if the engine's home has a folder of the version", async () => {
        assert.equal(await isPluginInstalled(engine(), RANDOM), false);
        mkdirSync(join(engineHome(stateDir), "plugins", "resource-random-v4.21.1"), { recursive: true });
        assert.equal(await isPluginInstalled(engine(), RANDOM), false);
        mkdirSync(join(engineHome(stateDir), "plugins", "resource-random-v4.21.2"));
        assert.equal(await isPluginInstalled(engine(), RANDOM), true);
    });

    it("are installed by the CLI into the engine's home", async () => {
        writeFileSync(engine().pulumiPath, `#!/bin/sh\necho "$PULUMI_HOME $*" >${join(stateDir, "called")}\n`, { mode: 0o755 });
        await installPlugin(engine(), RANDOM);
        assert.equal(readFileSync(join(stateDir, "called"), "utf8"), `${engineHome(stateDir)} plugin install resource random 4.21.2\n`);
    });

    describe("are downloadable", () => {
        const original = globalThis.fetch;
        afterEach(() => {
            globalThis.fetch = original;
        });
        const downloadable = async (answer: () => Response): Promise<[boolean, string]> => {
            let asked = "";
            globalThis.fetch = async (url, init) => {
                asked = `${init?.method} ${url}`;
                return answer();
            };
            return [await isPluginDownloadable(RANDOM), asked];
        };

        it("if the CLI's server has the file for this machine", async () => {
            const [found, asked] = await downloadable(() => new Response());
            assert.equal(found, true);
            assert.match(
                asked,
                /^HEAD https:\/\/get\.pulumi\.com\/releases\/plugins\/pulumi-resource-random-v4\.21\.2-\w+-(amd64|arm64)\.tar\.gz$/,
            );
        });

        it("not if a proxy refuses it", async () =>
            assert.equal((await downloadable(() => new Response(null, { status: 403 })))[0], false));

        it("not without a network", async () => assert.equal((await downloadable(() => assert.fail("getaddrinfo ENOTFOUND")))[0], false));
    });
});
