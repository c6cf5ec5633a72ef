import assert from "node:assert/strict";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { answersCacheFile } from "../../components/thanos/caches";
import { compactFlags } from "../../components/thanos/compact";
import { type Endpoint, endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { queryFrontendFlags } from "../../components/thanos/queryFrontend";
import { storeFlags } from "../../components/thanos/store";
import { tracingConfig } from "../../components/thanos/tracing";
import * as schema from "../../config/schema/thanos";
import { eventually } from "../support/eventually";
import { Processes } from "../support/processes";
import { RealThanos, type Started } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real Thanos components with settings that the local fleet does not use. */

interface Answer {
    status: string;
    error?: string;
    warnings?: string[];
    data?: { result: { metric: { cluster: string } }[] };
}

describe("Thanos with other settings", () => {
    const processes = new Processes(temporaryDirectory());
    let thanos: RealThanos;
    let end: number;

    before(async () => {
        thanos = new RealThanos(processes, await tools("thanos", "promtool"));
        end = await thanos.uploadBlock("blue");
        await thanos.uploadBlock("red");
    });
    after(() => processes.stop());

    const startStore = (stream: string, settings: object = {}, name = `store-${stream}`) =>
        thanos.start(name, storeFlags({ ...schema.store.parse(settings), cache: undefined }), {
            "objstore.yml": thanos.objectStore(stream),
        });

    /** Starts a Query that asks `started`. A leaf has no certificates here. */
    function startQuery(name: string, settings: object, started: readonly Started[], leaf = false): Promise<Started> {
        const endpoints = started.map(({ grpc }): Endpoint => ({ address: grpc, equalReplicas: true }));
        const flags = queryFlags({ ...schema.query.parse(settings), leaf }).filter((flag) => !flag.startsWith("--grpc-server-tls"));
        return thanos.start(name, flags, { "endpoints.yml": endpointsFile(endpoints) });
    }

    async function ask({ http }: Started): Promise<{ clusters: string[]; warnings: number; seconds: number }> {
        const started = Date.now();
        const url = `http://${http}/api/v1/query?${new URLSearchParams({ query: '{__name__=~"shop_.+"}', time: String(end) })}`;
        const { status, error, warnings = [], data } = (await (await fetch(url, { signal: AbortSignal.timeout(60_000) })).json()) as Answer;
        assert.equal(status, "success", error);
        const clusters = [...new Set((data?.result ?? []).map(({ metric }) => metric.cluster))].sort();
        return { clusters, warnings: warnings.length, seconds: (Date.now() - started) / 1000 };
    }

    const bothAnswer = (query: Started) =>
        eventually("both Stores are asked", 30, async () => assert.deepEqual((await ask(query)).clusters, ["blue", "red"]));

    it("answers without a source that hangs, and a leaf before the observer gives the leaf up", async () => {
        const stores = [await startStore("blue"), await startStore("red")];
        const leaf = await startQuery("leaf", { storeResponseTimeout: "6s" }, stores, true);
        const query = await startQuery("query", { storeResponseTimeout: "6s" }, [leaf]);
        await bothAnswer(query);
        await processes.suspend("store-red");
        try {
            const { clusters, warnings, seconds } = await ask(query);
            assert.deepEqual(clusters, ["blue"]);
            assert.ok(warnings > 0);
            assert.ok(seconds >= 3.9 && seconds < 6, `answered after ${seconds} s`);
        } finally {
            processes.resume("store-red");
        }
    });

    it("answers without a Store whose limit a query exceeds, and warns", async () => {
        const stores = [
            await startStore("blue", {}, "store-blue-2"),
            await startStore("red", { limits: { requestSeries: 1 } }, "store-red-2"),
        ];
        const query = await startQuery("query-2", { promqlEngine: "thanos", maxConcurrent: 1, maxConcurrentSelect: 1 }, stores);
        await eventually("the Store without limits answers", 30, async () => {
            const { clusters, warnings } = await ask(query);
            assert.deepEqual([clusters, warnings], [["blue"], 1]);
        });
    });

    it("compacts several groups at once, merges replicas and lists blocks recursively", async () => {
        const concurrency = { compactions: 2, downsamplings: 2, blockFetches: 2, blockFiles: 2 };
        const settings = schema.compact.parse({ concurrency, mergeReplicas: true, blockDiscovery: "recursive", consistencyDelay: "1d" });
        await thanos.start("compact", compactFlags(settings), { "objstore.yml": thanos.objectStore("blue") });
    });

    it("sends one trace of a request from every component that it passes, with the name of the cluster", async () => {
        const spans: string[] = [];
        const collector = new Server();
        const bytes = (message: Buffer) => message;
        const Export = {
            path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            requestStream: false as const,
            responseStream: false as const,
            requestSerialize: bytes,
            requestDeserialize: bytes,
            responseSerialize: bytes,
            responseDeserialize: bytes,
        };
        collector.addService(
            { Export },
            {
                Export: (call: { request: Buffer }, answer: (error: null, message: Buffer) => void) => {
                    spans.push(call.request.toString("latin1"));
                    answer(null, Buffer.alloc(0));
                },
            },
        );
        const port = await new Promise<number>((resolve, reject) =>
            collector.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
                error ? reject(error) : resolve(bound),
            ),
        );
        const traced = (service: string) =>
            `--tracing.config=${tracingConfig(service, { endpoint: `127.0.0.1:${port}`, samplingRatio: 1, insecure: true, clusterName: "observer" })}`;
        try {
            const query = await thanos.start(
                "query-traced",
                [...queryFlags({ ...schema.query.parse({}), leaf: false }), traced("thanos-query")],
                {
                    "endpoints.yml": endpointsFile([{ address: "127.0.0.1:1" }]),
                },
            );
            const flags = queryFrontendFlags({ ...schema.queryFrontend.parse({}), downstream: `http://${query.http}` });
            const frontend = await thanos.start("frontend-traced", [...flags, traced("thanos-query-frontend")], {
                "cache.yml": answersCacheFile(undefined, "256Mi"),
            });
            await fetch(`http://${frontend.http}/api/v1/query?query=up`, { signal: AbortSignal.timeout(20_000) });
            const seen = (service: string) =>
                spans.some((batch) => batch.includes("observer") && new RegExp(`${service}(?!-)`).test(batch));
            await eventually("spans of both", 30, async () =>
                assert.deepEqual(["thanos-query-frontend", "thanos-query"].map(seen), [true, true]),
            );
        } finally {
            collector.forceShutdown();
        }
    });
});
