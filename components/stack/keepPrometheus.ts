import type { ObserveeConfig } from "../../config/schema";
import { BlockStorage } from "../blocks/blockStorage";
import type { Cloud } from "../cloud/cloud";
import { objectStoreSecretName } from "../naming/names";
import { ExistingPrometheus } from "../prometheus/existingPrometheus";
import type { ObserveeContract } from "./contract";

/**
 * The Prometheus that an observee keeps, once it is what the fleet needs, with all that it needs itself. None where the stack installs one. Awaited before the rest of
 * the stack is declared, so nothing else changes where it does not fit.
 */
export async function keepPrometheus(
    { cluster: clusterName, namespace, prometheus: { existing, scrapeConfigs } }: ObserveeConfig,
    { contract, entry, access }: ObserveeContract,
    cloud: Cloud,
): Promise<ExistingPrometheus | undefined> {
    const { objectStore, role, certificates } = access;
    if (existing === undefined || objectStore === undefined) return undefined;
    const { stream = clusterName, keptFor } = entry;
    const opts = { providers: [cloud.kubernetes], dependsOn: cloud.ready };
    const kept = new ExistingPrometheus(
        "prometheus",
        {
            name: existing.name,
            namespace,
            clusterName,
            objectStore: objectStoreSecretName(stream),
            blocksOf: (owner, serviceAccount) =>
                new BlockStorage(
                    owner,
                    cloud,
                    { namespace, stores: { [stream]: objectStore }, ...(role && { roles: { [stream]: role } }) },
                    opts,
                ).grant("prometheus", stream, serviceAccount),
            remoteWrite: certificates.writer && { url: contract.receiveUrl, tls: certificates.writer },
            keptFor,
            scrapeConfigs,
        },
        opts,
    );
    await kept.fits();
    kept.join();
    return kept;
}
