import { isMap } from "../rules/isMap";

/**
 * Defaults by the size of what a stack serves (docs/adr/0032). S is what the schema says. How long samples are kept is no matter of size: a word that says how
 * large a fleet is must not delete what it has.
 */

export const SIZES = ["S", "M", "L"] as const;
export type Size = (typeof SIZES)[number];
type Role = "observer" | "observee";
type Settings = Record<string, unknown>;

/** What differs from the schema's defaults. An observer's size is that of its fleet, an observee's that of its own cluster. */
export const BY_SIZE: Record<Role, Record<Size, Settings>> = {
    observer: {
        S: {},
        M: {
            query: { replicas: 3, memory: "4Gi", cpu: "1", maxConcurrentSelect: 8 },
            queryFrontend: { replicas: 2, memory: "1Gi", cache: { type: "memcached", replicas: 2, memory: "4Gi" } },
            store: {
                memory: "4Gi",
                cpu: "500m",
                storage: "50Gi",
                cache: { type: "memcached", replicas: 2, memory: "8Gi" },
                blockDiscovery: "recursive",
                limits: { requestSeries: 1_000_000, requestSamples: 500_000_000 },
            },
            receive: { routers: 3, routerMemory: "2Gi", routerCpu: "500m", ingesters: 6, memory: "8Gi", cpu: "1", storage: "100Gi" },
            compact: {
                memory: "8Gi",
                storage: "300Gi",
                concurrency: { compactions: 2, downsamplings: 2, blockFetches: 4, blockFiles: 4 },
                blockDiscovery: "recursive",
            },
        },
        L: {
            query: { replicas: 5, memory: "8Gi", cpu: "2", maxConcurrentSelect: 8, timeout: "5m", storeResponseTimeout: "30s" },
            queryFrontend: {
                replicas: 3,
                memory: "2Gi",
                cache: { type: "memcached", replicas: 3, memory: "8Gi" },
                splitInterval: "48h",
            },
            store: {
                memory: "8Gi",
                cpu: "1",
                storage: "100Gi",
                cache: { type: "memcached", replicas: 3, memory: "16Gi" },
                blockDiscovery: "recursive",
                limits: { requestSeries: 1_000_000, requestSamples: 600_000_000 },
            },
            receive: { routers: 6, routerMemory: "4Gi", routerCpu: "1", ingesters: 12, memory: "16Gi", cpu: "2", storage: "200Gi" },
            compact: {
                memory: "16Gi",
                storage: "500Gi",
                concurrency: { compactions: 4, downsamplings: 4, blockFetches: 8, blockFiles: 8 },
                blockDiscovery: "recursive",
            },
        },
    },
    observee: {
        S: {},
        M: { prometheus: { memory: "16Gi", cpu: "2", storage: "100Gi" }, query: { memory: "2Gi", cpu: "500m" } },
        L: { prometheus: { memory: "48Gi", cpu: "6", storage: "200Gi" }, query: { memory: "4Gi", cpu: "1" } },
    },
};

/** A user's settings, with the defaults of a size where they say nothing. */
export const withSize = (size: Size, role: Role, settings: Settings): Settings => under(BY_SIZE[role][size], settings);

/** A choice that has a type is one value: nothing of another type's settings is put beside it. */
function under(defaults: Settings, settings: Settings): Settings {
    const merged: Settings = { ...defaults, ...settings };
    for (const [key, value] of Object.entries(defaults)) {
        const own = settings[key];
        if (isMap(value) && isMap(own) && !("type" in value)) merged[key] = under(value, own);
    }
    return merged;
}
