import semver from "semver";
import { CLUSTER_LABEL, RESERVED_LABELS } from "../../config/labels";
import { checkAll } from "../../rules";
import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { NOTHING, PROMETHEUS_REPLICA_LABEL } from "../../rules/model";
import { type Problem, Problems } from "../../rules/problem";
import { THANOS_IMAGE, VERSIONS } from "../../upstream/versions";
import { OBJECT_STORE_KEY } from "../blocks/objectStore";
import { REMOTE_WRITE_NAME } from "../naming/names";
import { TLS_FILES } from "../tls/tlsSecret";
import { type LabelSelector, selects } from "./labelSelector";

/** The part of a Prometheus object that the fleet depends on (prometheus-operator v0.93, pkg/apis/monitoring/v1). */
export interface PrometheusSpec {
    externalLabels?: Record<string, string>;
    /** @default prometheus_replica. Empty: the pods do not differ in a label. */
    replicaExternalLabelName?: string;
    /** @default 1 */
    replicas?: number;
    /** @default 1 */
    shards?: number;
    /** @default 24h, if there is no `retentionSize` either */
    retention?: string;
    retentionSize?: string;
    disableCompaction?: boolean;
    tsdb?: { outOfOrderTimeWindow?: string };
    storage?: { volumeClaimTemplate?: object };
    /** @default web */
    portName?: string;
    paused?: boolean;
    /** @default default, the namespace's own */
    serviceAccountName?: string;
    thanos?: {
        image?: string;
        /** @default the operator's own */
        version?: string;
        /** @default 2h */
        blockSize?: string;
        objectStorageConfig?: SecretKey;
        objectStorageConfigFile?: string;
        listenLocal?: boolean;
        grpcListenLocal?: boolean;
        httpListenLocal?: boolean;
        grpcServerTlsConfig?: object;
    };
    remoteWrite?: RemoteWrite[];
    serviceMonitorSelector?: LabelSelector;
    serviceMonitorNamespaceSelector?: LabelSelector;
    ruleSelector?: LabelSelector;
    ruleNamespaceSelector?: LabelSelector;
    scrapeConfigSelector?: LabelSelector;
    scrapeConfigNamespaceSelector?: LabelSelector;
}

interface SecretKey {
    name?: string;
    key: string;
}

interface RemoteWrite {
    url: string;
    name?: string;
    messageVersion?: string;
    tlsConfig?: { ca?: { secret?: SecretKey }; cert?: { secret?: SecretKey }; keySecret?: SecretKey };
    queueConfig?: { retryOnRateLimit?: boolean };
}

/** What is there: a Prometheus object, and what decides beside it. */
export interface Found {
    spec: PrometheusSpec;
    /** Labels of its namespace. */
    namespaceLabels: Record<string, string>;
    /** Annotations of its pods' service account. */
    serviceAccountAnnotations: Record<string, string>;
}

/** What the fleet needs of it. */
export interface Needed {
    /** Name of the cluster: the value of the external label `cluster`. */
    clusterName: string;
    /** Name of the Secret with the objstore file. */
    objectStore: string;
    /** URL of Receive, and the name of the Secret with the client certificate for it. @default none: it need not write */
    remoteWrite?: { url: string; tlsSecret: string } | undefined;
    /** How long it must keep samples where Stores leave recent ones to it, a duration. @default three blocks */
    keptFor?: string | undefined;
    /** Whether it has to take ScrapeConfigs of the stack. */
    scrapeConfigs: boolean;
    /** Annotations that its service account must have: with IRSA, the role. */
    annotations: Record<string, string>;
}

/** Where the chart kube-prometheus-stack has the fields of the object. */
const VALUES = "prometheus.prometheusSpec";

const DEFAULTS = { retention: "24h", blockSize: "2h", port: "web", serviceAccount: "default" };

/** What of an existing Prometheus other parts of the stack have to know. */
export const existingFacts = (spec: PrometheusSpec) => ({
    pods: (spec.replicas ?? 1) * (spec.shards ?? 1),
    blockDuration: spec.thanos?.blockSize ?? DEFAULTS.blockSize,
    port: spec.portName ?? DEFAULTS.port,
    serviceAccount: spec.serviceAccountName ?? DEFAULTS.serviceAccount,
    externalLabels: spec.externalLabels ?? {},
});

/**
 * Everything that keeps an existing Prometheus from being one of the fleet, by the field of its object; each remedy also names the chart's value. What a stack
 * sets itself where it installs Prometheus is in values.ts; what of it a user may not change, in config/checks/chartValues.ts.
 */
export function existingProblems(found: Found, needed: Needed): Problem[] {
    const { spec } = found;
    return new Problems()
        .add(labelProblems(spec, needed))
        .add(podProblems(spec))
        .add(blockProblems(spec, needed))
        .add(sidecarProblems(spec, needed))
        .add(needed.remoteWrite ? remoteWriteProblems(spec, needed.remoteWrite) : [])
        .add(selectorProblems(found, needed))
        .add(annotationProblems(found, needed))
        .all();
}

/** A remedy, with the value of kube-prometheus-stack that sets the field. */
const chart = (remedy: string, path: string) => `${remedy} With kube-prometheus-stack: ${VALUES}.${path}.`;

function labelProblems(
    { externalLabels = {}, replicaExternalLabelName: replica = PROMETHEUS_REPLICA_LABEL }: PrometheusSpec,
    { clusterName }: Needed,
): Problem[] {
    const problems = new Problems().when(
        externalLabels[CLUSTER_LABEL] !== clusterName,
        `spec.externalLabels.${CLUSTER_LABEL}`,
        `is ${said(externalLabels[CLUSTER_LABEL])}. The fleet knows this cluster by it.`,
        chart(`Write ${clusterName}.`, `externalLabels.${CLUSTER_LABEL}`),
    );
    for (const label of Object.keys(externalLabels).filter((other) => other !== CLUSTER_LABEL && RESERVED_LABELS.includes(other)))
        problems.when(
            true,
            `spec.externalLabels.${label}`,
            "is a label of the fleet's own: replicas are told apart by it.",
            chart("Use another name.", `externalLabels.${label}`),
        );
    return problems
        .when(
            replica !== PROMETHEUS_REPLICA_LABEL,
            "spec.replicaExternalLabelName",
            `is ${said(replica)}. Query merges replicas by ${PROMETHEUS_REPLICA_LABEL}: every sample would count twice.`,
            `Remove it. With kube-prometheus-stack: remove ${VALUES}.replicaExternalLabelName and ${VALUES}.replicaExternalLabelNameClear.`,
        )
        .all();
}

function podProblems({ replicas = 1, storage, paused = false }: PrometheusSpec): Problem[] {
    // The same rule as for a Prometheus of the stack.
    const redundancy = checkAll({ ...NOTHING, prometheuses: [{ path: "spec", replicas, agent: false }] });
    return new Problems()
        .add(redundancy.map((problem) => ({ ...problem, remedy: chart(problem.remedy, "replicas") })))
        .when(
            storage?.volumeClaimTemplate === undefined,
            "spec.storage.volumeClaimTemplate",
            "is missing: an update of the pods would delete up to 3 h of samples that are not uploaded yet.",
            chart("Write a claim for a persistent volume.", "storageSpec.volumeClaimTemplate"),
        )
        .when(paused, "spec.paused", "is true: the operator changes nothing of this Prometheus.", chart("Write false.", "paused"))
        .all();
}

function blockProblems({ disableCompaction = false, tsdb, thanos, ...spec }: PrometheusSpec, { keptFor }: Needed): Problem[] {
    const blockSize = thanos?.blockSize ?? DEFAULTS.blockSize;
    const threeBlocks = formatDuration((3 * parseDuration(blockSize)) as Duration);
    const least = keptFor !== undefined && parseDuration(keptFor) > parseDuration(threeBlocks) ? keptFor : threeBlocks;
    // Only a limit of size: time deletes nothing.
    const retention = spec.retention ?? (spec.retentionSize ? undefined : DEFAULTS.retention);
    const window = tsdb?.outOfOrderTimeWindow ?? "0s";
    return new Problems()
        .when(
            !disableCompaction,
            "spec.disableCompaction",
            "is not true: whether Prometheus merges blocks before they are uploaded depends on the versions of operator, Prometheus and Thanos.",
            chart("Write true.", "disableCompaction"),
        )
        .when(
            retention !== undefined && parseDuration(retention) < parseDuration(least),
            "spec.retention",
            least === keptFor
                ? `${retention} is shorter than the ${least} after which Stores answer for this cluster.`
                : `${retention} is shorter than three blocks (${least}): a block could be deleted before it is uploaded.`,
            chart(`Write ${least} or longer.`, "retention"),
        )
        .when(
            parseDuration(window) > 0,
            "spec.tsdb.outOfOrderTimeWindow",
            `is ${window}: late samples make blocks that overlap, on which Compact halts.`,
            chart("Remove it.", "tsdb.outOfOrderTimeWindow"),
        )
        .all();
}

function sidecarProblems({ thanos }: PrometheusSpec, { objectStore: name }: Needed): Problem[] {
    const wanted = { name, key: OBJECT_STORE_KEY };
    const store = thanos?.objectStorageConfig;
    // The operator knows the version by this field, and the image's tag need not agree.
    const version = semver.coerce(thanos?.version ?? /:([^:/@]+)(@.*)?$/.exec(thanos?.image ?? "")?.[1]);
    return new Problems()
        .when(
            !sameKey(store, wanted),
            "spec.thanos.objectStorageConfig",
            `is ${said(store && `{name: ${store.name}, key: ${store.key}}`)}. By this Secret the sidecar uploads blocks to where the fleet reads them.`,
            chart(`Write {name: ${wanted.name}, key: ${wanted.key}}.`, "thanos.objectStorageConfig.existingSecret"),
        )
        .when(
            thanos?.objectStorageConfigFile !== undefined,
            "spec.thanos.objectStorageConfigFile",
            "replaces objectStorageConfig.",
            chart("Remove it.", "thanos.objectStorageConfigFile"),
        )
        .when(
            version !== null && semver.gt(version, VERSIONS.thanos),
            "spec.thanos.version",
            `v${version} is newer than the leaf Query that asks it (${VERSIONS.thanos}): a Query may be newer than what it asks, not older.`,
            chart(`Write ${VERSIONS.thanos}, and ${THANOS_IMAGE} as image.`, "thanos.version"),
        )
        .add(
            (["listenLocal", "grpcListenLocal", "httpListenLocal"] as const).flatMap((field) =>
                new Problems()
                    .when(
                        thanos?.[field] === true,
                        `spec.thanos.${field}`,
                        "is true: nobody outside of its pod can reach the sidecar.",
                        chart("Remove it.", `thanos.${field}`),
                    )
                    .all(),
            ),
        )
        .when(
            thanos?.grpcServerTlsConfig !== undefined,
            "spec.thanos.grpcServerTlsConfig",
            "is set: the leaf Query asks the sidecars of its own cluster without TLS.",
            chart("Remove it.", "thanos.grpcServerTlsConfig"),
        )
        .all();
}

function remoteWriteProblems(
    { remoteWrite = [] }: PrometheusSpec,
    { url, tlsSecret: name }: NonNullable<Needed["remoteWrite"]>,
): Problem[] {
    const index = remoteWrite.findIndex((entry) => entry.url === url);
    const entry = remoteWrite[index];
    if (entry === undefined)
        return [
            {
                path: "spec.remoteWrite",
                problem: `has no entry with url ${url}, where the fleet takes this cluster's recent samples.`,
                remedy: chart(`Add ${JSON.stringify(remoteWriteEntry(url, name))}.`, "remoteWrite"),
            },
        ];
    const at = (field: string) => `spec.remoteWrite[${index}].${field}`;
    const inChart = (remedy: string, field: string) => chart(remedy, `remoteWrite[${index}].${field}`);
    const { ca, cert, keySecret } = entry.tlsConfig ?? {};
    const files: [field: string, set: SecretKey | undefined, key: string][] = [
        ["ca.secret", ca?.secret, TLS_FILES.ca],
        ["cert.secret", cert?.secret, TLS_FILES.cert],
        ["keySecret", keySecret, TLS_FILES.key],
    ];
    return new Problems()
        .when(
            entry.name !== REMOTE_WRITE_NAME,
            at("name"),
            `is ${said(entry.name)}. Alerts and dashboards find it by its name.`,
            inChart(`Write ${REMOTE_WRITE_NAME}.`, "name"),
        )
        .add(
            files.flatMap(([field, set, key]) =>
                new Problems()
                    .when(
                        !sameKey(set, { name, key }),
                        at(`tlsConfig.${field}`),
                        `is ${said(set && `{name: ${set.name}, key: ${set.key}}`)}. Receive knows this cluster by the certificate in the stack's Secret.`,
                        inChart(`Write {name: ${name}, key: ${key}}.`, `tlsConfig.${field}`),
                    )
                    .all(),
            ),
        )
        .when(
            entry.messageVersion === "V2.0",
            at("messageVersion"),
            "is V2.0, which Receive 0.42 takes for an empty request: the samples would be lost.",
            inChart("Write V1.0.", "messageVersion"),
        )
        .when(
            entry.queueConfig?.retryOnRateLimit !== true,
            at("queueConfig.retryOnRateLimit"),
            "is not true: samples would be lost when Receive answers 429.",
            inChart("Write true.", "queueConfig.retryOnRateLimit"),
        )
        .all();
}

/** The entry of `remoteWrite` that a cluster needs, and nothing that it may choose. */
const remoteWriteEntry = (url: string, name: string) => ({
    name: REMOTE_WRITE_NAME,
    url,
    tlsConfig: {
        ca: { secret: { name, key: TLS_FILES.ca } },
        cert: { secret: { name, key: TLS_FILES.cert } },
        keySecret: { name, key: TLS_FILES.key },
    },
    queueConfig: { retryOnRateLimit: true },
});

/** Labels that the stack's objects have beside their own, so that Prometheus takes them. */
export const labelsFor = (selector: LabelSelector | undefined): Record<string, string> => selector?.matchLabels ?? {};

function selectorProblems({ spec, namespaceLabels }: Found, { scrapeConfigs }: Needed): Problem[] {
    const problems = new Problems();
    for (const [kind, what] of [
        ["serviceMonitor", "ServiceMonitor"],
        ["rule", "PrometheusRule"],
        ...(scrapeConfigs ? [["scrapeConfig", "ScrapeConfigs"] as const] : []),
    ] as const) {
        const [field, inNamespaces] = [`${kind}Selector`, `${kind}NamespaceSelector`] as const;
        const selector = spec[field];
        const namespaces = spec[inNamespaces];
        problems
            .when(
                !selects(selector, labelsFor(selector)),
                `spec.${field}`,
                selector === undefined
                    ? `is missing: Prometheus takes no ${what} at all.`
                    : `does not take the stack's ${what}, which has only the labels of its matchLabels.`,
                chart("Write {}, or matchLabels only: the stack's objects get these labels.", field),
            )
            .when(
                // Without one, Prometheus takes those of its own namespace, where the stack's are.
                namespaces !== undefined && !selects(namespaces, namespaceLabels),
                `spec.${inNamespaces}`,
                `does not take the namespace of the stack's ${what}, which is Prometheus's own.`,
                chart("Write {}.", inNamespaces),
            );
    }
    return problems.all();
}

function annotationProblems({ spec, serviceAccountAnnotations: set }: Found, { annotations }: Needed): Problem[] {
    const account = existingFacts(spec).serviceAccount;
    return Object.entries(annotations).flatMap(([name, value]) =>
        new Problems()
            .when(
                set[name] !== value,
                `ServiceAccount ${account} metadata.annotations["${name}"]`,
                `is ${said(set[name])}. The sidecar reaches the bucket by this role.`,
                `Write ${value}. With kube-prometheus-stack: prometheus.serviceAccount.annotations.`,
            )
            .all(),
    );
}

const sameKey = (set: SecretKey | undefined, wanted: Required<SecretKey>) => set?.name === wanted.name && set.key === wanted.key;

const said = (value: string | undefined) => (value === undefined ? "missing" : value === "" ? "empty" : value);
