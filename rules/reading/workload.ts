import { posix } from "node:path";
import type { Prometheus } from "../model";
import type { Origin } from "./files";
import type { Manifest } from "./manifest";
import { NotKnownError } from "./notKnown";

interface KeyRef {
    readonly name?: string;
    readonly key?: string;
}

interface Item {
    readonly key: string;
    readonly path: string;
}

/** A source of files in a pod. */
interface VolumeSource {
    readonly secret?: { readonly secretName?: string; readonly name?: string; readonly items?: readonly Item[] };
    readonly configMap?: { readonly name?: string; readonly items?: readonly Item[] };
    /** Of docker-compose: a file or folder beside its own. */
    readonly bind?: { readonly path: string };
}

interface PodSpec {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly (Container & { readonly restartPolicy?: string })[];
    readonly serviceAccountName?: string;
    readonly volumes?: readonly (VolumeSource & {
        readonly name: string;
        readonly projected?: { readonly sources?: readonly VolumeSource[] };
    })[];
}

interface PodTemplate {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: PodSpec;
}

/** The fields of an object with pods that say what runs. */
interface WorkloadFields extends PodTemplate {
    readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: PodSpec & {
        readonly replicas?: number;
        /** Of a CronJob or a Job. */
        readonly suspend?: boolean;
        readonly strategy?: { readonly type?: string };
        readonly template?: PodTemplate;
        /** Of a CronJob. */
        readonly concurrencyPolicy?: string;
        readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
    };
}

export interface Variable {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: {
        readonly secretKeyRef?: KeyRef;
        readonly configMapKeyRef?: KeyRef;
        readonly fieldRef?: { readonly fieldPath?: string };
    };
}

export interface Container {
    readonly image?: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    /** Paths are relative to it. @default that of the image, which is `/` for Thanos */
    readonly workingDir?: string;
    readonly env?: readonly Variable[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

/** An object that makes pods, with Kubernetes' defaults filled in. Its fields are getters: a value unknown at preview stops only those who read it. */
export interface Workload {
    readonly name: string;
    readonly containers: readonly Container[];
    readonly replicas: number;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Labels of its pods, by which a Service selects them. */
    readonly podLabels: Readonly<Record<string, string>>;
    /** Name of the service account that its pods run as. */
    readonly serviceAccount: string;
    /** A Deployment starts the new pod before the old one has stopped, unless its strategy is Recreate; even with `maxSurge: 0`, which ignores terminating pods. */
    readonly overlapsOnUpdate: boolean;
    /** A CronJob starts a run while the last one works, unless its policy is Forbid or Replace. */
    readonly overlapsOnSchedule: boolean;
    /** Where a container finds the file of a path. */
    originOf(container: Container, path: string): Origin | undefined;
}

/** The service account of pods that name none. */
export const DEFAULT_ACCOUNT = "default";

/** Kinds with pods, by their group: where their pod template is. */
const TEMPLATES: Readonly<Record<string, (fields: WorkloadFields) => PodTemplate | undefined>> = {
    "apps Deployment": ({ spec }) => spec?.template,
    "apps StatefulSet": ({ spec }) => spec?.template,
    "apps DaemonSet": ({ spec }) => spec?.template,
    "apps ReplicaSet": ({ spec }) => spec?.template,
    "batch Job": ({ spec }) => spec?.template,
    "batch CronJob": ({ spec }) => spec?.jobTemplate?.spec?.template,
    "core Pod": (fields) => fields,
};

/** In all versions of a group, as `apps/v1beta1`, the fields that are read are the same. Before the group apps these kinds were in extensions. */
function templateReader({ apiVersion, kind }: Manifest) {
    const [group = ""] = apiVersion.split("/");
    const today = group === "extensions" ? "apps" : group === "v1" ? "core" : group;
    return TEMPLATES[`${today} ${kind}`];
}

/** The template of a workload's pods; of a Pod, itself. */
export const podTemplateOf = (manifest: Manifest): PodTemplate | undefined => templateReader(manifest)?.(manifest.fields as WorkloadFields);

/** The workload that a manifest describes; undefined for any other kind. */
export function workloadOf(manifest: Manifest): Workload | undefined {
    const templateOf = templateReader(manifest);
    if (templateOf === undefined) return undefined;
    const fields = manifest.fields as WorkloadFields;
    const { metadata, spec } = fields;
    const is = (kind: string) => manifest.kind === kind;
    const pod = templateOf(fields)?.spec;
    return {
        get name() {
            return metadata?.name ?? manifest.name;
        },
        get containers() {
            // One that restarts always runs beside the others.
            const beside = (pod?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
            // Unlike a spread, `concat` makes no list of containers out of a text.
            return (pod?.containers ?? []).concat(beside);
        },
        get replicas() {
            if (is("DaemonSet")) throw new NotKnownError("a DaemonSet has a pod on each node, and their number is not known");
            if (is("CronJob") || is("Job")) return spec?.suspend ? 0 : 1;
            return is("Pod") ? 1 : (spec?.replicas ?? 1);
        },
        get namespace() {
            return metadata?.namespace ?? "default";
        },
        get labels() {
            return metadata?.labels ?? {};
        },
        get podLabels() {
            return templateOf(fields)?.metadata?.labels ?? {};
        },
        get serviceAccount() {
            return pod?.serviceAccountName ?? DEFAULT_ACCOUNT;
        },
        get overlapsOnUpdate() {
            return is("Deployment") && spec?.strategy?.type !== "Recreate";
        },
        get overlapsOnSchedule() {
            return is("CronJob") && (spec?.concurrencyPolicy ?? "Allow") === "Allow";
        },
        originOf(container, path) {
            const file = posix.resolve("/", container.workingDir ?? "", path);
            const mount = (container.volumeMounts ?? [])
                .filter(({ mountPath }) => file === mountPath || file.startsWith(`${mountPath.replace(/\/$/, "")}/`))
                .sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
            const volume = pod?.volumes?.find(({ name }) => name === mount?.name);
            if (mount === undefined || volume === undefined) return undefined;
            const inMount = file.slice(mount.mountPath.replace(/\/$/, "").length + 1);
            const inVolume = mount.subPath === undefined ? inMount : [mount.subPath, inMount].filter((part) => part !== "").join("/");
            const sources = volume.projected?.sources ?? [volume];
            const namespace = metadata?.namespace ?? "default";
            return sources.flatMap((source) => originIn(source, inVolume, namespace))[0];
        },
    };
}

/** The object and key of a file in a volume. Without `items`, every key is a file of its name. */
function originIn({ secret, configMap, bind }: VolumeSource, path: string, namespace: string): Origin[] {
    if (bind !== undefined) return [{ kind: "File", namespace: "", name: bind.path, key: path }];
    const source = secret ?? configMap;
    const name = secret?.secretName ?? source?.name;
    if (source === undefined || name === undefined) return [];
    const key = source.items === undefined ? path : source.items.find((item) => item.path === path)?.key;
    return key === undefined ? [] : [{ kind: secret === undefined ? "ConfigMap" : "Secret", namespace, name, key }];
}

/** Fields of the operator's Prometheus and PrometheusAgent, and of `prometheus.prometheusSpec` of kube-prometheus-stack. */
interface PrometheusFields {
    readonly replicas?: number;
    readonly thanos?: object;
    readonly remoteWrite?: readonly { readonly url?: string }[];
}

/** The fields of a Helm release that decide on its Prometheus. */
interface ReleaseFields {
    readonly values?: {
        readonly prometheus?: { readonly enabled?: boolean; readonly agentMode?: boolean; readonly prometheusSpec?: PrometheusFields };
    };
}

/**
 * The Prometheus of a kube-prometheus-stack release or of the operator's own kinds. Undefined for any other manifest, and for a Prometheus that has nothing
 * to do with Thanos: neither a sidecar, nor a remote write to Receive. Both default to one replica.
 */
export function prometheusOf(manifest: Manifest): Omit<Prometheus, "path"> | undefined {
    if (isA(manifest, "helm.sh/v3", "Release")) {
        const { enabled = true, agentMode: agent = false, prometheusSpec } = (manifest.fields as ReleaseFields).values?.prometheus ?? {};
        const spec = prometheusSpec ?? {};
        // The chart's default is `thanos: {}`, which is no sidecar.
        const hasSidecar = Object.keys(spec.thanos ?? {}).length > 0;
        return enabled && (hasSidecar || writesToReceive(spec)) ? { replicas: spec.replicas ?? 1, agent } : undefined;
    }
    const agent = isOperators(manifest, "v1alpha1", "PrometheusAgent");
    if (!agent && !isOperators(manifest, "v1", "Prometheus")) return undefined;
    const spec = (manifest.fields as { spec?: PrometheusFields }).spec ?? {};
    return spec.thanos || writesToReceive(spec) ? { replicas: spec.replicas ?? 1, agent } : undefined;
}

/** Where Receive takes remote write (pkg/receive/handler.go). */
export const RECEIVE_PATH = "/api/v1/receive";

const writesToReceive = ({ remoteWrite }: PrometheusFields) => (remoteWrite ?? []).some(({ url = "" }) => url.includes(RECEIVE_PATH));

export const isA = ({ apiVersion, kind }: Manifest, wantedVersion: string, wantedKind: string) =>
    apiVersion === wantedVersion && kind === wantedKind;

/** Whether it is of a kind of prometheus-operator, or of its copy in the observability operator of OpenShift, which differs in the group. */
export const isOperators = (manifest: Manifest, version: string, kind: string) =>
    ["monitoring.coreos.com", "monitoring.rhobs"].some((group) => isA(manifest, `${group}/${version}`, kind));
