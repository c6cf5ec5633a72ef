import assert from "node:assert/strict";
import { join } from "node:path";
import { scalar } from "../../clients/thanos";
import { objectStoreFile } from "../../components/blocks/objectStore";
import { compactFlags } from "../../components/thanos/compact";
import { endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { storeFlags } from "../../components/thanos/store";
import { DATA_DIR, OBJECT_STORE_FILE } from "../../components/thanos/workload";
import { loadConfig } from "../../config/load";
import type { ObserverConfig } from "../../config/schema";
import { type Stream, streamsOf } from "../../config/streams";
import { importFleet } from "../../import/fleet";
import { HISTORY_DAYS, writeHistory } from "../../local/history";
import { release } from "../support/chartValues";
import { eventually } from "../support/eventually";
import { BUCKET, Minio } from "../support/minio";
import { Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/**
 * Takes over a bucket as Bitnami's chart leaves it: blocks of two clusters in its root. Import makes stack files of the releases' values, and real Stores and
 * a real Compact with the flags and the objstore file of these stacks work on the same blocks.
 */

const CLUSTERS = ["blue", "red"] as const;
const USER = "of-the-releases";
const ALL = `${HISTORY_DAYS + 1}d`;

const prometheusValues = (cluster: string) => `
prometheus:
  prometheusSpec:
    replicas: 2
    externalLabels: {cluster: ${cluster}}
    thanos: {objectStorageConfig: {existingSecret: {name: thanos-objstore, key: objstore.yml}}}
`;

describe("a bucket of Bitnami's chart", () => {
    const directory = temporaryDirectory();
    const processes = new Processes(directory);
    const minio = new Minio();
    let binaries: Awaited<ReturnType<typeof tools<"minio" | "thanos" | "promtool">>>;
    let thanos: RealThanos;
    /** What the chart mounts. */
    let theirObjectStore: string;
    let config: ObserverConfig;
    let stream: Stream;
    let ourObjectStore: string;
    let now: number;
    /** Samples of each cluster, as the chart's Store answers. */
    let written: Record<string, number>;

    before(async () => {
        binaries = await tools("minio", "thanos", "promtool");
        thanos = new RealThanos(processes, binaries);
        await minio.start(binaries.minio.path, processes);
        await minio.addUser(
            USER,
            JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }] }),
        );
        const store = minio.storeOf(USER);
        theirObjectStore = objectStoreFile(store, "");
        for (const cluster of CLUSTERS) {
            await writeHistory(cluster, directory, binaries.promtool.path, AbortSignal.timeout(120_000));
            const labels = [`--label=cluster="${cluster}"`, '--label=prometheus_replica="prometheus-kps-prometheus-0"'];
            const upload = [
                "tools",
                "bucket",
                "upload-blocks",
                `--objstore.config=${theirObjectStore}`,
                `--path=${join(directory, cluster)}`,
            ];
            const { code, output } = await run(binaries.thanos.path, [...upload, ...labels], { within: 120 });
            assert.equal(code, 0, output);
        }
        now = Date.now() / 1000;

        const values = `
objstoreConfig: |-
${theirObjectStore.replace(/^/gm, "  ")}
storegateway: {enabled: true}
compactor: {enabled: true, retentionResolutionRaw: 90d, retentionResolution5m: 90d, retentionResolution1h: 90d, consistencyDelay: 1s}
`;
        const { stacks } = importFleet({
            releases: [
                release("bitnami", values),
                ...CLUSTERS.map((cluster) => release("kube-prometheus-stack", prometheusValues(cluster), { cluster })),
            ],
            domain: "fleet.test",
        });
        const observer = stacks.find(({ role }) => role === "observer");
        assert.ok(observer);
        config = loadConfig(observer.settings) as ObserverConfig;
        assert.ok(config.objectStore);
        const streams = streamsOf(config).filter(({ writers }) => writers.some(({ name }) => name !== config.cluster));
        assert.deepEqual(
            streams.map(({ writers }) => writers.map(({ name }) => name)),
            [CLUSTERS],
        );
        [stream] = streams as [Stream];
        // Import writes no keys.
        const keys = { access_key: store.config.access_key, secret_key: store.config.secret_key };
        ourObjectStore = objectStoreFile(
            { type: config.objectStore.type, config: { ...config.objectStore.config, ...keys } },
            stream.prefix,
        );
    });

    after(async () => {
        await processes.stop();
        minio.stop();
    });

    const samplesOf = async (store: Started, name: string): Promise<Record<string, number>> => {
        const endpoints = endpointsFile([{ address: store.grpc, equalReplicas: true }]);
        const { http } = await thanos.start(name, queryFlags({ ...config.query, leaf: false }), { "endpoints.yml": endpoints });
        const count = (cluster: string) => `sum(count_over_time(shop_orders_total{cluster="${cluster}"}[${ALL}]))`;
        const counts = CLUSTERS.map(async (cluster) => [
            cluster,
            await scalar(`http://${http}`, count(cluster), { time: now, dedup: false }),
        ]);
        return Object.fromEntries(await Promise.all(counts)) as Record<string, number>;
    };

    const ourStore = (name: string) =>
        thanos.start(name, storeFlags({ ...config.store, cache: undefined }), { "objstore.yml": ourObjectStore });

    /** Folders of the bucket's root. */
    async function folders(): Promise<string[]> {
        const answer = await minio.asRoot("GET", `${BUCKET}?list-type=2&delimiter=%2F&max-keys=1000`);
        return [...(await answer.text()).matchAll(/<Prefix>([^<]+)\/<\/Prefix>/g)].map(([, folder]) => folder ?? "");
    }

    it("is read by the Stores of the imported stacks as by the chart's own, sample by sample", async () => {
        // The flags that the chart passes where its values say nothing else.
        const flags = ["store", `--data-dir=${DATA_DIR}`, `--objstore.config-file=${OBJECT_STORE_FILE}`];
        const theirs = await thanos.start("their-store", flags, { "objstore.yml": theirObjectStore });
        written = await samplesOf(theirs, "their-query");
        for (const cluster of CLUSTERS) assert.ok((written[cluster] ?? 0) > 20_000, JSON.stringify(written));
        assert.deepEqual(await samplesOf(await ourStore("our-store"), "our-query"), written);
    });

    it("is compacted on by the Compact of the imported stacks, in its root", async () => {
        const before = await folders();
        const flags = compactFlags({ ...config.compact, retention: stream.retention });
        const { http } = await thanos.start("our-compact", flags, { "objstore.yml": ourObjectStore });
        await eventually("Compact has worked through the bucket, and has not halted", 300, async () => {
            const metrics = await (await fetch(`http://${http}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
            assert.match(metrics, /^thanos_compact_halted 0$/m);
            assert.match(metrics, /^thanos_compact_iterations_total [1-9]/m);
        });
        const made = (await folders()).filter((folder) => !before.includes(folder));
        assert.ok(made.length > 10, `${made.length} new folders`);
        for (const folder of made.filter((name) => name !== "debug")) assert.match(folder, /^[0-9A-HJKMNP-TV-Z]{26}$/);
    });

    it("answers as before once it is compacted", async () => {
        assert.deepEqual(await samplesOf(await ourStore("our-store-after"), "our-query-after"), written);
    });
});
