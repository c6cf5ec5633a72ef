import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Targets } from "../../../../local/fleet/settings";
import { engineDirectory, historyDirectory, keepFleet, readFleet, readFleetState, saveFleetState } from "../../../../local/fleet/state";
import { FakeApi } from "../../../support/fakeApi";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

describe("the record of a fleet's clusters", () => {
    const state = process.env.XDG_STATE_HOME;
    let api: FakeApi;
    let targets: Targets;
    let uid: string;
    before(async () => {
        api = new FakeApi(({ url }) => (url.endsWith("/kube-system") ? { metadata: { uid } } : undefined));
        await api.start();
    });
    after(() => api.stop());
    beforeEach(() => {
        process.env.XDG_STATE_HOME = temporaryDirectory();
        const kubeconfig = join(temporaryDirectory(), "kubeconfig");
        api.writeKubeconfig(kubeconfig, "a", "b", "c");
        targets = {
            observer: { kubeconfig, context: "a" },
            blue: { kubeconfig, context: "b" },
            red: { kubeconfig, context: "c" },
        };
        uid = "first";
        for (const directory of [join(engineDirectory(), "backend"), historyDirectory()]) mkdirSync(directory, { recursive: true });
    });
    afterEach(() => {
        if (state === undefined) delete process.env.XDG_STATE_HOME;
        else process.env.XDG_STATE_HOME = state;
    });
    const kept = () => [join(engineDirectory(), "backend"), historyDirectory()].map((directory) => existsSync(directory));

    it("is what the next run reads", async () => {
        await saveFleetState({ how: "kind" }, targets);
        const { since = "", ...rest } = (await readFleetState()) ?? {};
        assert.deepEqual(rest, { how: "kind", ids: { observer: "first", blue: "first", red: "first" }, targets });
        assert.ok(Math.abs(Date.now() - Date.parse(since)) < 60_000, since);
    });

    it("is of every cluster of a fleet with agents", async () => {
        const { kubeconfig } = targets.observer;
        await saveFleetState({ how: "kind" }, { ...targets, yellow: { kubeconfig, context: "a" }, green: { kubeconfig, context: "b" } });
        assert.deepEqual(Object.keys((await readFleetState())?.ids ?? {}), ["observer", "blue", "red", "yellow", "green"]);
    });

    it("names the fleet from before its first cluster is made on", async () => {
        assert.equal(await readFleet(), undefined);
        await keepFleet("agents");
        assert.equal(await readFleet(), "agents");
        await saveFleetState({ how: "kind" }, targets);
        assert.equal(await readFleet(), "agents");
    });

    it("is of a fleet without agents where it names none", async () => {
        await saveFleetState({ how: "kind" }, targets);
        assert.equal(await readFleet(), "sidecars");
    });

    it("says since when these clusters are there", async () => {
        await saveFleetState({ how: "kind" }, targets);
        const { since } = (await readFleetState()) ?? {};
        await sleep(5);
        await saveFleetState({ how: "kind" }, targets);
        assert.equal((await readFleetState())?.since, since);
        uid = "second";
        await saveFleetState({ how: "kind" }, targets);
        assert.notEqual((await readFleetState())?.since, since);
    });

    it("keeps the engine's state and the history of the same clusters, and removes those of clusters that are gone", async () => {
        await saveFleetState({ how: "built" }, targets);
        for (const directory of [join(engineDirectory(), "backend"), historyDirectory()]) mkdirSync(directory, { recursive: true });
        await saveFleetState({ how: "built" }, targets);
        assert.deepEqual(kept(), [true, true]);
        uid = "second";
        await saveFleetState({ how: "built" }, targets);
        assert.deepEqual(kept(), [false, false]);
    });
});
