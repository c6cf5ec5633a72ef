import { stringify } from "yaml";
import { GRPC_PORT, leafQueryHost } from "../naming/names";
import { TLS_MIN_VERSION, TLS_MOUNT } from "./serverTls";

/** A StoreAPI address that Query sends its requests to. */
export interface Endpoint {
    /** An address as Thanos reads it, with the kind of DNS lookup as prefix: `dnssrv+_grpc._tcp.<service>`, `dns+<host>:<port>`. */
    address: string;
    /**
     * Whether the pods behind the address are equal replicas, of which Query asks one (`--endpoint-group-strict`). Where none of them answers, every answer that
     * needs them carries a warning, and Query Frontend does not cache it (thanos pkg/query/endpointset.go isQueryable, pkg/api/api.go). Thanos takes no `dns+`
     * address here.
     * @default false: Query asks every pod (`--endpoint`), and one that is gone leaves the query without a word
     */
    equalReplicas?: boolean;
    /** DNS name that the server's certificate must have. Turns on mutual TLS, for servers in other clusters. @default plain gRPC */
    serverName?: string;
}

/** The leaf Query of a cluster, as the observer's Query asks it. */
export function leafQueryEndpoint(clusterName: string, domain: string): Endpoint {
    const serverName = leafQueryHost(clusterName, domain);
    return { address: `${serverName}:${GRPC_PORT}`, equalReplicas: true, serverName };
}

/**
 * Retries on another pod of the group when the first is gone. Thanos's own default puts `retryPolicy` at the top level, where gRPC
 * never reads it, so a lost pod would fail the query.
 */
const RETRY_ON_ANOTHER_POD = JSON.stringify({
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

/** Without `server_name` gRPC would expect the certificate to name the address, prefix and port included (cmd/thanos/endpointset.go). */
const mutualTls = (serverName: string) => ({
    tls_config: {
        enabled: true,
        cert_file: TLS_MOUNT.cert,
        key_file: TLS_MOUNT.key,
        ca_file: TLS_MOUNT.ca,
        min_version: TLS_MIN_VERSION,
    },
    server_name: serverName,
});

/** The file behind `--endpoint.sd-config-file` (Thanos 0.38). Query rereads it, so a new observee needs no restart. */
export function endpointsFile(endpoints: readonly Endpoint[]): string {
    return stringify({
        endpoints: endpoints.map(({ address, equalReplicas, serverName }) => ({
            address,
            ...(equalReplicas && { group: true, service_config: RETRY_ON_ANOTHER_POD, strict: true }),
            ...(serverName && { client_config: mutualTls(serverName) }),
        })),
    });
}
