import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { CLUSTERS, type ClusterName, type Target } from "../../local/fleet/settings";
import { npmStart } from "../support/run";
import { targetOf } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

describe("npm start -- --context", () => {
    const state = temporaryDirectory();
    const targets = new Map<ClusterName, Target>();
    const contextOf = (name: ClusterName) => targets.get(name)?.context ?? "";
    before(async () => {
        for (const { name } of CLUSTERS) targets.set(name, await targetOf(name));
    });

    /** Starts as a user does who has one kubeconfig per cluster and none of the running fleet's state. */
    const start = (contexts: string[]) => {
        const KUBECONFIG = [...targets.values()].map(({ kubeconfig }) => kubeconfig).join(delimiter);
        return npmStart(["--context", ...contexts], { within: 60, env: { ...process.env, XDG_STATE_HOME: state, KUBECONFIG } });
    };

    it("refuses a context that is in no kubeconfig, and names the existing ones", async () => {
        const { code, output } = await start([`observer=${contextOf("observer")}`, "blue=bleu", `red=${contextOf("red")}`]);
        assert.equal(code, 2, output);
        const existing = CLUSTERS.map(({ name }) => contextOf(name)).join(", ");
        assert.match(output, new RegExp(`--context: blue=bleu: there is no such context\\. Write one of ${existing}\\.`));
    });

    it("refuses clusters that already have the namespace, and changes nothing", async () => {
        const all = CLUSTERS.map(({ name }) => `${name}=${contextOf(name)}`);
        const { code, output } = await start(all);
        assert.equal(code, 2, output);
        for (const context of all)
            assert.match(output, new RegExp(`--context ${context}: has a namespace monitoring that was not made by this fleet\\.`));
        assert.match(output, /3 problems\. Nothing was changed\./);
    });
});
