import assert from "node:assert/strict";
import { bucketWebFlags } from "../../../../components/thanos/bucketWeb";
import { compactFlags } from "../../../../components/thanos/compact";
import { queryFlags } from "../../../../components/thanos/query";
import { queryFrontendFlags } from "../../../../components/thanos/queryFrontend";
import { ingesterFlags, routerFlags, ruleRouterFlags } from "../../../../components/thanos/receive";
import { ruleFlags } from "../../../../components/thanos/rule";
import { storeFlags } from "../../../../components/thanos/store";
import { toolFlags, toolRunsAs, toolValues } from "../../../../components/thanos/toolKit";
import type { Tool } from "../../../../config/schema";
import { alerting } from "../../../../config/schema/alerting";
import { rule } from "../../../../config/schema/rule";
import { bucketWeb, compact, query, queryFrontend, store, TOOLS } from "../../../../config/schema/thanos";

const QUERY = query.parse({});
const STORE = { ...store.parse({}), cache: undefined };

describe("the flags of", () => {
    it("the observer's Query read its endpoints from a file and merge replicas", () => {
        assert.deepEqual(queryFlags({ ...QUERY, leaf: false }), [
            "query",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--endpoint.sd-config-file=/etc/thanos/config/endpoints.yml",
            "--endpoint.sd-config-reload-interval=30s",
            "--query.replica-label=prometheus_replica",
            "--query.replica-label=receive_replica",
            "--query.replica-label=rule_replica",
            "--query.auto-downsampling",
            "--query.timeout=2m",
            "--store.response-timeout=15s",
            "--query.max-concurrent=20",
            "--query.max-concurrent-select=4",
            "--query.promql-engine=prometheus",
        ]);
    });

    it("the observer's Query merge copies by the labels of other writers, too, each once", () => {
        const flags = queryFlags({ ...QUERY, leaf: false, replicaLabels: ["replica", "rule_replica"] });
        assert.deepEqual(
            flags.filter((flag) => flag.startsWith("--query.replica-label=")),
            ["prometheus_replica", "receive_replica", "rule_replica", "replica"].map((label) => `--query.replica-label=${label}`),
        );
    });

    it("a Query in front of others differ in what it does there", () => {
        const more = (tier: "distributed" | "tenants") => {
            const usual = queryFlags({ ...QUERY, leaf: false });
            return queryFlags({ ...QUERY, leaf: false, tier }).filter((flag) => !usual.includes(flag));
        };
        assert.deepEqual(more("distributed"), [
            "--query.promql-engine=thanos",
            "--query.mode=distributed",
            "--query.partition-label=cluster",
        ]);
        assert.deepEqual(more("tenants"), ["--query.enforce-tenancy", "--query.tenant-label-name=cluster"]);
    });

    const RULE = {
        ...rule.parse({ files: ["rules/a.yml"], queryOffset: "1d" }),
        files: [{ name: "a.yml" }, { name: "b.yml" }],
        blockDuration: "2h",
        namespace: "monitoring",
        page: "https://query.fleet.test",
        alerting: alerting.parse({}),
    };

    it("Rule ask every Query, upload, and tell the Alertmanager of its cluster without the name of the pod", () =>
        assert.deepEqual(ruleFlags(RULE), [
            "rule",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--data-dir=/var/thanos/data",
            "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
            "--tsdb.block-duration=2h",
            "--tsdb.retention=48h",
            "--rule-file=/etc/thanos/config/a.yml",
            "--rule-file=/etc/thanos/config/b.yml",
            "--eval-interval=1m",
            "--rule-query-offset=24h",
            "--query=http://thanos-rule-query.monitoring.svc.cluster.local:10902",
            '--label=rule_replica="$(POD_NAME)"',
            "--alert.label-drop=rule_replica",
            "--alert.query-url=https://query.fleet.test",
            '--alertmanagers.config={"alertmanagers":[{"static_configs":["dnssrv+_http-web._tcp.alertmanager-operated.monitoring.svc.cluster.local"],"api_version":"v2"}]}',
        ]));

    it("a stateless Rule write to its own routers, and keep nothing of the flags of blocks", () => {
        const stateful = ruleFlags(RULE);
        const stateless = ruleFlags({ ...RULE, stream: "agents" });
        assert.deepEqual(
            stateless.filter((flag) => !stateful.includes(flag)),
            [
                '--remote-write.config={"remote_write":[{"name":"receive","url":"http://thanos-receive-router-rule.monitoring.svc.cluster.local:19291/api/v1/receive"}]}',
            ],
        );
        assert.deepEqual(
            stateful.filter((flag) => !stateless.includes(flag)),
            ["--objstore.config-file=/etc/thanos/objstore/objstore.yml", "--tsdb.block-duration=2h", "--tsdb.retention=48h"],
        );
    });

    it("Rule name Alertmanagers outside of the stack with their credentials, or none", () => {
        const alertmanagers = (settings: object) =>
            ruleFlags({ ...RULE, alerting: alerting.parse(settings) }).flatMap((flag) =>
                flag.startsWith("--alertmanagers.config=") ? JSON.parse(flag.slice("--alertmanagers.config=".length)).alertmanagers : [],
            );
        const external = [
            { url: "https://am.test:9443/prefix", caSecret: "ca", certificateSecret: "am", tokenSecret: "am" },
            { url: "http://plain.test" },
        ];
        assert.deepEqual(alertmanagers({ alertmanager: "external", external }), [
            {
                scheme: "https",
                path_prefix: "/prefix",
                static_configs: ["am.test:9443"],
                http_config: {
                    tls_config: {
                        ca_file: "/etc/thanos/secrets/ca/ca.crt",
                        cert_file: "/etc/thanos/secrets/am/tls.crt",
                        key_file: "/etc/thanos/secrets/am/tls.key",
                    },
                    bearer_token_file: "/etc/thanos/secrets/am/token",
                },
                api_version: "v2",
            },
            { scheme: "http", static_configs: ["plain.test"], api_version: "v2" },
        ]);
        assert.deepEqual(alertmanagers({ alertmanager: "off" }), []);
    });

    it("Query let as many queries run at once as its memory holds, but for another number", () => {
        const atOnce = (memory: string, maxConcurrent?: number) =>
            queryFlags({ ...QUERY, memory, maxConcurrent, leaf: false }).find((flag) => flag.startsWith("--query.max-concurrent="));
        assert.deepEqual(
            [atOnce("32Mi"), atOnce("256Mi"), atOnce("1Gi"), atOnce("64Gi"), atOnce("256Mi", 7)],
            [1, 5, 20, 20, 7].map((number) => `--query.max-concurrent=${number}`),
        );
    });

    it("a leaf Query close its connections regularly too, accept only clients of one authority, and give up before the observer gives it up", () => {
        assert.deepEqual(queryFlags({ ...QUERY, leaf: true }), [
            ...queryFlags({ ...QUERY, leaf: false, storeResponseTimeout: "10s" }),
            "--grpc-server-max-connection-age=5m",
            "--grpc-server-tls-cert=/etc/thanos/tls/tls.crt",
            "--grpc-server-tls-key=/etc/thanos/tls/tls.key",
            "--grpc-server-tls-client-ca=/etc/thanos/tls/ca.crt",
            "--grpc-server-tls-min-version=1.3",
        ]);
    });

    it("Query Frontend cache responses and limit retries", () => {
        const settings = { ...queryFrontend.parse({ labelsTimeRange: "2w" }), downstream: "http://query:10902" };
        assert.deepEqual(queryFrontendFlags(settings), [
            "query-frontend",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--query-frontend.downstream-url=http://query:10902",
            "--query-frontend.downstream-tripper-config=max_idle_conns_per_host: 100",
            "--query-frontend.compress-responses",
            "--query-frontend.log-queries-longer-than=10s",
            "--query-range.split-interval=24h",
            "--query-range.response-cache-config-file=/etc/thanos/start/cache.yml",
            "--cache-compression-type=snappy",
            "--query-range.response-cache-max-freshness=5m",
            "--query-range.max-retries-per-request=2",
            "--query.max-retries-per-request=2",
            "--labels.max-retries-per-request=2",
            "--labels.default-time-range=336h",
        ]);
    });

    it("Store keep serving marked blocks for a while, map index headers only while used, and fill two thirds of its memory at most, garbage aside", () => {
        assert.deepEqual(storeFlags(STORE), [
            "store",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--data-dir=/var/thanos/data",
            "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
            "--sync-block-duration=15m",
            "--block-discovery-strategy=concurrent",
            "--ignore-deletion-marks-delay=24h",
            "--index-cache-size=512MiB",
            "--chunk-pool-size=819MiB",
            "--store.enable-index-header-lazy-reader",
            "--grpc-server-max-connection-age=5m",
            "--disable-admin-operations",
        ]);
    });

    it("Store with a shared cache read both cache files, and keep no index cache in its memory", () => {
        const shared = storeFlags({ ...STORE, cache: { type: "MEMCACHED", config: {}, ready: [] } });
        assert.deepEqual(
            shared.filter((flag) => !storeFlags(STORE).includes(flag)),
            [
                "--index-cache.config-file=/etc/thanos/start/index-cache.yml",
                "--store.caching-bucket.config-file=/etc/thanos/start/bucket-cache.yml",
            ],
        );
        assert.deepEqual(
            storeFlags(STORE).filter((flag) => !shared.includes(flag)),
            ["--index-cache-size=512MiB"],
        );
    });

    it("Store limit what one request may read, list blocks otherwise, and write days as Go reads them, where the settings say so", () => {
        const settings = { limits: { requestSeries: 1e6, requestSamples: 5e8 }, blockDiscovery: "recursive", syncInterval: "1d" };
        assert.deepEqual(
            storeFlags({ ...store.parse(settings), cache: undefined }).filter((flag) => !storeFlags(STORE).includes(flag)),
            [
                "--sync-block-duration=24h",
                "--block-discovery-strategy=recursive",
                "--store.limits.request-series=1000000",
                "--store.limits.request-samples=500000000",
            ],
        );
    });

    it("Stores of three shards each serve the blocks whose id has their hash", () => {
        const shards = [0, 1, 2].map((shard) =>
            storeFlags({ ...store.parse({ shards: 3 }), cache: undefined, shard }).filter((flag) => !storeFlags(STORE).includes(flag)),
        );
        const hash = '{"action":"hashmod","source_labels":["__block_id"],"target_label":"shard","modulus":3}';
        assert.deepEqual(
            shards,
            ["0", "1", "2"].map((shard) => [
                `--selector.relabel-config=[${hash},{"action":"keep","source_labels":["shard"],"regex":"${shard}"}]`,
            ]),
        );
    });

    it("Stores leave samples below an age to Receive, where the settings say so", () => {
        assert.deepEqual(
            storeFlags({ ...store.parse({ minAge: "1d12h" }), cache: undefined }).filter((flag) => !storeFlags(STORE).includes(flag)),
            ["--max-time=-1d12h"],
        );
    });

    it("the bucket's page read only", () =>
        assert.deepEqual(bucketWebFlags(bucketWeb.parse({ refresh: "1d" })), [
            "tools",
            "bucket",
            "web",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
            "--refresh=24h",
            "--disable-admin-operations",
        ]));

    it("tools work on the block, and with the delay, of whoever runs them, and with the settings of Compact", () => {
        const all = (duration: string) => ({ raw: duration, fiveMinutes: duration, oneHour: duration });
        const settings = compact.parse({ retention: all("30d"), deleteDelay: "2d", consistencyDelay: "1d" });
        const of = (tool: Tool) => [toolFlags(tool, settings).slice(2, -1).join(" "), toolValues(tool, settings), toolRunsAs(tool)];
        assert.deepEqual(TOOLS.map(of), [
            ["ls --output=wide", {}, "store"],
            ["inspect", {}, "store"],
            ["verify --issues=overlapped_blocks --issues=index_known_issues", {}, "store"],
            [
                "mark --id=$(BLOCK) --marker=$(MARKER) --details=$(DETAILS)",
                { BLOCK: "", MARKER: "no-compact-mark.json", DETAILS: "by hand" },
                "compact",
            ],
            ["mark --id=$(BLOCK) --marker=$(MARKER) --remove", { BLOCK: "", MARKER: "no-compact-mark.json" }, "compact"],
            ["cleanup --delete-delay=$(DELAY) --consistency-delay=24h", { DELAY: "48h" }, "compact"],
            [
                "retention --retention.resolution-raw=30d --retention.resolution-5m=30d --retention.resolution-1h=30d --delete-delay=48h --consistency-delay=24h",
                {},
                "compact",
            ],
            [
                "rewrite --id=$(BLOCK) --rewrite.to-delete-config=$(DELETE) --tmp.dir=/tmp/rewrite --no-dry-run --delete-blocks",
                { BLOCK: "", DELETE: "" },
                "compact",
            ],
        ]);
    });

    it("Compact set the retention of each resolution, and leave bad blocks out instead of halting", () => {
        const retention = { raw: "90d", fiveMinutes: "180d", oneHour: "0d" };
        assert.deepEqual(compactFlags(compact.parse({ retention })), [
            "compact",
            "--wait",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--data-dir=/var/thanos/data",
            "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
            "--retention.resolution-raw=90d",
            "--retention.resolution-5m=180d",
            "--retention.resolution-1h=0d",
            "--consistency-delay=30m",
            "--delete-delay=48h",
            "--wait-interval=5m",
            "--block-discovery-strategy=concurrent",
            "--compact.concurrency=1",
            "--downsample.concurrency=1",
            "--compact.blocks-fetch-concurrency=1",
            "--block-files-concurrency=1",
            "--compact.skip-block-with-out-of-order-chunks",
            "--block-viewer.global.sync-block-interval=1h",
            "--disable-admin-operations",
        ]);
    });

    it("Compact do more at once, merge replicas by penalty, and write days as Go reads them, where the settings say so", () => {
        const concurrency = { compactions: 4, downsamplings: 2, blockFetches: 8, blockFiles: 16 };
        const settings = { concurrency, mergeReplicas: true, blockDiscovery: "recursive", consistencyDelay: "1d", waitInterval: "1d" };
        const usual = compactFlags(compact.parse({}));
        assert.deepEqual(
            compactFlags(compact.parse(settings)).filter((flag) => !usual.includes(flag)),
            [
                "--consistency-delay=24h",
                "--wait-interval=24h",
                "--block-discovery-strategy=recursive",
                "--compact.concurrency=4",
                "--downsample.concurrency=2",
                "--compact.blocks-fetch-concurrency=8",
                "--block-files-concurrency=16",
                "--deduplication.replica-label=prometheus_replica",
                "--deduplication.func=penalty",
            ],
        );
    });

    it("Compact merge the copies of ingesters one to one where Receive uploads, and the replicas of Prometheus not at all", () => {
        const merging = (settings: object) =>
            compactFlags({ ...compact.parse(settings), receiveUploads: true }).filter((flag) => flag.startsWith("--deduplication."));
        const copies = ["--deduplication.replica-label=receive_replica"];
        assert.deepEqual([merging({}), merging({ mergeReplicas: true })], [copies, copies]);
    });

    it("a Receive router give it a hashring, no storage, and the tenant from the client's certificate", () => {
        assert.deepEqual(routerFlags({ replicationFactor: 3 }), [
            "receive",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--receive.hashrings-algorithm=ketama",
            "--receive.hashrings-file=/etc/thanos/config/hashrings.json",
            "--receive.hashrings-file-refresh-interval=30s",
            "--receive.replication-factor=3",
            "--receive.limits-config-file=/etc/thanos/config/limits.yml",
            '--label=receive_router="$(POD_NAME)"',
            "--remote-write.server-tls-cert=/etc/thanos/tls/tls.crt",
            "--remote-write.server-tls-key=/etc/thanos/tls/tls.key",
            "--remote-write.server-tls-client-ca=/etc/thanos/tls/ca.crt",
            "--remote-write.server-tls-min-version=1.3",
            "--receive.tenant-certificate-field=commonName",
        ]);
    });

    it("the routers of Rule take the tenant from a label of each series, and ask for no certificate", () => {
        const ofClusters = routerFlags({ replicationFactor: 3 });
        const ofRule = ruleRouterFlags({ replicationFactor: 3 });
        assert.deepEqual(
            ofRule.filter((flag) => !ofClusters.includes(flag)),
            ["--receive.split-tenant-label-name=cluster", "--receive.default-tenant-id=rule"],
        );
        assert.deepEqual(
            ofClusters.filter((flag) => !ofRule.includes(flag)).map((flag) => flag.split("=")[0]),
            [
                "--remote-write.server-tls-cert",
                "--remote-write.server-tls-key",
                "--remote-write.server-tls-client-ca",
                "--remote-write.server-tls-min-version",
                "--receive.tenant-certificate-field",
            ],
        );
    });

    it("a Receive ingester give it storage and no hashring", () => {
        assert.deepEqual(ingesterFlags({ retention: "24h" }), [
            "receive",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--receive.hashrings-algorithm=ketama",
            "--tsdb.path=/var/thanos/data",
            "--tsdb.retention=24h",
            '--label=receive_replica="$(POD_NAME)"',
            "--receive.tenant-label-name=cluster",
            "--tsdb.too-far-in-future.time-window=5m",
        ]);
    });

    it("a Receive ingester let it upload blocks of one length, and take late samples, where it uploads", () => {
        const usual = ingesterFlags({ retention: "7d" });
        assert.deepEqual(
            ingesterFlags({ retention: "7d", uploads: { blockDuration: "2h", lateSamples: "1d" } }).filter((flag) => !usual.includes(flag)),
            [
                "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
                "--tsdb.min-block-duration=2h",
                "--tsdb.max-block-duration=2h",
                "--tsdb.out-of-order.time-window=1d",
            ],
        );
    });
});
