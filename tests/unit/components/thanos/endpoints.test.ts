import assert from "node:assert/strict";
import { endpointsFile, leafQueryEndpoint } from "../../../../components/thanos/endpoints";

describe("the endpoints file of Query", () => {
    const retry =
        '{"loadBalancingConfig":[{"round_robin":{}}],"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}]}';

    it("gives equal replicas a retry policy where gRPC reads it, and a warning where none answers; leaf Queries also mutual TLS", () => {
        assert.equal(
            endpointsFile([
                { address: "dnssrv+_grpc._tcp.sidecars" },
                { address: "store:10901", equalReplicas: true },
                leafQueryEndpoint("blue", "fleet.test"),
            ]),
            [
                "endpoints:",
                "  - address: dnssrv+_grpc._tcp.sidecars",
                "  - address: store:10901",
                "    group: true",
                `    service_config: '${retry}'`,
                "    strict: true",
                "  - address: query.blue.fleet.test:10901",
                "    group: true",
                `    service_config: '${retry}'`,
                "    strict: true",
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
});
