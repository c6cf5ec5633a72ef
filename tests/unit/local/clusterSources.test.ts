import assert from "node:assert/strict";
import { KubeConfig } from "@kubernetes/client-node";
import { checkedContexts, givenContexts, madeHere, toolsOf } from "../../../local/clusterSources";

const SILENT = { silent: "there is no `docker` on PATH" };

describe("clusters that npm start makes itself", () => {
    it("are kind's where Docker answers, on every machine", () => {
        for (const machine of [
            { platform: "darwin", root: false },
            { platform: "linux", root: true },
        ])
            assert.deepEqual(madeHere({ version: "28.5.1" }, machine), { how: "kind", why: "Docker 28.5.1 answers" });
    });

    it("are built on Linux by root where Docker does not answer", () =>
        assert.deepEqual(madeHere(SILENT, { platform: "linux", root: true }), {
            how: "built",
            why: "Docker does not answer (there is no `docker` on PATH), and root may make namespaces",
        }));

    for (const [machine, lacks] of [
        [{ platform: "darwin", root: true }, "this is darwin"],
        [{ platform: "linux", root: false }, "this user is not root"],
    ] as const)
        it(`are refused at once without Docker where ${lacks}`, () =>
            assert.throws(() => madeHere(SILENT, machine), {
                name: "ConfigError",
                message: [
                    "this machine: 1 problem. Nothing was changed.",
                    `  clusters: cannot be made: Docker does not answer (there is no \`docker\` on PATH), and without it they need Linux and root; ${lacks}. Start Docker, or name clusters with --context.`,
                ].join("\n"),
            }));

    it("need kind and nothing to build where Docker answers", () => assert.deepEqual(toolsOf({ how: "kind" }), ["kind"]));
});

describe("contexts given by flag", () => {
    it("are one for each cluster", () =>
        assert.deepEqual(givenContexts(["observer=a", "blue=b", "red=c"]), { observer: "a", blue: "b", red: "c" }));

    it("are refused together when some are wrong or missing", () =>
        assert.throws(() => givenContexts(["observer=a", "green=b", "blue="]), {
            message: [
                "command line: 3 problems. Nothing was changed.",
                '  --context: "green" is not a cluster of the fleet with a context. Write observer=CONTEXT.',
                '  --context: "blue" is not a cluster of the fleet with a context. Write observer=CONTEXT.',
                "  --context: red has none. Add --context red=CONTEXT: one for each cluster.",
            ].join("\n"),
        }));

    it("have to be in the kubeconfig", () => {
        const config = new KubeConfig();
        config.loadFromOptions({ clusters: [], users: [], contexts: ["a", "b"].map((name) => ({ name, cluster: "", user: "" })) });
        assert.throws(() => checkedContexts({ observer: "a", blue: "b", red: "c" }, config), {
            message: [
                "command line: 1 problem. Nothing was changed.",
                "  --context: red=c: there is no such context. Write one of a, b.",
            ].join("\n"),
        });
    });
});
