import { stringify } from "yaml";
import { TLS_MOUNT, TLS_VERSION } from "./serverTls";

/**
 * A StoreAPI that Query asks: every pod behind a name, or any one of a group of equal ones. What is in another cluster is asked by mutual TLS, and
 * has to show a certificate for `serverName`.
 */
export type Endpoint = { everyPodOf: string } | { anyOneOf: string; serverName?: string };

/**
 * Retries once more on another pod of the group when one is gone. Thanos's own default puts `retryPolicy` at the top level, where gRPC
 * never reads it, so a lost pod would fail the query.
 */
const RETRY_ON_ANOTHER = JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [
        {
            name: [{}],
            retryPolicy: {
                maxAttempts: 3,
                initialBackoff: "0.1s",
                maxBackoff: "1s",
                backoffMultiplier: 2,
                retryableStatusCodes: ["UNAVAILABLE"],
            },
        },
    ],
});

/** Without `server_name` gRPC would take the address for it, prefix and port included (cmd/thanos/endpointset.go). */
const mutualTls = (serverName: string) => ({
    tls_config: {
        enabled: true,
        cert_file: TLS_MOUNT.cert,
        key_file: TLS_MOUNT.key,
        ca_file: TLS_MOUNT.ca,
        min_version: TLS_VERSION,
    },
    server_name: serverName,
});

/** The file behind `--endpoint.sd-config-file` (Thanos 0.38). Query rereads it, so a new observee needs no restart. */
export function endpointsFile(endpoints: readonly Endpoint[]): string {
    return stringify({
        endpoints: endpoints.map((e) =>
            "everyPodOf" in e
                ? { address: e.everyPodOf }
                : {
                      address: e.anyOneOf,
                      group: true,
                      service_config: RETRY_ON_ANOTHER,
                      ...(e.serverName && { client_config: mutualTls(e.serverName) }),
                  },
        ),
    });
}
