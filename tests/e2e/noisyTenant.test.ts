import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { query } from "../../clients/thanos";
import { limitsFile } from "../../components/thanos/limits";
import { MAX_SAMPLES_PER_SEND } from "../../config/schema";
import { receive } from "../../config/schema/thanos";
import { eventually } from "../support/eventually";
import { LoopbackRing } from "../support/loopbackRing";
import { p99 } from "../support/percentile";
import { Processes } from "../support/processes";
import { remoteWrite } from "../support/remoteWrite";
import { ROOT } from "../support/root";
import { tools } from "../support/runningFleet";
import type { Noise } from "../support/steadyNoise";
import { samples, writeSteadily } from "../support/steadyWriter";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** What one tenant costs another, in samples and in the time of queries, as `npm run test:noisy` shows it. Not a part of the suite, because of its length. */

const SECONDS = Number(process.env.SECONDS ?? 120);
const LIMIT = 5000;
/** How many times as long the slowest queries of the other tenant may take. */
const MOST = 1.2;
/** Series of the quiet tenant. */
const QUIET = 2000;

const seriesOf = (name: string, count: number) => Array.from({ length: count }, (_, i) => ({ __name__: name, series: String(i) }));

describe("a tenant that writes ten times the series of its limit", () => {
    const processes = new Processes(temporaryDirectory());
    let ring: LoopbackRing;
    let base: string;
    let writer: ChildProcess | undefined;

    before(async () => {
        const { thanos, prometheus } = await tools("thanos", "prometheus");
        ring = new LoopbackRing(thanos.path, processes, [{ tenants: ["noisy", "quiet"], zones: [], ingesters: 3 }]);
        await ring.startIngesters();
        const metaMonitoring = await ring.startMetaMonitoring(prometheus.path);
        const settings = receive.parse({ limits: { tenants: { noisy: { series: LIMIT } } } });
        const rings = [{ tenants: ["noisy", "quiet"], pods: ring.ingesters.map(({ pod }) => pod), memory: settings.memory }];
        await ring.startRouter(limitsFile({ ...settings, rings, namespace: "monitoring", metaMonitoring }));
        base = await ring.startQuery();
    });
    after(async () => {
        writer?.kill();
        await processes.stop();
    });

    /** How long the quiet tenant's queries take, in milliseconds. */
    async function askQuietly(seconds: number): Promise<number[]> {
        const times: number[] = [];
        for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
            const started = performance.now();
            await query(base, "sum(rate(quiet_total[1m]))");
            times.push(performance.now() - started);
        }
        return times;
    }

    /** Writes all series of the noisy tenant every 15 s, as a Prometheus does. Returns how many requests had each status. */
    function writeNoisily(): () => Promise<Record<number, number>> {
        const noise: Noise = {
            url: ring.write,
            tenant: "noisy",
            series: 10 * LIMIT,
            seriesPerRequest: MAX_SAMPLES_PER_SEND,
            everySeconds: 15,
        };
        const noisy = fork(join(ROOT, "tests", "support", "steadyNoise.ts"), [JSON.stringify(noise)], {
            execArgv: ["--require", join(ROOT, "register.js")],
        });
        writer = noisy;
        let statuses: Record<number, number> = {};
        noisy.on("message", (latest: Record<number, number>) => {
            statuses = latest;
        });
        return async () => {
            assert.equal(noisy.exitCode, null, "the noisy tenant has stopped writing");
            noisy.kill();
            await once(noisy, "exit");
            return statuses;
        };
    }

    it("is refused, and costs another tenant no sample, and less than a fifth of the time of its slowest queries", async () => {
        const stopWriting = writeSteadily(ring.write, "quiet", seriesOf("quiet_total", QUIET));
        await askQuietly(20);
        const alone = await askQuietly(SECONDS);
        const stopNoise = writeNoisily();
        await eventually("the noisy tenant is over its limit", 60, async () =>
            assert.equal(await remoteWrite(ring.write, "noisy", seriesOf("noisy_total", 1)), 429),
        );
        const beside = await askQuietly(SECONDS);
        const statuses = await stopNoise();
        const { times } = await stopWriting();

        const ratio = p99(beside) / p99(alone);
        console.log(
            `      requests of the noisy tenant by status: ${JSON.stringify(statuses)}; p99 of ${alone.length} queries ${p99(alone).toFixed(1)} ms alone, of ${beside.length} beside it ${p99(beside).toFixed(1)} ms (${ratio.toFixed(2)}x)`,
        );
        assert.ok((statuses[429] ?? 0) > SECONDS);
        const read = await samples(base, `quiet_total[${Math.ceil((Date.now() - (times[0] ?? 0)) / 1000) + 10}s]`);
        assert.equal(read.length, QUIET);
        for (const values of read) assert.deepEqual(values, times);
        assert.ok(ratio < MOST, `the slowest queries take ${ratio.toFixed(2)} times as long`);
    });
});
