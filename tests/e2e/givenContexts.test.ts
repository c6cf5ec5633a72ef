import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CLUSTERS } from "../../local/fleet/settings";
import { npmStart, target } from "../support/runningFleet";

const ALL = CLUSTERS.map(({ name }) => `${name}=${name}`);

describe("npm start -- --context", () => {
    let state: string;
    before(async () => {
        state = await mkdtemp(join(tmpdir(), "thanos-fleet-given-"));
    });
    after(() => rm(state, { recursive: true, force: true }));

    /** As a user who has one kubeconfig a cluster, and nothing of the fleet that runs. */
    const start = (contexts: string[]) =>
        npmStart(["--context", ...contexts], {
            within: 60,
            env: { ...process.env, XDG_STATE_HOME: state, KUBECONFIG: CLUSTERS.map(({ name }) => target(name).kubeconfig).join(delimiter) },
        });

    it("refuses contexts that are in no kubeconfig, and says which are", async () => {
        const { code, output } = await start(["observer=observer", "blue=bleu", "red=red"]);
        assert.equal(code, 2, output);
        assert.match(output, /--context: blue=bleu: there is no such context\. Write one of observer, blue, red\./);
    });

    it("refuses clusters in which the namespace is taken, and changes nothing", async () => {
        const { code, output } = await start(ALL);
        assert.equal(code, 2, output);
        for (const name of ALL)
            assert.match(output, new RegExp(`--context ${name}: has a namespace monitoring that was not made by this fleet\\.`));
        assert.match(output, /3 problems\. Nothing was changed\./);
    });
});
