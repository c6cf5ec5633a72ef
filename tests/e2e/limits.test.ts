import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { query } from "../../clients/thanos";
import { type LimitsArgs, limitsFile } from "../../components/thanos/limits";
import { receive } from "../../config/schema/thanos";
import { eventually } from "../support/eventually";
import { LoopbackRing } from "../support/loopbackRing";
import { Processes } from "../support/processes";
import { remoteWrite } from "../support/remoteWrite";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Receive, real Prometheus, no cluster: the flags and files that the program writes, on 127.0.0.1. */

const TENANTS = ["noisy", "quiet", "silent"];
const LIMIT = 45;

describe("a tenant with more series than its limit", () => {
    let directory: string;
    let processes: Processes;
    let ring: LoopbackRing;
    let metaMonitoring: string;

    before(async () => {
        directory = temporaryDirectory();
        processes = new Processes(directory);
        const binaries = await tools("thanos", "prometheus");
        ring = new LoopbackRing(binaries.thanos.path, processes, [{ tenants: TENANTS, zones: [], ingesters: 3 }]);
        await ring.startIngesters();
        metaMonitoring = await ring.startMetaMonitoring(binaries.prometheus.path);
        await ring.startRouter(limitsOf(LIMIT));
    });
    after(() => processes.stop());

    const limitsOf = (series: number) => {
        const { limits, replicationFactor, routerMemory, memory } = receive.parse({ limits: { tenants: { noisy: { series } } } });
        const pods = ring.ingesters.map(({ pod }) => pod);
        const args: LimitsArgs = {
            limits,
            replicationFactor,
            routerMemory,
            rings: [{ tenants: TENANTS, pods, memory }],
            namespace: "monitoring",
            metaMonitoring,
        };
        return limitsFile(args);
    };

    /** Writes a sample to each of `count` series as a tenant, with `padding` more bytes in each. Returns the status of the answer. */
    const write = (tenant: string, count: number, padding = 0): Promise<number> =>
        remoteWrite(
            ring.write,
            tenant,
            Array.from({ length: count }, (_, i) => ({ __name__: "load", pad: "x".repeat(1 + padding), series: String(i) })),
        );

    it("is refused with 429, which Prometheus sends again, while another tenant writes", async () => {
        assert.equal(await write("noisy", 10 * LIMIT), 200);
        assert.equal(await write("quiet", 10 * LIMIT), 200);
        await eventually("the router knows that it has too many", 60, async () => assert.equal(await write("noisy", 1), 429));
        assert.equal(await write("quiet", 10 * LIMIT), 200);
        const metrics = await (await fetch(`${ring.router}/metrics`)).text();
        assert.match(metrics, /^thanos_receive_head_series_limited_requests_total\{tenant="noisy"\} [1-9]/m);
        assert.doesNotMatch(metrics, /^thanos_receive_head_series_limited_requests_total\{tenant="quiet"\}/m);
    });

    it("counts each series once, although three ingesters hold it: 450 are below a limit of 500", async () => {
        await writeFile(ring.files.limits, limitsOf(500));
        await eventually("the router has reread its file", 60, async () => assert.equal(await write("noisy", 10 * LIMIT), 200));
        // Longer than the 15 s after which the router asks for the number of series again.
        const until = Date.now() + 20_000;
        while (Date.now() < until) assert.equal(await write("noisy", 10 * LIMIT), 200);
    });

    it("is known by its number of series, as every other tenant is, even one that has none", async () => {
        const asked = parse(limitsOf(LIMIT)).write.global.meta_monitoring_limit_query as string;
        const answer = await query(metaMonitoring, asked);
        assert.deepEqual(Object.fromEntries(answer.map(({ metric, value }) => [metric.tenant, value])), {
            noisy: 10 * LIMIT,
            quiet: 10 * LIMIT,
            silent: 0,
        });
    });

    it("cannot be one that writes more bytes than any Prometheus would: such a request is dropped with 413", async () => {
        assert.equal(await write("quiet", 2000, 3500), 200);
        assert.equal(await write("quiet", 2000, 5000), 413);
    });
});
