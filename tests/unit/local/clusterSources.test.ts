import assert from "node:assert/strict";
import { KubeConfig } from "@kubernetes/client-node";
import { checkedContexts, chooseFleet, chooseSource, givenContexts, madeHere, toolsOf, type Wishes } from "../../../local/clusterSources";

const SILENT = { silent: "there is no `docker` on PATH" };

describe("clusters that npm start makes itself", () => {
    it("are kind's where Docker answers, on every machine", () => {
        for (const machine of [
            { platform: "darwin", root: false },
            { platform: "linux", root: true },
        ])
            assert.deepEqual(madeHere({ docker: { version: "28.5.1" }, ...machine }), { how: "kind", why: "Docker 28.5.1 answers" });
    });

    it("are built on Linux by root where Docker does not answer", () =>
        assert.deepEqual(madeHere({ docker: SILENT, platform: "linux", root: true }), {
            how: "built",
            why: "Docker does not answer (there is no `docker` on PATH), and root may make namespaces",
        }));

    for (const [machine, lacks] of [
        [{ platform: "darwin", root: true }, "this is darwin"],
        [{ platform: "linux", root: false }, "this user is not root"],
    ] as const)
        it(`are refused at once without Docker where ${lacks}`, () =>
            assert.throws(() => madeHere({ docker: SILENT, ...machine }), {
                name: "ConfigError",
                message: [
                    "this machine: 1 problem. Nothing was changed.",
                    `  clusters: cannot be made: Docker does not answer (there is no \`docker\` on PATH), and without it they need Linux and root; ${lacks}. Start Docker, name clusters with --context, or run this as root on Linux.`,
                ].join("\n"),
            }));

    it("need kind and nothing to build where Docker answers", () => assert.deepEqual(toolsOf({ how: "kind" }, "agents"), ["kind"]));
});

describe("the source of clusters", () => {
    const DOCKER = { docker: { version: "28.5.1" }, platform: "linux", root: true };
    const NO_DOCKER = { docker: SILENT, platform: "linux", root: true };
    const chosen = (wishes: Partial<Wishes>, machine = DOCKER as Parameters<typeof chooseSource>[1]) => {
        try {
            const { how, why } = chooseSource({ contexts: [], fleet: "sidecars", ...wishes }, machine);
            return `${how}: ${why}`;
        } catch (error) {
            return (error as Error).message;
        }
    };
    const refused = (subject: string, problem: string) => `${subject}: 1 problem. Nothing was changed.\n  ${problem}`;

    it("is what --clusters says, if the machine can make them", () => {
        assert.equal(chosen({ clusters: "built" }), "built: chosen with --clusters");
        assert.equal(chosen({ clusters: "kind" }), "kind: chosen with --clusters");
        assert.equal(
            chosen({ clusters: "kind" }, NO_DOCKER),
            refused(
                "this machine",
                "clusters: those of --clusters kind need Docker, which does not answer (there is no `docker` on PATH). Start Docker.",
            ),
        );
        assert.equal(
            chosen({ clusters: "built" }, { ...DOCKER, root: false }),
            refused(
                "this machine",
                "clusters: those of --clusters built need Linux and root; this user is not root. Start Docker, name clusters with --context, or run this as root on Linux.",
            ),
        );
    });

    it("takes an image of nodes for kind clusters only", () => {
        const { how, ...kind } = chooseSource({ contexts: [], fleet: "sidecars", nodeImage: "kindest/node:v1.34.8" }, DOCKER);
        assert.deepEqual([how, kind], ["kind", { nodeImage: "kindest/node:v1.34.8", why: "Docker 28.5.1 answers" }]);
        assert.equal(
            chosen({ clusters: "built", nodeImage: "kindest/node:v1.34.8" }),
            refused(
                "command line",
                "--node-image: is of kind clusters, and these are clusters built here (chosen with --clusters). Leave it away, or add --clusters kind.",
            ),
        );
    });

    it("needs contexts where it is given, and refuses them where it is not", () => {
        assert.equal(
            chosen({ clusters: "given" }),
            refused("command line", "--clusters given: needs --context. Add --context observer=CONTEXT: one for each cluster."),
        );
        assert.equal(
            chosen({ clusters: "kind", contexts: ["observer=a", "blue=b", "red=c"] }),
            refused("command line", "--clusters kind: makes clusters, and --context names some that exist. Leave one of the two away."),
        );
    });

    it("stays that of the fleet that is here, also after Docker was started or stopped", () => {
        assert.equal(chosen({ present: "built" }), "built: as the fleet that is here");
        assert.equal(chosen({ present: "kind" }), "kind: as the fleet that is here");
        assert.equal(
            chosen({ present: "kind" }, NO_DOCKER),
            refused(
                "this machine",
                "clusters: the fleet's clusters, which are kind, need Docker, which does not answer (there is no `docker` on PATH). Start Docker.",
            ),
        );
    });

    it("is not changed under a fleet, whose clusters would be left behind", () => {
        assert.equal(
            chosen({ present: "built", clusters: "kind" }),
            refused(
                "the fleet on this machine",
                "clusters: are clusters built here, and would be kind now (chosen with --clusters). Remove the fleet with `npm start -- --down` first, or go on with --clusters built.",
            ),
        );
        assert.equal(
            chosen({ present: "given" }),
            refused(
                "the fleet on this machine",
                "clusters: are your clusters, and would be kind now (Docker 28.5.1 answers). Remove the fleet with `npm start -- --down` first, or go on with the contexts of the last run.",
            ),
        );
    });
});

describe("the fleet", () => {
    it("has agents if --agents says so", () => {
        assert.equal(chooseFleet(false, undefined), "sidecars");
        assert.equal(chooseFleet(true, undefined), "agents");
    });

    it("stays the one that is here without the flag", () => {
        assert.equal(chooseFleet(false, "sidecars"), "sidecars");
        assert.equal(chooseFleet(false, "agents"), "agents");
        assert.equal(chooseFleet(true, "agents"), "agents");
    });

    it("gets no agents afterwards", () =>
        assert.throws(() => chooseFleet(true, "sidecars"), {
            message: [
                "the fleet on this machine: 1 problem. Nothing was changed.",
                "  --agents: is a fleet of observer, blue, red, yellow, green, and the one that is here has observer, blue, red only. Remove it with `npm start -- --down` first, or go on with it without --agents.",
            ].join("\n"),
        }));
});

describe("contexts given by flag", () => {
    it("are one for each cluster", () =>
        assert.deepEqual(givenContexts(["blue=b", "observer=a", "red=c"], "sidecars"), { observer: "a", blue: "b", red: "c" }));

    it("have the observer first, which is deployed first", () =>
        assert.deepEqual(Object.keys(givenContexts(["red=c", "blue=b", "observer=a"], "sidecars")), ["observer", "blue", "red"]));

    it("are two more for a fleet with agents", () => {
        const three = ["observer=a", "blue=b", "red=c"];
        assert.deepEqual(givenContexts([...three, "yellow=d", "green=e"], "agents"), {
            observer: "a",
            blue: "b",
            red: "c",
            yellow: "d",
            green: "e",
        });
        assert.throws(() => givenContexts(three, "agents"), {
            message: [
                "command line: 2 problems. Nothing was changed.",
                "  --context: yellow has none. Add --context yellow=CONTEXT: one for each cluster.",
                "  --context: green has none. Add --context green=CONTEXT: one for each cluster.",
            ].join("\n"),
        });
    });

    it("are refused together when some are wrong or missing", () =>
        assert.throws(() => givenContexts(["observer=a", "green=b", "blue="], "sidecars"), {
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
