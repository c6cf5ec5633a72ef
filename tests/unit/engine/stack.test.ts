import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type StackOptions, stackFor } from "../../../engine/stack";
import { temporaryDirectory } from "../../support/temporaryDirectory";

/** Answers every command of the CLI with success, and records it with the environment variables that matter. */
const fakeCli = (directory: string) => `#!/bin/sh
[ "$1" = version ] && echo v3.248.0
echo "$*|$HELM_BINARY|$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION|$PULUMI_HOME|$PULUMI_BACKEND_URL" >>'${directory}/calls'
`;

describe("stackFor", () => {
    let stateDir = "";
    const open = (more: Partial<StackOptions> = {}) =>
        stackFor({
            // A quote in the path, as a user's home may have it.
            pulumiPath: join(stateDir, "pulumi's"),
            stateDir,
            stackName: "blue",
            program: async () => {},
            config: { cluster: "blue", query: { replicas: 2 } },
            plugins: [],
            ...more,
        });
    const fileOf = (name: string) => parse(readFileSync(join(stateDir, "workspace", "blue", name), "utf8")) as Record<string, unknown>;
    const calls = () => readFileSync(join(stateDir, "calls"), "utf8").trim().split("\n");
    beforeEach(() => {
        stateDir = temporaryDirectory();
        writeFileSync(join(stateDir, "pulumi's"), fakeCli(stateDir), { mode: 0o755 });
    });

    it("replaces the stack's whole configuration", async () => {
        await open({ config: { cluster: "blue", gone: "1" } });
        await open();
        assert.deepEqual(fileOf("Pulumi.blue.yaml").config, {
            "thanos-fleet:cluster": "blue",
            "thanos-fleet:query": '{"replicas":2}',
        });
    });

    it("keeps home, backend and passphrase in the state directory", async () => {
        await open();
        const passphrase = () => readFileSync(join(stateDir, "passphrase"), "utf8");
        const first = passphrase();
        await open();
        assert.equal(passphrase(), first);
        assert.equal(statSync(join(stateDir, "passphrase")).mode & 0o777, 0o600);
        const [, , , home, backend] = calls().at(-1)?.split("|") ?? [];
        assert.deepEqual([home, backend], [join(stateDir, "home"), `file://${join(stateDir, "backend")}`]);
    });

    it("runs stand-ins from their folders, and downloads no plugin then", async () => {
        const plugins = [
            { name: "kubernetes", version: "4.34.2", standIn: "/standins/kubernetes" },
            { name: "tls", version: "5.6.1" },
        ];
        await open({ plugins, env: { HELM_BINARY: "/bin/helm" } });
        assert.deepEqual(fileOf("Pulumi.yaml").plugins, {
            providers: [{ name: "kubernetes", path: "/standins/kubernetes" }],
        });
        const [, helm, noDownloads] = calls().at(-1)?.split("|") ?? [];
        assert.deepEqual([helm, noDownloads], ["/bin/helm", "true"]);
    });

    it("lets the engine download plugins if there is no stand-in", async () => {
        await open({ plugins: [{ name: "tls", version: "5.6.1" }] });
        assert.equal(calls().at(-1)?.split("|")[2], "");
    });
});
