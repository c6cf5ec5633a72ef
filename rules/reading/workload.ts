import type { Prometheus } from "../model";
import type { Manifest } from "./manifest";

/** The fields of a Deployment or StatefulSet that say what runs. */
interface WorkloadFields {
    readonly metadata?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: {
        readonly replicas?: number;
        readonly strategy?: { readonly type?: string };
        readonly template?: {
            readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
            readonly spec?: {
                readonly containers?: readonly Container[];
                readonly volumes?: readonly {
                    readonly name: string;
                    readonly secret?: { readonly secretName?: string };
                    readonly configMap?: { readonly name?: string };
                }[];
            };
        };
    };
}

export interface Container {
    readonly image?: string;
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

/** A Deployment or StatefulSet with Kubernetes' defaults filled in. Its fields are getters: a value unknown at preview stops only those who read it. */
export interface Workload {
    readonly containers: readonly Container[];
    readonly replicas: number;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Labels of its pods, by which a Service selects them. */
    readonly podLabels: Readonly<Record<string, string>>;
    /** A Deployment starts the new pod before the old one has stopped, unless its strategy is Recreate; even with `maxSurge: 0`, which ignores terminating pods. */
    readonly overlapsOnUpdate: boolean;
    /** Name of the Secret whose volume contains `file`. */
    secretAt(file: string): string | undefined;
    /** The ConfigMap whose volume contains `file`, and its key there. */
    configMapAt(file: string): { readonly name: string; readonly key: string } | undefined;
}

/** The workload that a manifest describes; undefined for any other kind. */
export function workloadOf(manifest: Manifest): Workload | undefined {
    const deployment = isA(manifest, "apps/v1", "Deployment");
    if (!deployment && !isA(manifest, "apps/v1", "StatefulSet")) return undefined;
    const { metadata, spec } = manifest.fields as WorkloadFields;
    const pod = spec?.template?.spec;
    const mountOf = (file: string) =>
        (pod?.containers ?? [])
            .flatMap((container) => container.volumeMounts ?? [])
            .find(({ mountPath }) => file === mountPath || file.startsWith(`${mountPath}/`));
    const volumeOf = (file: string) => pod?.volumes?.find(({ name }) => name === mountOf(file)?.name);
    return {
        containers: pod?.containers ?? [],
        get replicas() {
            return spec?.replicas ?? 1;
        },
        get namespace() {
            return metadata?.namespace ?? "default";
        },
        get labels() {
            return metadata?.labels ?? {};
        },
        get podLabels() {
            return spec?.template?.metadata?.labels ?? {};
        },
        get overlapsOnUpdate() {
            return deployment && spec?.strategy?.type !== "Recreate";
        },
        secretAt(file) {
            return volumeOf(file)?.secret?.secretName;
        },
        configMapAt(file) {
            const name = volumeOf(file)?.configMap?.name;
            return name === undefined ? undefined : { name, key: file.slice(`${mountOf(file)?.mountPath}/`.length) };
        },
    };
}

/** The fields of a Helm release that decide on its Prometheus. */
interface ReleaseFields {
    readonly chart?: string;
    readonly values?: {
        readonly prometheus?: {
            readonly enabled?: boolean;
            readonly agentMode?: boolean;
            readonly prometheusSpec?: { readonly replicas?: number };
        };
    };
}

/** The Prometheus of a kube-prometheus-stack release or of the operator's own kinds; undefined for any other manifest. Both default to one replica. */
export function prometheusOf(manifest: Manifest): Omit<Prometheus, "path"> | undefined {
    if (isA(manifest, "helm.sh/v3", "Release")) return releasedPrometheus(manifest.fields);
    const agent = isA(manifest, "monitoring.coreos.com/v1alpha1", "PrometheusAgent");
    if (!agent && !isA(manifest, "monitoring.coreos.com/v1", "Prometheus")) return undefined;
    return { replicas: (manifest.fields as WorkloadFields).spec?.replicas ?? 1, agent };
}

export const isA = ({ apiVersion, kind }: Manifest, wantedVersion: string, wantedKind: string) =>
    apiVersion === wantedVersion && kind === wantedKind;

/** The chart is recognised by its values or by its name, since a directory or a mirror may have any name. */
function releasedPrometheus({ chart, values }: ReleaseFields): Omit<Prometheus, "path"> | undefined {
    const prometheus = values?.prometheus;
    if (prometheus?.prometheusSpec === undefined && !/(^|\/)kube-prometheus-stack(-\d[^/]*)?$/.test(chart ?? "")) return undefined;
    if (prometheus?.enabled === false) return undefined;
    return { replicas: prometheus?.prometheusSpec?.replicas ?? 1, agent: prometheus?.agentMode ?? false };
}
