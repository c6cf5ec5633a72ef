import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../../../local/fleet/settings";
import { saveFleetState } from "../../../local/fleet/state";
import { fleetStatus, statusLines } from "../../../local/status";
import { FakeApi } from "../../support/fakeApi";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the status of the fleet on this machine", () => {
    const state = process.env.XDG_STATE_HOME;
    const services = { spec: { ports: [{ port: 10902 }] }, status: { loadBalancer: { ingress: [{ ip: "172.30.0.11" }] } } };
    let isDeployed: boolean;
    let api: FakeApi;
    let target: Target;
    before(async () => {
        api = new FakeApi(({ url }) => {
            if (!url.includes("/services/")) return { metadata: { uid: "one" } };
            return isDeployed ? services : { spec: { ports: [{ port: 10902 }] }, status: {} };
        });
        await api.start();
    });
    after(() => api.stop());
    beforeEach(async () => {
        process.env.XDG_STATE_HOME = temporaryDirectory();
        const kubeconfig = join(temporaryDirectory(), "kubeconfig");
        api.writeKubeconfig(kubeconfig, "a");
        target = { kubeconfig, context: "a" };
        isDeployed = true;
    });
    afterEach(() => {
        if (state === undefined) delete process.env.XDG_STATE_HOME;
        else process.env.XDG_STATE_HOME = state;
    });
    const save = () => saveFleetState({ how: "kind" }, { observer: target, blue: target, red: target });
    const lines = async () => statusLines(await fleetStatus(2000)).map((line) => line.replace(/since \d.*Z|127\.0\.0\.1:\d+/g, "..."));

    it("is that there is none", async () => assert.deepEqual(await lines(), ["No fleet is on this machine. `npm start` makes one."]));

    it("is where it came from, since when, which clusters answer, and where queries are answered", async () => {
        await save();
        assert.deepEqual(await lines(), [
            "kind, ...",
            "observer     http://...   answers",
            "blue         http://...   answers",
            "red          http://...   answers",
            "Open         http://172.30.0.11:10902",
        ]);
    });

    it("tells clusters that do not answer, and a fleet that is not deployed yet", async () => {
        await save();
        isDeployed = false;
        assert.equal((await lines()).at(-1), "Open         nowhere yet: `npm start` goes on from where it stopped");
        rmSync(target.kubeconfig);
        assert.deepEqual((await lines()).slice(1, 2), [`observer     no kubeconfig ${target.kubeconfig}   does not answer`]);
    });
});
