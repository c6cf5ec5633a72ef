import { isMap } from "../rules/isMap";
import type { Values } from "./values";

/** What one of the three charts of Thanos renders, in terms that they share: components with their flags. */
export interface ThanosRelease {
    readonly components: readonly Component[];
    /** The objstore file, as text or as a map; or the Secret that has it. */
    readonly objectStore: { readonly path: string; readonly file: unknown } | { readonly path: string; readonly secret: string };
    /** Image of every component. */
    readonly image: string;
    /** Path of the StorageClass that all components have, where the chart has one. */
    readonly storageClass?: string;
}

export type ComponentName = "query" | "query-frontend" | "store" | "compact" | "receive" | "receive-router" | "rule" | "bucket-web";

/** A component as the chart runs it. */
export interface Component {
    readonly name: ComponentName;
    /** Its section in the values: `storegateway`. */
    readonly key: string;
    readonly flags: readonly Flag[];
    /** Where the number of its pods is, and the chart's default. */
    readonly replicas?: { readonly path: string; readonly default: number };
    /** Where the size of its volume is, and the chart's default. Absent: it has none. */
    readonly volume?: { readonly path: string; readonly default: string; readonly storageClass: string };
    /** Most pods, and the CPU that adds some. Absent: not scaled. */
    readonly autoscaling?: { readonly path: string; readonly maxReplicas: number; readonly cpuPercent: number | undefined };
    /** The text of its cache file. */
    readonly cache?: { readonly path: string; readonly text: string };
}

/** A flag that the chart passes. */
export interface Flag {
    readonly name: string;
    readonly value: string;
    /** Where it is in the values. Absent: the chart passes it whatever the values say. */
    readonly from?: string;
}

/** A flag of the chart. Without a value there is none. */
export const flag = (name: string, value: string | number | undefined, from?: string): Flag[] =>
    value === undefined || value === "" ? [] : [{ name, value: String(value), ...(from !== undefined && { from }) }];

/** Flags that the user writes as a list: `--x=y` or `--x`. A value may be in the next item. */
export function extraFlags(values: Values, path: string): Flag[] {
    const words = values.texts(path);
    return words.flatMap((word, i) => {
        const match = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word.trim());
        if (match === null) return [];
        const [, name = "", value] = match;
        const next = words[i + 1];
        const given = value ?? (next !== undefined && !next.startsWith("-") ? next : "true");
        return [{ name, value: given, from: path }];
    });
}

/** Autoscaling where it is on. Without a number of pods the chart's would be the default of Kubernetes, which is one pod. */
export function autoscalingOf(values: Values, path: string, cpuPath: string): Pick<Component, "autoscaling"> {
    const isOn = values.isOn(`${path}.enabled`, false);
    const [maxReplicas, cpuPercent] = [values.count(`${path}.maxReplicas`), values.count(`${path}.${cpuPath}`)];
    return isOn && maxReplicas !== undefined ? { autoscaling: { path, maxReplicas, cpuPercent } } : {};
}

/** Not a flag of Thanos: the number of Stores that share the blocks by a hash, which each of them says as `--selector.relabel-config`. */
export const SHARDS = "shards";

/** Several Stores, as Bitnami's and thanos-community's charts have them: by a hash of the block, or each for a span of time. */
export function shardFlags(values: Values, path: string): Flag[] {
    const [shards, ranges] = [`${path}.hashPartitioning.shards`, `${path}.timePartitioning`];
    if (!values.isOn(`${path}.enabled`, false)) return [];
    const spans = values.at(ranges);
    const isSplit = Array.isArray(spans) && spans.some((span) => isMap(span) && Object.values(span).some(Boolean));
    return [...flag(SHARDS, values.count(shards), shards), ...(isSplit ? flag("min-time", JSON.stringify(spans), ranges) : [])];
}
