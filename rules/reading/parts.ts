import { type Duration, parseDuration } from "../duration";
import { isMap } from "../isMap";
import {
    type Command,
    type Compactor,
    type Endpoint,
    type EndpointClient,
    type EndpointList,
    type Hashring,
    isKnown,
    type Known,
    type NotKnown,
    type QueryFrontend,
    type Source,
    type Store,
} from "../model";
import { backendsOf } from "./backends";
import { compactorFlags, duration, FlagError, receiveMode, storeFlags, text } from "./commandLine";
import { externalLabels, type Label } from "./externalLabels";
import { ifKnown } from "./notKnown";
import { type Process, readYaml, type Surroundings } from "./process";

/** A part of the model from the process that is it. */

export function compactorIn(process: Process, around: Surroundings): Compactor {
    const { path, workload, line } = process;
    const { overlapsOnUpdate, overlapsOnSchedule } = workload;
    const shard = shardOf(process);
    const most = mostReplicas(workload, around);
    return {
        path,
        ...process.blocks(),
        ...(shard !== undefined && { shard }),
        replicas: workload.replicas,
        ...(most !== undefined && { mostReplicas: most }),
        overlapsOnUpdate,
        ...(overlapsOnSchedule && { overlapsOnSchedule }),
        ...compactorFlags(line),
    };
}

/** What selects the blocks of a shard, by relabelling and by time: the same for the same blocks, however it is written. */
function shardOf({ line, content }: Process): string | undefined {
    const relabelling = content("selector.relabel-config");
    const parts = [
        ...(relabelling === undefined ? [] : [relabellingOf(line, relabelling)]),
        ...["min-time", "max-time"].flatMap((flag) => {
            const time = text(line.flags, flag);
            return time === undefined ? [] : [`${flag} ${time}`];
        }),
    ];
    return parts.length === 0 ? undefined : parts.join(", ");
}

function relabellingOf(line: Process["line"], content: Known<string>): string {
    if (!isKnown(content)) return text(line.flags, "selector.relabel-config-file") ?? content.notKnown;
    const relabelling = readYaml(content);
    return relabelling === undefined ? content : inOneSpelling(relabelling);
}

/** The same text for the same steps: `1` is `"1"` to Prometheus, and keys have no order. */
const inOneSpelling = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => {
        if (isMap(part)) return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
        return typeof part === "number" || typeof part === "boolean" ? String(part) : part;
    });

export const storeIn = ({ path, line, blocks }: Process): Store => ({ path, ...blocks(), ...storeFlags(line) });

export const commandIn = ({ path, component, version, line }: Process): Command => ({
    path,
    component,
    ...(version !== undefined && { version }),
    flags: [...line.flags.keys()],
});

export function frontendIn({ path, workload, content }: Process, around: Surroundings): QueryFrontend {
    const cache = content("query-range.response-cache-config");
    const most = mostReplicas(workload, around);
    return {
        path,
        replicas: workload.replicas,
        ...(most !== undefined && { mostReplicas: most }),
        ...(cache !== undefined && { cache: isKnown(cache) ? cacheType(cache) : cache }),
    };
}

function cacheType(content: string): Known<string> {
    const type = (readYaml(content) as { type?: unknown } | undefined)?.type;
    return typeof type === "string" ? type.toUpperCase() : { notKnown: "its cache's configuration has no type" };
}

interface AutoscalerFields {
    readonly metadata?: { readonly namespace?: string };
    readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string }; readonly maxReplicas?: number };
}

/** Pods that an autoscaler may make of a workload, whose name is read only where there is one. */
function mostReplicas(workload: Process["workload"], { manifests, quietly }: Surroundings): number | undefined {
    const limits = manifests.flatMap(({ kind, fields }) => {
        if (kind !== "HorizontalPodAutoscaler") return [];
        const limit = quietly(() => {
            const { metadata, spec } = fields as AutoscalerFields;
            const isOfIt = spec?.scaleTargetRef?.name === workload.name && (metadata?.namespace ?? "default") === workload.namespace;
            return isOfIt ? spec.maxReplicas : undefined;
        });
        return limit === undefined ? [] : [limit];
    });
    return limits[0];
}

/** Ingesters of Receive, and Rules. */
export function sourceIn(process: Process): Source[] {
    const { path, component, workload, line } = process;
    const isReceive = component === "receive";
    if (isReceive && !receiveMode(line).stores) return [];
    const retention = ifKnown(() => duration(line.flags, "tsdb.retention", isReceive ? "15d" : "48h"));
    const labels = externalLabels(labelsIn(process), process.variable);
    return [
        {
            path,
            program: isReceive ? "Receive" : "Rule",
            stream: process.blocks().stream,
            uploads: process.content("objstore.config") !== undefined,
            replicas: workload.replicas,
            // Blocks of Receive have a label of their tenant, too.
            ...(isReceive ? { replicaLabels: labels.replicaLabels } : labels),
            outOfOrder: isReceive ? duration(line.flags, "tsdb.out-of-order.time-window", "0s") : NONE,
            // Receive takes 0 for for ever.
            ...(retention && { retention }),
        },
    ];
}

const NONE: Duration = parseDuration("0");

/** `--label=replica="$(POD_NAME)"` */
const labelsIn = ({ line }: Process): Label[] =>
    (line.flags.get("label") ?? []).map((label) => {
        const [, name = label, value = ""] = /^([^=]+)=(.*)$/s.exec(label) ?? [];
        return { name, value };
    });

interface Ring {
    readonly endpoints?: readonly (string | { readonly az?: string })[] | null;
    readonly tenants?: readonly string[] | null;
    readonly tenant_matcher_type?: string;
    readonly algorithm?: string;
}

/** The rings of a hashrings file. */
export function ringsIn(content: string, path: string): Hashring[] {
    return hashringsFile(content).map((ring, i) => {
        const [endpoints, tenants] = [ring.endpoints ?? [], ring.tenants ?? []];
        const zones = endpoints.map((endpoint) => (typeof endpoint === "string" ? "" : (endpoint.az ?? "")));
        const perZone = [...new Set(zones)].map((zone) => zones.filter((other) => other === zone).length);
        return {
            path: `${path}.hashrings[${i}]`,
            ingesters: endpoints.length,
            ...(perZone.length > 1 && { perZone }),
            ...(tenants.length > 0 && !(ring.tenant_matcher_type === "glob" && tenants.includes("*")) && { tenants }),
            ...(ring.algorithm && { algorithm: ring.algorithm }),
        };
    });
}

function hashringsFile(content: string): readonly Ring[] {
    try {
        const rings: unknown = JSON.parse(content);
        const isList = (value: unknown) => value === undefined || value === null || Array.isArray(value);
        if (Array.isArray(rings) && rings.every((ring) => isMap(ring) && isList(ring.endpoints) && isList(ring.tenants)))
            return rings as readonly Ring[];
    } catch (error) {
        throw new FlagError(`--receive.hashrings-file: ${(error as Error).message}`);
    }
    throw new FlagError("--receive.hashrings-file: is no list of hashrings, each a map with a list of endpoints.");
}

interface EndpointsFile {
    readonly default_client_config?: ClientFields | null;
    readonly endpoints?:
        | null
        | readonly {
              readonly address?: string;
              readonly group?: boolean;
              readonly strict?: boolean;
              readonly service_config?: string;
              readonly client_config?: ClientFields;
          }[];
}

interface ClientFields {
    readonly server_name?: string;
    readonly tls_config?: {
        readonly enabled?: boolean;
        readonly min_version?: string;
        readonly cert_file?: string;
        readonly key_file?: string;
        readonly ca_file?: string;
        readonly insecure_skip_verify?: boolean;
    };
}

/** Flags that each name an endpoint. */
const ENDPOINT_FLAGS: Readonly<Record<string, Pick<Endpoint, "group" | "strict">>> = {
    endpoint: { group: false, strict: false },
    "endpoint-strict": { group: false, strict: true },
    "endpoint-group": { group: true, strict: false },
    "endpoint-group-strict": { group: true, strict: true },
    store: { group: false, strict: false },
    "store-strict": { group: false, strict: true },
};

export function endpointListIn({ path, version, line, content, workload }: Process, around: Surroundings): EndpointList {
    const { flags } = line;
    const known = (endpoint: Endpoint): Endpoint => {
        const backends = backendsOf(endpoint.address, workload.namespace, around);
        return backends === undefined ? endpoint : { ...endpoint, backends };
    };
    const byFlags = Object.entries(ENDPOINT_FLAGS).flatMap(([flag, kind]) =>
        (flags.get(flag) ?? []).map((address): Endpoint => ({ path: `${path}.--${flag}`, address, ...kind })),
    );
    const file = content("endpoint.sd-config");
    const others: NotKnown | undefined = file === undefined || isKnown(file) ? undefined : file;
    const { default_client_config: byDefault, endpoints } = ((file !== undefined && isKnown(file) ? readYaml(file) : undefined) ??
        {}) as EndpointsFile;
    const client = byDefault && clientOf(byDefault);
    return {
        path,
        ...(version !== undefined && { version }),
        tlsByDefault: client?.tls ?? client?.impliesTls ?? text(flags, "grpc-client-tls-secure") === "true",
        endpoints: [
            ...byFlags,
            ...(endpoints ?? []).map(
                (
                    { address = "", group = false, strict = false, service_config: serviceConfig, client_config: ownClient },
                    i,
                ): Endpoint => ({
                    path: `${path}.endpoints[${i}]`,
                    address,
                    group,
                    strict,
                    ...(ownClient && { client: clientOf(ownClient) }),
                    ...(serviceConfig && { serviceConfig }),
                }),
            ),
        ].map(known),
        ...(others && { others }),
    };
}

/** Fields of `tls_config` that switch TLS on (cmd/thanos/endpointset.go, hasTLSConfig). */
const IMPLY_TLS = ["cert_file", "key_file", "ca_file", "insecure_skip_verify"] as const;

function clientOf(client: ClientFields): EndpointClient {
    const { server_name: serverName, tls_config: tls = {} } = client;
    return {
        ...(serverName && { serverName }),
        ...(tls.min_version && { minVersion: tls.min_version }),
        ...(tls.enabled !== undefined && { tls: tls.enabled }),
        impliesTls: IMPLY_TLS.some((field) => tls[field] !== undefined),
        text: JSON.stringify(client),
    };
}
