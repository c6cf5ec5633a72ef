import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, type V1PersistentVolumeClaim } from "@kubernetes/client-node";

const EVERY_MS = 2000;

/**
 * Stands in for a cloud's resizer (external-resizer and kubelet do this for EBS): a volume gets the size that its claim asks for. The volumes are
 * directories without a limit, so nothing but the two numbers changes. Retries while the API server does not answer; ends when `signal` aborts.
 */
export async function resizeVolumes(kubeconfig: string, signal: AbortSignal): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    while (!signal.aborted) {
        await resizeOnce(api).catch(() => undefined);
        await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
}

async function resizeOnce(api: CoreV1Api): Promise<void> {
    const { items } = await api.listPersistentVolumeClaimForAllNamespaces({ timeoutSeconds: 10 });
    const merge = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    for (const { name, namespace, volume, storage } of wrongSizes(items)) {
        await api.patchPersistentVolume({ name: volume, body: { spec: { capacity: { storage } } } }, merge);
        await api.patchNamespacedPersistentVolumeClaimStatus({ name, namespace, body: { status: { capacity: { storage } } } }, merge);
    }
}

/** The bound claims whose volume has another size than they ask for. */
export const wrongSizes = (claims: V1PersistentVolumeClaim[]) =>
    claims.flatMap(({ metadata, spec, status }) => {
        const storage = spec?.resources?.requests?.storage;
        if (status?.phase !== "Bound" || storage === undefined || status.capacity?.storage === storage) return [];
        return [{ name: metadata!.name!, namespace: metadata!.namespace!, volume: spec!.volumeName!, storage }];
    });
