import assert from "node:assert/strict";
import { parse } from "yaml";
import { concurrencyOf, type LimitsArgs, limitsFile, seriesOf } from "../../../../components/thanos/limits";
import { receive } from "../../../../config/schema/thanos";

const RING = { tenants: ["red", "green"], pods: ["ingester-0", "ingester-1"], memory: "4Gi" };

const args = (limits: Record<string, unknown> = {}): LimitsArgs => ({
    limits: receive.parse({ limits }).limits,
    replicationFactor: 3,
    routerMemory: "1Gi",
    rings: [RING],
    namespace: "monitoring",
    metaMonitoring: "http://prometheus:9090",
});
const written = (limits?: Record<string, unknown>) => parse(limitsFile(args(limits))).write;

describe("the limits file of Receive's routers", () => {
    it("lets a tenant have as many series as its ring holds, and asks Prometheus how many it has", () =>
        assert.deepEqual(written(), {
            global: {
                max_concurrency: 25,
                meta_monitoring_url: "http://prometheus:9090",
                meta_monitoring_limit_query:
                    'sum by (tenant) (prometheus_tsdb_head_series{namespace="monitoring",pod=~"ingester-0|ingester-1",tenant=~"red|green"}) / 3' +
                    ' or label_replace(vector(0), "tenant", "red", "", "") or label_replace(vector(0), "tenant", "green", "", "")',
            },
            default: { request: { size_bytes_limit: 8 * 1024 * 1024 } },
            tenants: {
                red: { head_series_limit: 699050, request: {} },
                green: { head_series_limit: 699050, request: {} },
            },
        }));

    it("gives a tenant the default where it has no limit of its own", () =>
        assert.deepEqual(
            written({
                default: { series: 1000, requestSeries: 3000, requestSamples: 4000 },
                tenants: { red: { series: 5, requestSize: "2Mi", requestSeries: 2000, requestSamples: 2500 } },
            }),
            {
                ...written(),
                default: { request: { size_bytes_limit: 8 * 1024 * 1024, series_limit: 3000, samples_limit: 4000 } },
                tenants: {
                    red: {
                        head_series_limit: 5,
                        request: { size_bytes_limit: 2 * 1024 * 1024, series_limit: 2000, samples_limit: 2500 },
                    },
                    green: { head_series_limit: 1000, request: {} },
                },
            },
        ));
});

describe("what memory allows", () => {
    it("is a series for 4 KiB of all ingesters, in every copy", () => {
        assert.equal(seriesOf({ pods: ["a", "b", "c"], memory: "4Gi" }, 3), 1_048_576);
        assert.equal(seriesOf({ pods: ["a", "b", "c", "d", "e", "f"], memory: "4Gi" }, 3), 2_097_152);
        assert.equal(seriesOf({ pods: ["a", "b", "c"], memory: "512Mi" }, 2), 196_608);
    });

    it("is as many requests of the largest size as a router has memory for, and always one", () => {
        assert.equal(concurrencyOf(args()), 25);
        assert.equal(concurrencyOf({ ...args(), routerMemory: "4Gi" }), 102);
        assert.equal(concurrencyOf(args({ default: { requestSize: "4Mi" } })), 51);
        assert.equal(concurrencyOf({ ...args(), routerMemory: "16Mi" }), 1);
        assert.equal(concurrencyOf(args({ maxConcurrency: 7 })), 7);
    });
});
