import { KubernetesObjectApi } from "@kubernetes/client-node";
import { Helm, helmTime, rollbackArgs, uninstallArgs } from "./helm";
import { loadKubeConfig } from "./kubernetes";
import type { KubeSettings } from "./kubeSettings";

interface ReleaseRef {
    name: string;
    namespace: string;
}

/**
 * Opens clusters for recovery from a killed operation (`Cluster` of engine/pendingOperations.ts). `helmCommand`: the program `helm`. Nothing is asked
 * before the first call.
 */
export const clusterOpener = (helmCommand: string) => (settings: KubeSettings) => {
    const helm = new Helm(helmCommand, settings);
    return {
        async findObject(ref: { apiVersion: string; kind: string; name: string; namespace?: string }) {
            const api = KubernetesObjectApi.makeApiClient(loadKubeConfig(settings));
            const namespace = ref.namespace ?? settings.namespace;
            const metadata = { name: ref.name, ...(namespace && { namespace }) };
            const found = await api
                .read({ apiVersion: ref.apiVersion, kind: ref.kind, metadata })
                .catch((error: Error & { code?: number }) => {
                    // A kind that the API server does not have, has no objects.
                    if (error.code === 404 || /^Unrecognized API version and kind/.test(error.message)) return undefined;
                    throw error;
                });
            if (found === undefined) return undefined;
            const live = found.metadata ?? {};
            return {
                ...(live.namespace && { namespace: live.namespace }),
                createdAt: new Date(live.creationTimestamp ?? 0),
                deleting: live.deletionTimestamp !== undefined,
                managers: [...new Set((live.managedFields ?? []).flatMap(({ manager }) => manager ?? []))],
                labels: live.labels ?? {},
                annotations: live.annotations ?? {},
            };
        },

        async findRelease(ref: ReleaseRef) {
            const found = await helm.find(ref);
            return found && { status: found.status, updatedAt: helmTime(found.updated), values: await helm.values(ref) };
        },

        async rollBackRelease(ref: ReleaseRef) {
            await helm.run(rollbackArgs(ref));
        },

        async removeRelease(ref: ReleaseRef) {
            await helm.run(uninstallArgs(ref));
        },
    };
};
