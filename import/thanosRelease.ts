import { parse, stringify } from "yaml";
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
    /** Its cache file: Query Frontend's answers, Store's indexes. */
    readonly cache?: CacheFile;
    /** Store's cache of chunks and of lists of blocks. */
    readonly bucketCache?: CacheFile;
}

/** The text of a cache file, and where the values have it. */
export interface CacheFile {
    readonly path: string;
    readonly text: string;
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

/** A file that values have as text or as a map. */
function fileText(values: Values, path: string): string | undefined {
    const file = values.at(path);
    if (file === undefined || file === "" || (isMap(file) && Object.keys(file).length === 0)) return undefined;
    return typeof file === "string" ? file : stringify(file);
}

/** A cache file of a component. */
export function cacheFile(values: Values, path: string): CacheFile | undefined {
    const text = fileText(values, path);
    return text === undefined ? undefined : { path, text };
}

/** Alertmanagers in a file of Thanos, as flags with their addresses where these say all that the file does. `byDefault`: what the chart has there. */
export function alertmanagerFlags(values: Values, path: string, byDefault?: string): Flag[] {
    const given = fileText(values, path);
    const text = given ?? byDefault;
    if (text === undefined) return [];
    const from = given === undefined ? undefined : path;
    const urls = urlsIn(text);
    return urls ? urls.flatMap((url) => flag("alertmanagers.url", url, from)) : flag("alertmanagers.config-file", "the chart's", from);
}

const PLAIN = new Set(["static_configs", "scheme", "path_prefix", "timeout", "api_version"]);

/** Undefined where an Alertmanager is found by DNS, or has credentials. */
function urlsIn(text: string): string[] | undefined {
    const file: unknown = parse(text, { logLevel: "silent" });
    const all: unknown = isMap(file) ? file.alertmanagers : undefined;
    if (!Array.isArray(all) || !all.every((one) => isMap(one) && Object.keys(one).every((key) => PLAIN.has(key)))) return undefined;
    const urls = all.flatMap(({ static_configs: addresses, scheme = "http", path_prefix: prefix = "" }) =>
        (Array.isArray(addresses) ? addresses : []).map((address) => `${scheme}://${address}${prefix}`),
    );
    return urls.length > 0 && urls.every((url) => /^https?:\/\/[\w.-]+:\d+[\w./-]*$/.test(url)) ? urls : undefined;
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
