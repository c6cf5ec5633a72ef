import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { warnings } from "../../clients/thanos";
import type { Mode } from "../../config/schema";
import { deploy } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { frontend } from "../support/runningFleet";
import { samples } from "../support/steadyWriter";

/**
 * Switches the modes of two running observees as docs/modes.md says, as `npm run test:modes` does, and counts the samples of a target that both Prometheus
 * scrape. Not a part of the suite, because of its length.
 */

const SCRAPE_SECONDS = 15;
/** Twice as long as a block, so that what sidecars had not uploaded is in the bucket. The local fleet's blocks have two minutes. */
const UPLOADED_SECONDS = 300;

type Settings = Parameters<typeof deploy>[1];

/** Times of the samples of a cluster's API server, in seconds: one list for each series that the answer has. */
async function times(base: string, cluster: string, since: number, dedup: boolean): Promise<number[][]> {
    const end = Math.floor(Date.now() / 1000) - 30;
    const range = `up{cluster="${cluster}",job="apiserver"}[${end - since}s]`;
    const found = await samples(base, range, { dedup: String(dedup), time: String(end) });
    return found.map((series) => series.map((time) => time / 1000));
}

const gapsOf = (sorted: readonly number[]) => sorted.slice(1).map((time, i) => time - (sorted[i] ?? 0));

/**
 * Prints what was counted since a time, and returns the longest time without a sample, and the times that are answered twice. Two samples of different Prometheus
 * may be close to each other where deduplication goes over from one to the other.
 */
async function counted(base: string, cluster: string, change: string, since: number): Promise<{ longestGap: number; double: number[] }> {
    const every = [...new Set((await times(base, cluster, since, false)).flat())].sort((a, b) => a - b);
    const merged = await times(base, cluster, since, true);
    assert.equal(merged.length, 1, `${merged.length} series after deduplication`);
    const longestGap = Math.max(...gapsOf(every));
    const [answered = []] = merged;
    const gaps = gapsOf(answered);
    console.log(
        `      ${cluster} ${change}: ${every.length} samples of both Prometheus, at most ${longestGap.toFixed(1)} s between two; ${answered.length} merged, at most ${Math.max(...gaps).toFixed(1)} s and at least ${Math.min(...gaps).toFixed(1)} s`,
    );
    return { longestGap, double: answered.filter((time, i) => answered.indexOf(time) !== i) };
}

describe("an observee whose mode changes", () => {
    let base: string;
    let since: number;
    const now = () => Math.floor(Date.now() / 1000);

    before(async () => {
        base = await frontend();
    });
    beforeEach(() => {
        since = now() - 60;
    });

    /** Deploys the observer with another mode of a cluster, and the cluster. */
    async function change(cluster: "blue" | "red", mode: Mode, settings: Settings = {}): Promise<void> {
        await deploy("observer", settings, (observee) => [observee.name === cluster ? { ...observee, mode } : observee]);
        await deploy(cluster, {});
        await eventually("no answer lacks a part", 300, async () => assert.deepEqual(await warnings(base, "count by (cluster) (up)"), []));
        await sleep(90_000);
    }

    it("gets remote write beside its sidecars, and loses it again, without a sample that is missing or doubled", async () => {
        await change("blue", "sidecar-remote-write");
        await change("blue", "sidecar");
        const { longestGap, double } = await counted(base, "blue", "sidecar -> sidecar-remote-write -> sidecar", since);
        assert.ok(longestGap < 1.5 * SCRAPE_SECONDS);
        assert.deepEqual(double, []);
    });

    const streams = [
        { name: "agents", writers: ["red"], receiveUploads: true },
        { name: "red", writers: [] },
    ];

    // Red was the only one that wrote to the shared ring, which answers for what it has.
    const moved = { streams, receive: { leaving: 3 } };

    it("becomes an agent when Receive has what its sidecars have not uploaded", async () => {
        await change("red", "sidecar-remote-write", moved);
        await sleep(UPLOADED_SECONDS * 1000);
        await change("red", "agent", moved);
        const { longestGap, double } = await counted(base, "red", "sidecar-remote-write -> agent", since);
        assert.ok(longestGap < 5 * SCRAPE_SECONDS);
        assert.deepEqual(double, []);
    });

    it("gets sidecars again", async () => {
        await change("red", "sidecar-remote-write", moved);
        const { longestGap, double } = await counted(base, "red", "agent -> sidecar-remote-write", since);
        assert.ok(longestGap < 5 * SCRAPE_SECONDS);
        assert.deepEqual(double, []);
    });
});
