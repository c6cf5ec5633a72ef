import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { scalar } from "../../clients/thanos";
import { OPERATOR } from "../../components/naming/names";
import type { ClusterName } from "../../local/fleet/settings";
import { askEverySecond, askSteadily, lost, SCRAPE_SECONDS, sampleTimes } from "../support/changesUnderLoad";
import { FleetFiles } from "../support/fleetFiles";
import { checkoutWith } from "../support/otherThanos";
import { apps, frontend, NAMESPACE } from "../support/runningFleet";

/** The oldest that this program supports (upstream/versions.ts). */
const OLDER_THANOS = "v0.42.3";

const GATE = { soak: "30s", deadline: "6m" };
/** No proxy: whatever a program asks for elsewhere than in its own pod is refused. */
const NOWHERE = "http://127.0.0.1:9";

/** Rolls changes out over the running fleet, as a pipeline does (`npm run test:rollout`). Not a part of the suite, because of its length. */
describe("a rollout over the running fleet", () => {
    const files = new FleetFiles();
    let base = "";

    /** Writes the stack files with some settings changed. Each Store has two replicas: the only one would be missing from answers while it restarts. */
    const write = ({ observer, ...observees }: Parameters<FleetFiles["write"]>[0] = {}) =>
        files.write({ ...observees, observer: { store: { replicas: 2 }, ...observer } });

    before(async () => {
        base = await frontend();
        files.settings({ gate: { query: base, ...GATE } });
        await write();
        const { code, printed } = await files.run("up");
        assert.equal(code, 0, printed);
    });

    /** Flags of a cluster's Query. */
    async function flagsOf(cluster: ClusterName): Promise<string[]> {
        const { spec } = await (await apps(cluster)).readNamespacedDeployment({ name: "thanos-query", namespace: NAMESPACE });
        return spec?.template.spec?.containers.flatMap(({ args }) => args ?? []) ?? [];
    }

    const inEveryCluster = (query: Record<string, unknown>) => ({ observer: { query }, blue: { query }, red: { query } });

    it("brings a changed flag to every cluster, while every answer is whole and every sample is written", async () => {
        const stopAsking = await askSteadily(base);
        const started = Date.now();
        const lostBefore = await lost(base);
        await write(inEveryCluster({ maxConcurrentSelect: 5 }));
        const { code, printed } = await files.run("up");
        const wrong = await stopAsking();
        assert.equal(code, 0, printed);
        assert.match(printed, /^Done: 3 stacks in 3 waves\. Changed: observer, blue, red\.$/m);
        assert.equal(printed.match(/^gate .*passed/gm)?.length, 3, printed);
        for (const cluster of ["observer", "blue", "red"] as const)
            assert.ok((await flagsOf(cluster)).includes("--query.max-concurrent-select=5"), cluster);
        assert.deepEqual(wrong, []);
        await sleep(60_000);
        const held = await sampleTimes(base, Math.ceil((Date.now() - started) / 1000));
        for (const [holder, series] of Object.entries(held))
            for (const [name, times] of Object.entries(series))
                for (const [i, time] of times.entries())
                    assert.ok(i === 0 || time - (times[i - 1] ?? 0) < 1.5 * SCRAPE_SECONDS, `${holder} ${name} has a hole before ${time}`);
        assert.equal(await lost(base), lostBefore);
    });

    it("stops at the observer where a flag that parses breaks queries, again in the next run, and goes on with the mend", async () => {
        await write(inEveryCluster({ timeout: "2ms", storeResponseTimeout: "1ms" }));
        const stopped = await files.run("up");
        assert.equal(stopped.code, 20, stopped.printed);
        assert.match(stopped.printed, /^Stopped at the gate after wave 1 of 3: .* Changed: observer\. Not changed: blue, red\.$/m);
        const again = await files.run("up");
        assert.equal(again.code, 20, again.printed);
        assert.match(
            again.printed,
            /^Stopped at the gate after wave 1 of 3: .* Had nothing to change: observer\. Not changed: blue, red\.$/m,
        );
        for (const cluster of ["blue", "red"] as const) assert.ok((await flagsOf(cluster)).includes("--query.timeout=2m"), cluster);
        await write();
        const mended = await files.run("up");
        assert.equal(mended.code, 0, mended.printed);
        assert.match(mended.printed, /^Done: 3 stacks in 3 waves\. Changed: observer\b/m);
    });

    /** A target whose pod no version of Thanos restarts, so that it is always there. */
    const STEADY = `up{cluster="red",job="${OPERATOR}"}`;

    const askForTarget = () =>
        askEverySecond(async () => {
            const answer = await scalar(base, `count(${STEADY})`).catch((error: Error) => error.message);
            return answer === 1 ? undefined : String(answer);
        });

    /** When the target was scraped, by any Prometheus, in the last seconds; as its copies' holders say. */
    async function scrapes(seconds: number): Promise<number[]> {
        const params = new URLSearchParams({ query: `${STEADY}[${seconds}s]`, dedup: "false" });
        const response = await fetch(`${base}/api/v1/query?${params}`, { signal: AbortSignal.timeout(20_000) });
        const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
        return [...new Set(data.result.flatMap(({ values }) => values.map(([time]) => time)))].sort((a, b) => a - b);
    }

    it("brings an older Thanos to the observees first, and a newer one to the observer first, while every answer is right and no scrape is lost", async () => {
        const older = files.from(await checkoutWith(OLDER_THANOS));
        const wavesOf = (printed: string) => [...printed.matchAll(/^Wave \d: (.*?) \(/gm)].map(([, stacks]) => stacks);
        for (const [program, waves] of [
            [older, ["blue", "red", "observer"]],
            [files, ["observer", "blue", "red"]],
        ] as const) {
            const started = Date.now();
            const stopAsking = askForTarget();
            const { code, printed } = await program.run("up");
            const wrong = await stopAsking();
            assert.equal(code, 0, printed);
            assert.deepEqual(wavesOf(printed), waves);
            assert.deepEqual(wrong, []);
            await sleep(30_000);
            const seconds = Math.ceil((Date.now() - started) / 1000);
            const times = await scrapes(seconds);
            assert.ok(times.length > seconds / SCRAPE_SECONDS, `${times.length} scrapes`);
            const holes = times.filter((time, i) => i > 0 && time - (times[i - 1] ?? 0) > 1.5 * SCRAPE_SECONDS);
            assert.deepEqual(holes, []);
            const given = await scalar(
                base,
                `sum(increase({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total",cluster="red"}[${seconds}s]))`,
            );
            assert.equal(given, 0);
        }
    });

    const inEveryObservee = (settings: Record<string, Record<string, unknown>>) => ({ blue: settings, red: settings });

    it("stops at the canary whose sidecars cannot upload, and goes on with the mend", async () => {
        // A block is cut every two minutes, so a sidecar has something to upload within the soak.
        files.settings({ gate: { query: base, soak: "5m", deadline: "15m" } });
        const env = ["HTTP_PROXY", "HTTPS_PROXY"].map((name) => ({ name, value: NOWHERE }));
        const containers = [{ name: "thanos-sidecar", env }];
        await write(inEveryObservee({ prometheus: { values: { prometheus: { prometheusSpec: { containers } } } } }));
        const stopped = await files.run("up");
        assert.equal(stopped.code, 20, stopped.printed);
        assert.match(
            stopped.printed,
            /^Stopped at the gate after wave 2 of 3: .*uploads fail in blue.* Changed: blue\. Had nothing to change: observer\. Not changed: red\.$/m,
        );
        files.settings({ gate: { query: base, ...GATE } });
        await write();
        const mended = await files.run("up");
        assert.equal(mended.code, 0, mended.printed);
    });

    it("stops at the canary whose image cannot be had, and goes on with the mend", async () => {
        await write(inEveryObservee({ pods: { imageRegistry: "127.0.0.1:9" } }));
        const stopped = await files.run("up");
        assert.equal(stopped.code, 21, stopped.printed);
        assert.match(
            stopped.printed,
            /^Stopped in wave 2 of 3: the update of blue failed\. Changed in part: blue\. Had nothing to change: observer\. Not changed: red\.$/m,
        );
        await write();
        const mended = await files.run("up");
        assert.equal(mended.code, 0, mended.printed);
    });
});
