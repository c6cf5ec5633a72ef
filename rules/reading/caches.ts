import { isKnown, type MemcachedCache, type MemcachedServers } from "../model";
import { type Process, readYaml, type Surroundings } from "./process";
import { serviceNamed, serviceOf } from "./services";
import type { Container } from "./workload";

/** Flags with a cache, each beside its twin `-file`, by component. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
    store: ["index-cache.config", "store.caching-bucket.config"],
    "query-frontend": ["query-range.response-cache-config", "labels.response-cache-config"],
};

export const CACHING = Object.keys(FLAGS);

interface CacheFile {
    readonly type?: unknown;
    readonly config?: {
        readonly addresses?: unknown;
        readonly max_item_size?: unknown;
        readonly auto_discovery?: unknown;
    } | null;
}

/** The caches of a process that are in memcached, or may be: its file is not known. */
export function cachesIn({ path, component, line, content, workload }: Process, around: Surroundings): MemcachedCache[] {
    return (FLAGS[component] ?? []).flatMap((pair): MemcachedCache[] => {
        const text = content(pair);
        if (text === undefined) return [];
        const flag = line.flags.has(pair) ? pair : `${pair}-file`;
        if (!isKnown(text)) return [{ path, flag, lack: text, addresses: [] }];
        const { type, config } = (readYaml(text) ?? {}) as CacheFile;
        // Servers that discovery finds are no names of DNS.
        if (String(type).toUpperCase() !== "MEMCACHED" || config?.auto_discovery === true) return [];
        const addresses = Array.isArray(config?.addresses) ? config.addresses.map(String) : [];
        const maxItemBytes = bytesOf(String(config?.max_item_size ?? "1MiB"));
        return [
            {
                path,
                flag,
                addresses: addresses.map((address) => {
                    const servers = around.quietly(() => serversAt(address, workload.namespace, around));
                    return { address, ...(servers && { servers }) };
                }),
                ...(maxItemBytes !== undefined && { maxItemBytes }),
            },
        ];
    });
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** As Thanos reads it, to whom `MB` and `MiB` are the same (alecthomas/units, Base2Bytes). Undefined where it would refuse it, or something fills it in. */
function bytesOf(text: string): number | undefined {
    const [, count, unit = ""] = /^(\d+(?:\.\d+)?)(?:([KMGT]?)i?B)?$/.exec(text) ?? [];
    return count === undefined ? undefined : Number(count) * (UNITS[unit] ?? 1);
}

/** The servers behind the Service that an address names. Undefined where nobody knows. */
function serversAt(address: string, namespace: string, { manifests }: Surroundings): MemcachedServers | undefined {
    const [, host = ""] = /^(?:[a-z]+\+)?(?:_[\w-]+\._tcp\.)?([a-z0-9.-]+)(?::\d+)?$/.exec(address) ?? [];
    const named = serviceNamed(host, namespace);
    const service = named && serviceOf(named, manifests);
    const servers = (service?.behind ?? []).flatMap(({ workload }) =>
        workload.containers.filter(isMemcached).map((container) => ({ pods: workload.replicas, itemBytes: itemBytesOf(container) })),
    );
    if (service === undefined || servers.length === 0) return undefined;
    const sizes = servers.flatMap(({ itemBytes }) => itemBytes ?? []);
    return {
        pods: servers.reduce((sum, { pods }) => sum + pods, 0),
        headless: service.headless,
        ...(sizes.length === servers.length && { itemBytes: Math.min(...sizes) }),
    };
}

const isMemcached = ({ image = "", command = [] }: Container) =>
    /(^|\/)memcached([:@]|$)/.test(image) || /(^|\/)memcached$/.test(command[0] ?? "");

/** The largest item that a server takes (`-I`), 1 MiB by default. Undefined where a script or variables may set it. */
function itemBytesOf({ command = [], args = [], env = [] }: Container): number | undefined {
    const words = [...command, ...args];
    const isScript = !/^-|(^|\/)memcached$/.test(words[0] ?? "-");
    if (isScript || env.some(({ name }) => name.startsWith("MEMCACHED_"))) return undefined;
    const [, size] = /(?:^|\s)(?:-I\s*|--max-item-size[=\s])(\d+[kKmMgG]?)(?=\s|$)/.exec(words.join(" ")) ?? [];
    const [, count, unit = ""] = /^(\d+)(\D?)$/.exec(size ?? "1m") ?? [];
    return Number(count) * (UNITS[unit.toUpperCase()] ?? 1);
}
