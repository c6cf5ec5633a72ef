import assert from "node:assert/strict";
import { objectStoreFile } from "../../../../components/blocks/objectStore";
import { compactFlags } from "../../../../components/thanos/compact";
import { endpointsFile } from "../../../../components/thanos/endpoints";
import { hashringsFile } from "../../../../components/thanos/hashring";
import { queryFlags } from "../../../../components/thanos/query";
import { cacheFile, queryFrontendFlags } from "../../../../components/thanos/queryFrontend";
import { ingesterFlags, routerFlags } from "../../../../components/thanos/receive";
import { storeFlags } from "../../../../components/thanos/store";

describe("flags", () => {
    it("of the observer's Query", () => {
        assert.deepEqual(queryFlags({ leaf: false }), [
            "query",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--endpoint.sd-config-file=/etc/thanos/config/endpoints.yml",
            "--query.replica-label=prometheus_replica",
            "--query.replica-label=receive_replica",
            "--query.auto-downsampling",
            "--store.response-timeout=15s",
        ]);
    });

    it("of a leaf Query: the same, connections that move on, and only clients of one authority", () => {
        assert.deepEqual(queryFlags({ leaf: true }), [
            ...queryFlags({ leaf: false }),
            "--grpc-server-max-connection-age=5m",
            "--grpc-server-tls-cert=/etc/thanos/tls/tls.crt",
            "--grpc-server-tls-key=/etc/thanos/tls/tls.key",
            "--grpc-server-tls-client-ca=/etc/thanos/tls/ca.crt",
            "--grpc-server-tls-min-version=1.3",
        ]);
    });

    it("of Query Frontend", () => {
        assert.deepEqual(queryFrontendFlags({ downstream: "http://query:10902" }), [
            "query-frontend",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--query-frontend.downstream-url=http://query:10902",
            "--query-frontend.compress-responses",
            "--query-frontend.log-queries-longer-than=10s",
            "--query-range.response-cache-config-file=/etc/thanos/config/cache.yml",
            "--query-range.response-cache-max-freshness=5m",
            "--query-range.max-retries-per-request=2",
            "--labels.max-retries-per-request=2",
        ]);
    });

    it("of Store", () => {
        assert.deepEqual(storeFlags({ syncInterval: "15m", ignoreDeletionMarksDelay: "24h" }), [
            "store",
            "--log.format=json",
            "--data-dir=/var/thanos/data",
            "--objstore.config-file=/etc/thanos/objstore/objstore.yml",
            "--sync-block-duration=15m",
            "--ignore-deletion-marks-delay=24h",
            "--index-cache-size=500MB",
            "--store.enable-index-header-lazy-reader",
            "--disable-admin-operations",
        ]);
    });

    it("of Compact", () => {
        const retention = { raw: "90d", fiveMinutes: "180d", oneHour: "0d" };
        assert.deepEqual(compactFlags({ retention, consistencyDelay: "30m", deleteDelay: "48h", waitInterval: "5m" }), [
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
            "--compact.skip-block-with-out-of-order-chunks",
            "--block-viewer.global.sync-block-interval=1h",
            "--disable-admin-operations",
        ]);
    });

    it("of a Receive router: a ring, no storage, and the tenant from the client's certificate", () => {
        assert.deepEqual(routerFlags({ replicationFactor: 3 }), [
            "receive",
            "--log.format=json",
            "--enable-auto-gomemlimit",
            "--receive.hashrings-algorithm=ketama",
            "--receive.hashrings-file=/etc/thanos/config/hashrings.json",
            "--receive.replication-factor=3",
            '--label=receive_router="$(POD_NAME)"',
            "--remote-write.server-tls-cert=/etc/thanos/tls/tls.crt",
            "--remote-write.server-tls-key=/etc/thanos/tls/tls.key",
            "--remote-write.server-tls-client-ca=/etc/thanos/tls/ca.crt",
            "--remote-write.server-tls-min-version=1.3",
            "--receive.tenant-certificate-field=commonName",
        ]);
    });

    it("of a Receive ingester: storage and no ring", () => {
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
});

describe("files", () => {
    const retry =
        '{"loadBalancingConfig":[{"round_robin":{}}],"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}';

    it("of endpoints: fan-out entries plain, groups with a retry that gRPC reads, and mutual TLS to another cluster", () => {
        assert.equal(
            endpointsFile([
                { address: "dnssrv+_grpc._tcp.sidecars" },
                { address: "dns+store:10901", group: true },
                { address: "dns+query.blue.fleet.test:10901", group: true, serverName: "query.blue.fleet.test" },
            ]),
            [
                "endpoints:",
                "  - address: dnssrv+_grpc._tcp.sidecars",
                "  - address: dns+store:10901",
                "    group: true",
                `    service_config: '${retry}'`,
                "  - address: dns+query.blue.fleet.test:10901",
                "    group: true",
                `    service_config: '${retry}'`,
                "    client_config:",
                "      tls_config:",
                "        enabled: true",
                "        cert_file: /etc/thanos/tls/tls.crt",
                "        key_file: /etc/thanos/tls/tls.key",
                "        ca_file: /etc/thanos/tls/ca.crt",
                '        min_version: "1.3"',
                "      server_name: query.blue.fleet.test",
                "",
            ].join("\n"),
        );
    });

    it("of the ring: every ordinal, ketama, tenants by name", () => {
        assert.deepEqual(JSON.parse(hashringsFile({ tenants: ["red"], ingesters: "ingester", replicas: 2, namespace: "ns" })), [
            {
                hashring: "fleet",
                tenants: ["red"],
                algorithm: "ketama",
                endpoints: [
                    { address: "ingester-0.ingester.ns.svc.cluster.local:10901" },
                    { address: "ingester-1.ingester.ns.svc.cluster.local:10901" },
                ],
            },
        ]);
    });

    it("of an object store: its type, the prefix and its own settings, as Thanos spells them", () => {
        const config = { bucket: "b", endpoint: "s3.eu-west-1.amazonaws.com", region: "eu-west-1" };
        assert.equal(
            objectStoreFile({ type: "S3", config }, "blue"),
            [
                "type: S3",
                "prefix: blue",
                "config:",
                "  bucket: b",
                "  endpoint: s3.eu-west-1.amazonaws.com",
                "  region: eu-west-1",
                "",
            ].join("\n"),
        );
    });

    it("of the query cache", () => assert.equal(cacheFile, "type: IN-MEMORY\nconfig:\n  max_size: 256MB\n  validity: 6h\n"));
});
