import { type Duration, parseDuration } from "../duration";
import { type ObjectStoreFile, PROMETHEUS_REPLICA_LABEL, type Release, type Sidecar, type Source } from "../model";
import { type Program, releaseOf } from "../version";
import { durationIn } from "./commandLine";
import type { Origin } from "./files";
import type { Manifest } from "./manifest";
import { ifKnown } from "./notKnown";
import { identityOf, objectStoreFile } from "./objectStores";
import { blocksOf, notKnown, releaseIn, type Surroundings } from "./process";
import { DEFAULT_ACCOUNT, isA, isOperators } from "./workload";

/** Fields of the operator's Prometheus, and of `prometheus.prometheusSpec` of kube-prometheus-stack where they are the same. */
interface Spec {
    readonly replicas?: number;
    readonly shards?: number;
    readonly serviceName?: string;
    readonly podMetadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly image?: string | { readonly tag?: string };
    readonly version?: string;
    readonly retention?: string;
    readonly disableCompaction?: boolean;
    readonly enableFeatures?: readonly string[];
    readonly additionalArgs?: readonly { readonly name?: string; readonly value?: string }[];
    readonly serviceAccountName?: string;
    readonly replicaExternalLabelName?: string;
    /** Of the chart only. */
    readonly replicaExternalLabelNameClear?: boolean;
    readonly tsdb?: { readonly outOfOrderTimeWindow?: string };
    readonly thanos?: {
        readonly image?: string;
        readonly version?: string;
        readonly objectStorageConfig?: ObjectStorage;
        readonly objectStorageConfigFile?: string;
    };
}

interface ObjectStorage {
    readonly name?: string;
    readonly key?: string;
    /** Of the chart only. */
    readonly existingSecret?: { readonly name?: string; readonly key?: string };
    readonly secret?: unknown;
}

/** The Prometheus of the operator that has a sidecar, and how it is described. */
interface Operated {
    readonly spec: Spec;
    readonly namespace: string;
    readonly name: string;
    /** Whether the chart makes a Service of its sidecars. */
    readonly isDiscovered: boolean;
}

function operated(manifest: Manifest): Operated | undefined {
    interface Fields {
        readonly metadata?: { readonly namespace?: string };
        readonly spec?: Spec;
        readonly namespace?: string;
        readonly values?: {
            readonly prometheus?: {
                readonly enabled?: boolean;
                readonly agentMode?: boolean;
                readonly thanosService?: { readonly enabled?: boolean };
                readonly prometheusSpec?: Spec;
            };
        };
    }
    const { metadata, spec, namespace, values } = manifest.fields as Fields;
    const { name } = manifest;
    if (isOperators(manifest, "v1", "Prometheus"))
        return spec?.thanos && { spec, namespace: metadata?.namespace ?? "default", name, isDiscovered: false };
    if (!isA(manifest, "helm.sh/v3", "Release")) return undefined;
    const { enabled = true, agentMode = false, thanosService, prometheusSpec } = values?.prometheus ?? {};
    // The chart's default is `thanos: {}`, which is no sidecar.
    const hasSidecar = Object.keys(prometheusSpec?.thanos ?? {}).length > 0;
    return prometheusSpec && enabled && !agentMode && hasSidecar
        ? { spec: prometheusSpec, namespace: namespace ?? "default", name, isDiscovered: thanosService?.enabled ?? false }
        : undefined;
}

/** Pods with a sidecar that prometheus-operator makes, which no manifest describes. */
export interface OperatedPods {
    readonly namespace: string;
    /** Those by which people select them. */
    readonly podLabels: Readonly<Record<string, string>>;
    readonly replicas: number;
    /** Whether a Service of this name leads to them, which the operator or the chart makes. */
    isBehind(service: string): boolean;
}

export function operatedPodsOf(manifest: Manifest): OperatedPods | undefined {
    const found = operated(manifest);
    if (found === undefined) return undefined;
    const { spec, namespace, name, isDiscovered } = found;
    // The chart makes the name of its Prometheus out of several values.
    const byName =
        manifest.kind === "Release" ? {} : { "app.kubernetes.io/instance": name, "operator.prometheus.io/name": name, prometheus: name };
    return {
        namespace,
        podLabels: {
            ...spec.podMetadata?.labels,
            "app.kubernetes.io/name": "prometheus",
            "app.kubernetes.io/managed-by": "prometheus-operator",
            ...byName,
        },
        replicas: (spec.replicas ?? 1) * (spec.shards ?? 1),
        isBehind: (service) =>
            (service === "prometheus-operated" && spec.serviceName === undefined) ||
            (isDiscovered && service.endsWith("-thanos-discovery")),
    };
}

/** The sidecar of a Prometheus that prometheus-operator runs. */
export function operatedSidecarOf(manifest: Manifest, path: string, around: Surroundings): Sidecar[] {
    const found = operated(manifest);
    if (found === undefined) return [];
    const { spec } = found;
    const operator = operatorRelease(around);
    return [
        {
            path,
            uploads: uploads(spec),
            prometheus: { ...release("Prometheus", spec.image, spec.version) },
            thanos: { ...release("Thanos", spec.thanos?.image, spec.thanos?.version) },
            ...(operator !== undefined && { operator }),
            operated: true,
            compactionOff: spec.disableCompaction ?? false,
            features: featuresOf(spec),
        },
    ];
}

const uploads = ({ thanos }: Spec) => thanos?.objectStorageConfig !== undefined || thanos?.objectStorageConfigFile !== undefined;

function release(program: Program, image: Spec["image"], version: string | undefined): Release {
    const byImage = typeof image === "object" ? releaseOf(program, image.tag) : releaseIn(program, image).image;
    const declared = releaseOf(program, version);
    // The chart writes the tag of `image` into `version`.
    const charted = typeof image === "object" ? byImage : undefined;
    return { ...(byImage && { image: byImage }), ...((declared ?? charted) && { declared: declared ?? charted }) } as Release;
}

const featuresOf = ({ enableFeatures = [], additionalArgs = [] }: Spec): string[] => [
    ...enableFeatures,
    ...additionalArgs.filter(({ name }) => name === "enable-feature").flatMap(({ value = "" }) => value.split(",")),
];

/** The release of the operator, where its pods are among the manifests. */
function operatorRelease({ manifests, quietly }: Surroundings): string | undefined {
    interface Fields {
        readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } } };
    }
    for (const { kind, fields } of manifests) {
        if (kind !== "Deployment") continue;
        const images = quietly(() => ((fields as Fields).spec?.template?.spec?.containers ?? []).map(({ image = "" }) => image)) ?? [];
        const tag = images.map((image) => /(?:^|\/)prometheus-operator:([^@]+)/.exec(image)?.[1]).find((found) => found !== undefined);
        if (tag !== undefined) return releaseOf("prometheus-operator", tag);
    }
    return undefined;
}

/** A Rule that prometheus-operator runs. */
function operatedRule(manifest: Manifest, path: string, around: Surroundings): Source[] {
    interface Fields {
        readonly metadata?: { readonly namespace?: string };
        readonly spec?: { readonly replicas?: number; readonly retention?: string; readonly objectStorageConfig?: ObjectStorage };
    }
    if (!isOperators(manifest, "v1", "ThanosRuler")) return [];
    const { metadata, spec = {} } = manifest.fields as Fields;
    const { name } = manifest;
    const namespace = metadata?.namespace ?? "default";
    const origin = originIn(spec.objectStorageConfig, namespace);
    const retention = ifKnown(() => durationOf("retention", spec.retention || "24h"));
    return [
        {
            path,
            program: "Rule",
            stream: blocksOf(origin && around.files.text(origin), origin, { namespace, name }, around),
            uploads: spec.objectStorageConfig !== undefined,
            replicas: spec.replicas ?? 1,
            // The operator always sets it (pkg/thanos/statefulset.go).
            replicaLabels: ["thanos_ruler_replica"],
            outOfOrder: parseDuration("0"),
            ...(retention && { retention }),
        },
    ];
}

/** Who has the recent samples of the blocks that prometheus-operator's pods upload: a Prometheus with a sidecar, or a Rule. */
export function operatedSourceOf(manifest: Manifest, path: string, around: Surroundings): Source[] {
    const found = operated(manifest);
    if (found === undefined) return operatedRule(manifest, path, around);
    const { spec } = found;
    const origin = objectStoreOrigin(found);
    const replicaLabel = spec.replicaExternalLabelNameClear ? "" : (spec.replicaExternalLabelName ?? PROMETHEUS_REPLICA_LABEL);
    const retention = ifKnown(() => durationOf("retention", spec.retention || "0s"));
    return [
        {
            path,
            program: "Prometheus",
            stream: blocksOf(origin && around.files.text(origin), origin, found, around),
            uploads: uploads(spec),
            replicas: spec.replicas ?? 1,
            operated: true,
            replicaLabels: replicaLabel === "" ? [] : [replicaLabel],
            outOfOrder: durationOf("tsdb.outOfOrderTimeWindow", spec.tsdb?.outOfOrderTimeWindow || "0s"),
            ...(retention && { retention }),
        },
    ];
}

/** The operator takes an empty text for a field that is not there (pkg/apis/monitoring/v1, Duration), as people write beside `retentionSize`. */
const durationOf = (field: string, value: string): Duration => durationIn(field, value, "prometheus-operator");

const objectStoreOrigin = ({ spec, namespace }: Operated) => originIn(spec.thanos?.objectStorageConfig, namespace);

function originIn(storage: ObjectStorage | undefined, namespace: string): Origin | undefined {
    const { name, key } = storage?.existingSecret ?? storage ?? {};
    return name === undefined || key === undefined ? undefined : { kind: "Secret", namespace, name, key };
}

export function sidecarObjectStore(manifest: Manifest, path: string, around: Surroundings): ObjectStoreFile[] {
    const found = operated(manifest);
    const origin = found && objectStoreOrigin(found);
    if (found === undefined || origin === undefined) return [];
    const account = around.quietly(() => ({ name: accountOf(found, manifest) }));
    const identity =
        account?.name === undefined ? notKnown("the chart names its service account") : identityOf(found.namespace, account.name, around);
    return [{ path, component: "sidecar", ...objectStoreFile(around.files.text(origin)), identity }];
}

/** The service account of the operator's pods. Undefined where the chart names it. */
function accountOf({ spec }: Operated, { kind, fields }: Manifest): string | undefined {
    interface Values {
        readonly values?: { readonly prometheus?: { readonly serviceAccount?: { readonly name?: string } } };
    }
    if (kind !== "Release") return spec.serviceAccountName ?? DEFAULT_ACCOUNT;
    return (fields as Values).values?.prometheus?.serviceAccount?.name || undefined;
}
