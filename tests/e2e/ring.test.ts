import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { askSteadily, changed, deploy, GROWN, lost, NOTHING, pods, sampleTimes } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { frontend } from "../support/runningFleet";

/** After the volumes have grown (volumes.test.ts), since volumes stay as large as they are. */

/** The kubelet brings a changed file to a pod within about a minute and a half; a router that misses the change reads it again after 30 s. */
const REREAD_SECONDS = 300;

const ingester = (ordinal: number) => `thanos-receive-ingester-${ordinal}`;

describe("a ring that grows from three ingesters to six, and becomes smaller again", () => {
    let base: string;
    before(async () => {
        base = await frontend();
        // The volumes' tests list blue again, whose leaf Query then has a new certificate.
        await deploy("blue", {});
    });

    it("takes every sample that is written meanwhile, in three copies or more, and restarts no pod", async () => {
        const podsBefore = await pods("observer");
        const lostBefore = await lost(base);
        const stopAsking = await askSteadily(base);
        const started = Date.now();

        const grown = await deploy("observer", { ...GROWN, receive: { ...GROWN.receive, ingesters: 6 } });
        // Three claims; the StatefulSet, and then the routers' ring file; how many ingesters the alerts expect.
        assert.deepEqual(changed(grown), { ...NOTHING, created: 3, updated: 3 });
        await eventually("new ingesters have samples of the last minute", REREAD_SECONDS, async () => {
            const holders = Object.keys(await sampleTimes(base, 30));
            assert.ok(
                [3, 4, 5].some((ordinal) => holders.includes(ingester(ordinal))),
                holders.join(),
            );
        });
        // Long enough after it that both routers have read the new ring.
        await sleep(60_000);

        assert.deepEqual(await stopAsking(), []);
        const podsAfter = await pods("observer");
        assert.deepEqual(Object.fromEntries(Object.keys(podsBefore).map((name) => [name, podsAfter[name]])), podsBefore);
        const { sidecar: written = {}, ...ingesters } = await sampleTimes(base, Math.ceil((Date.now() - started) / 1000));
        for (const [series, times] of Object.entries(written)) {
            const copies = Object.values(ingesters).flatMap((held) => held[series] ?? []);
            assert.deepEqual(
                [...new Set(copies)].sort((a, b) => a - b),
                times,
                series,
            );
            const few = times.filter((time) => copies.filter((copy) => copy === time).length < 3);
            assert.deepEqual(few, [], `${series} has fewer than three copies of a sample`);
        }
        assert.ok(Object.keys(written).length > 0);
        assert.equal(await lost(base), lostBefore);
    });

    it("is not made smaller at once: the removed ones would take the only copies of some samples with them", async () => {
        await assert.rejects(deploy("observer", GROWN), /receive\.ingesters: 6 ingesters get samples now, and 3 would be left/);
    });

    it("becomes smaller while three ingesters leave it: no pod restarts, every sample has its copies, and the old ones can be read", async () => {
        const stopAsking = await askSteadily(base);
        const started = Date.now();
        const podsBefore = await pods("observer");
        const lostBefore = await lost(base);

        const smaller = await deploy("observer", { ...GROWN, receive: { ...GROWN.receive, leaving: 3 } });
        // The routers' ring file, and the alerts.
        assert.deepEqual(changed(smaller), { ...NOTHING, updated: 2 });
        await eventually("the leaving ingesters have no sample of the last minute", REREAD_SECONDS, async () => {
            const holders = Object.keys(await sampleTimes(base, 30));
            assert.deepEqual(
                [3, 4, 5].filter((ordinal) => holders.includes(ingester(ordinal))),
                [],
            );
        });

        assert.deepEqual(await stopAsking(), []);
        assert.deepEqual(await pods("observer"), podsBefore);
        assert.equal(await lost(base), lostBefore);
        const { sidecar: written = {}, ...ingesters } = await sampleTimes(base, Math.ceil((Date.now() - started) / 1000));
        assert.ok(Object.keys(written).length > 0);
        for (const [series, times] of Object.entries(written)) {
            const copies = Object.values(ingesters).flatMap((held) => held[series] ?? []);
            const few = times.filter((time) => copies.filter((copy) => copy === time).length < 3);
            assert.deepEqual(few, [], `${series} has fewer than three copies of a sample`);
        }
        assert.ok(Object.keys(ingesters).includes(ingester(5)), "the leaving ingesters are not asked any more");
    });

    it("lets them go when the user says so", async () => {
        const gone = await deploy("observer", GROWN);
        assert.equal(changed(gone).deleted, 3);
        await eventually("three ingesters are left", 360, async () => {
            const names = Object.keys(await pods("observer"));
            assert.deepEqual(names.filter((name) => name.startsWith("thanos-receive-ingester-")).sort(), [0, 1, 2].map(ingester));
        });
    });
});
