import { stringify } from "yaml";

/** A StoreAPI that Query asks: every pod behind a name, or any one of a group of equal ones. */
export type Endpoint = { everyPodOf: string } | { anyOneOf: string };

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

/** The file behind `--endpoint.sd-config-file` (Thanos 0.38). Query rereads it, so a new observee needs no restart. */
export function endpointsFile(endpoints: readonly Endpoint[]): string {
    return stringify({
        endpoints: endpoints.map((e) =>
            "everyPodOf" in e ? { address: e.everyPodOf } : { address: e.anyOneOf, group: true, service_config: RETRY_ON_ANOTHER },
        ),
    });
}
