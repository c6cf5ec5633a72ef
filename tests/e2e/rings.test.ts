import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { query } from "../../clients/thanos";
import { hashringsFile } from "../../components/thanos/hashring";
import { limitsFile } from "../../components/thanos/limits";
import { receive } from "../../config/schema/thanos";
import { receiveReplicates } from "../../rules/L07-receive-replicates";
import { NOTHING } from "../../rules/model";
import { eventually } from "../support/eventually";
import { addresses, addressFlags, LoopbackRing, routerFlagsOf, type TestRing } from "../support/loopbackRing";
import { Processes } from "../support/processes";
import { remoteWrite } from "../support/remoteWrite";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { samples, writeSteadily } from "../support/steadyWriter";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Receive, real Query, no cluster: the flags and files that the program writes, on 127.0.0.1. */

const ZONES = ["a", "b", "c"];
const RINGS: TestRing[] = [
    { name: "big", tenants: ["gold"], zones: [], ingesters: 3 },
    { tenants: ["red"], zones: ZONES, ingesters: 6 },
];
const SERIES = 300;

const NO_LIMITS = limitsFile({ ...receive.parse({}), rings: [], namespace: "monitoring", metaMonitoring: "http://127.0.0.1:1" });

describe("two rings, one of them in three zones", () => {
    let processes: Processes;
    let rings: LoopbackRing;
    let base: string;

    before(async () => {
        processes = new Processes(temporaryDirectory());
        const { thanos } = await tools("thanos");
        rings = new LoopbackRing(thanos.path, processes, RINGS);
        await rings.startIngesters();
        await rings.startRouter(NO_LIMITS);
        base = await rings.startQuery();
    });
    after(() => processes.stop());

    const write = (tenant: string, name: string) =>
        remoteWrite(
            rings.write,
            tenant,
            Array.from({ length: SERIES }, (_, i) => ({ __name__: name, series: String(i) })),
        );

    /** The ingesters that hold each series of a metric. */
    async function holders(name: string): Promise<Map<string, string[]>> {
        const held = new Map<string, string[]>();
        for (const { metric } of await query(base, name, { dedup: false }))
            held.set(metric.series ?? "", [...(held.get(metric.series ?? "") ?? []), metric.receive_replica ?? ""]);
        return held;
    }
    const zoneOf = (pod: string) => rings.ingesters.find((ingester) => ingester.pod === pod)?.zone;

    it("put the three copies of a sample into three zones", async () => {
        assert.equal(await write("red", "of_red"), 200);
        await eventually("every series has three copies", 30, async () => {
            const held = await holders("of_red");
            assert.equal(held.size, SERIES);
            for (const [series, pods] of held) assert.deepEqual(pods.map(zoneOf).sort(), ZONES, `series ${series}: ${pods}`);
        });
    });

    it("keep tenants apart: each tenant's samples are in its own ring only", async () => {
        assert.equal(await write("gold", "of_gold"), 200);
        await eventually("every series has three copies", 30, async () => {
            const held = [...(await holders("of_gold")).values()];
            assert.equal(held.length, SERIES);
            assert.deepEqual(
                [...new Set(held.flat())].sort(),
                [0, 1, 2].map((ordinal) => `thanos-receive-ingester-big-${ordinal}`),
            );
        });
    });

    it("refuse a tenant that no ring lists", async () => assert.equal(await write("nobody", "of_nobody"), 500));

    it("hold each series where they did, once thanos-receive-controller writes the file", async () => {
        const copies = async () => (await query(base, "count_over_time(of_red[5m])", { dedup: false })).map(({ value }) => value);
        const hash = async () => /^thanos_receive_config_hash.* (\S+)$/m.exec(await (await fetch(`${rings.router}/metrics`)).text())?.[1];
        const [ours, before] = [await readFile(rings.files.hashrings, "utf8"), await hash()];
        assert.deepEqual(new Set(await copies()), new Set([1]));
        await writeFile(rings.files.hashrings, asControllerWrites(ours));
        await eventually("the router has read the file", 60, async () => assert.notEqual(await hash(), before));
        assert.equal(await write("red", "of_red"), 200);
        await eventually("the same three ingesters have the second sample of each series", 30, async () =>
            assert.deepEqual(
                await copies(),
                Array.from({ length: 3 * SERIES }, () => 2),
            ),
        );
    });

    /**
     * A ring file as thanos-receive-controller makes it with --use-az-aware-hashring (its main.go, populateEndpoint): pods by the same names, their StatefulSet as
     * zone, and no algorithm, which is a flag of the routers.
     */
    function asControllerWrites(file: string): string {
        const statefulSet = (address: string) => rings.ingesters.find(({ grpc }) => grpc === address)?.pod.replace(/-\d+$/, "");
        const written = JSON.parse(file) as { hashring: string; tenants: string[]; endpoints: { address: string }[] }[];
        return JSON.stringify(
            written.map(({ hashring, tenants, endpoints }) => ({
                hashring,
                tenants,
                endpoints: endpoints.map(({ address }) => ({ address, az: statefulSet(address) })),
            })),
        );
    }

    it("take every sample of a steady writer while a zone goes, and each is read once", async () => {
        const metric = "steady";
        const series = Array.from({ length: SERIES }, (_, i) => ({ __name__: metric, series: String(i) }));
        const stop = writeSteadily(rings.write, "red", series);
        await sleep(10_000);
        await processes.kill(rings.ingesters.filter(({ zone }) => zone === "b").map(({ pod }) => pod));
        await sleep(20_000);
        const { times, longestFailureMs } = await stop();
        assert.ok(longestFailureMs < 10_000, `writes failed for ${longestFailureMs} ms`);
        assert.ok(times.length > 20, `${times.length} samples of each series`);
        await eventually("every sample is read once", 30, async () => {
            const read = await samples(base, `${metric}[5m]`);
            assert.equal(read.length, SERIES);
            for (const values of read) assert.deepEqual(values, times);
        });
        assert.equal((await query(base, "count(of_red)"))[0]?.value, SERIES);
    });
});

describe("zones with unequal numbers of ingesters", () => {
    const directory = temporaryDirectory();
    const file = (name: string) => join(directory, name);

    /** Whether a router gets ready within 15 s with one ingester in zone a and three in zone b. Nobody has to listen at their addresses. */
    async function getsReady(replicationFactor: number): Promise<boolean> {
        const members = ["a", "b", "b", "b"].map((zone, i) => ({ pod: `ingester-${i}`, service: "ingester", zone }));
        await writeFile(file("hashrings.json"), hashringsFile([{ name: "fleet", tenants: ["red"], members }], "monitoring"));
        await writeFile(file("limits.yml"), NO_LIMITS);
        const { thanos } = await tools("thanos");
        const flags = routerFlagsOf({ hashrings: file("hashrings.json"), limits: file("limits.yml") }, replicationFactor);
        const ready = /"status":"ready"/;
        const all = [...flags, ...(await addressFlags(...(await addresses())))];
        const { seenAfter } = await run(thanos.path, all, { within: 15, seen: ready, interruptAt: ready });
        return seenAfter !== undefined;
    }

    it("are refused by rule L7 where the router never gets ready, and only there", async () => {
        for (const replicationFactor of [3, 4]) {
            const ring = { path: "r", ingesters: 4, perZone: [1, 3] };
            const problems = receiveReplicates.check(
                { ...NOTHING, receives: [{ path: "r", replicationFactor, rings: [ring] }] },
                { minReplicationFactor: 3 },
            );
            assert.equal(await getsReady(replicationFactor), problems.length === 0, `${replicationFactor} copies`);
        }
    });
});
