import assert from "node:assert/strict";
import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version as randomVersion } from "@pulumi/random/package.json";
import { ConfigError } from "../../../../config/configError";
import { findPlugins, standInsText } from "../../../../local/offline/findPlugins";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

describe("the plugin of a provider", () => {
    let stateDir = "";
    beforeEach(() => {
        stateDir = temporaryDirectory();
    });
    const served = async (pulumiPath: string, canDownload: boolean) => {
        const plugins = await findPlugins({ stateDir, pulumiPath }, { canDownload: async () => canDownload });
        for (const { name, standIn } of plugins) if (standIn) accessSync(join(standIn, `pulumi-resource-${name}`), constants.X_OK);
        return plugins.map(({ name, standIn }) => `${name} ${standIn ? "stand-in" : "official"}`);
    };

    it("is the official one where it can be downloaded", async () => {
        assert.deepEqual(await served("true", true), ["kubernetes official", "random official", "tls official"]);
    });

    it("is the stand-in where it cannot be downloaded or the download fails, with the reason", async () => {
        const why = async (pulumiPath: string, canDownload: boolean) => {
            const plugins = await findPlugins({ stateDir: temporaryDirectory(), pulumiPath }, { canDownload: async () => canDownload });
            return plugins.map((plugin) => plugin.standIn && plugin.why);
        };
        assert.deepEqual(await why("true", false), Array(3).fill("the official ones cannot be downloaded here"));
        const failing = join(stateDir, "pulumi");
        writeFileSync(failing, "#!/bin/sh\necho 'error: no space' >&2\nexit 1\n", { mode: 0o755 });
        assert.deepEqual(await why(failing, true), Array(3).fill("installing the official ones failed (error: no space)"));
    });

    const install = () => mkdirSync(join(stateDir, "home", "plugins", `resource-random-v${randomVersion}`), { recursive: true });

    it("is the official one where that was installed before", async () => {
        install();
        assert.deepEqual(await served("false", false), ["kubernetes stand-in", "random official", "tls stand-in"]);
    });

    it("is named as a stand-in only if it is one", async () => {
        install();
        assert.equal(
            standInsText(await findPlugins({ stateDir, pulumiPath: "false" }, { canDownload: async () => false })),
            "stand-ins for kubernetes, tls: the official ones cannot be downloaded here",
        );
        assert.equal(standInsText([{ name: "tls", version: "5.6.1" }]), undefined);
    });

    describe("of a fleet that exists", () => {
        const refusal = async (served: Promise<unknown>) =>
            served.then(
                () => assert.fail("it was not refused"),
                (error) => {
                    assert.ok(error instanceof ConfigError, String(error));
                    return error.problems;
                },
            );

        it("stays the stand-in when the official one can be downloaded later", async () => {
            await served("true", false);
            assert.deepEqual(await served("true", true), ["kubernetes stand-in", "random stand-in", "tls stand-in"]);
        });

        it("cannot become the official one: it would misread the state", async () => {
            await served("true", false);
            install();
            assert.deepEqual(await refusal(served("true", false)), [
                {
                    path: "plugin random",
                    problem: "is now the official one, but the state was made with the stand-in, and the official one would misread it.",
                    remedy: "Remove the fleet with `npm start -- --down` first.",
                },
            ]);
            const plugins = await findPlugins({ stateDir, pulumiPath: "false" }, { canDownload: async () => false, removes: true });
            assert.ok(plugins.every(({ standIn }) => standIn));
        });

        it("cannot become the stand-in", async () => {
            await served("true", true);
            const problem =
                "was the official one when the fleet was made, and now it is not to be had: the official ones cannot be downloaded here.";
            const remedy = "Make it reachable again, or remove the fleet with `npm start -- --down`.";
            assert.deepEqual(
                await refusal(served("true", false)),
                ["kubernetes", "random", "tls"].map((name) => ({ path: `plugin ${name}`, problem, remedy })),
            );
        });

        it("is chosen anew once its state is removed", async () => {
            await served("true", false);
            rmSync(join(stateDir, "backend"), { recursive: true });
            assert.deepEqual(await served("true", true), ["kubernetes official", "random official", "tls official"]);
        });
    });
});
