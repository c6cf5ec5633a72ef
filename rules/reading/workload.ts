import type { Prometheus } from "../model";

/** The fields of a Deployment or StatefulSet that say what runs; all of them may be left out. */
interface WorkloadProps {
    readonly metadata?: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: {
        readonly replicas?: number;
        readonly strategy?: { readonly type?: string };
        readonly template?: {
            readonly spec?: {
                readonly containers?: readonly Container[];
                readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName?: string } }[];
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

/** A Deployment or StatefulSet with Kubernetes' defaults filled in. Getters, so that a value unknown at preview matters only to who reads it. */
export interface Workload {
    readonly containers: readonly Container[];
    readonly replicas: number;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    /** A Deployment starts the new pod before the old one has gone, unless told to recreate. Even `maxSurge: 0` does: pods that are stopping do not count. */
    readonly overlapsOnUpdate: boolean;
    /** Name of the Secret that is mounted over `file`. */
    secretAt(file: string): string | undefined;
}

export function workloadOf(type: string, props: Record<string, unknown>): Workload | undefined {
    const deployment = type === "kubernetes:apps/v1:Deployment";
    if (!deployment && type !== "kubernetes:apps/v1:StatefulSet") return undefined;
    const { metadata, spec } = props as WorkloadProps;
    const pod = spec?.template?.spec;
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
        get overlapsOnUpdate() {
            return deployment && spec?.strategy?.type !== "Recreate";
        },
        secretAt(file) {
            const mounts = (pod?.containers ?? []).flatMap((container) => container.volumeMounts ?? []);
            const mount = mounts.find(({ mountPath }) => file === mountPath || file.startsWith(`${mountPath}/`));
            return pod?.volumes?.find((volume) => volume.name === mount?.name)?.secret?.secretName;
        },
    };
}

interface ReleaseProps {
    readonly chart?: string;
    readonly values?: {
        readonly prometheus?: {
            readonly enabled?: boolean;
            readonly agentMode?: boolean;
            readonly prometheusSpec?: { readonly replicas?: number };
        };
    };
}

/** The Prometheus that a resource asks for: kube-prometheus-stack's values, or the operator's own kinds. Both default to one replica. */
export function prometheusOf(type: string, props: Record<string, unknown>): Omit<Prometheus, "path"> | undefined {
    if (type === "kubernetes:helm.sh/v3:Release") return releasedPrometheus(props);
    const agent = type === "kubernetes:monitoring.coreos.com/v1alpha1:PrometheusAgent";
    if (!agent && type !== "kubernetes:monitoring.coreos.com/v1:Prometheus") return undefined;
    return { replicas: (props as WorkloadProps).spec?.replicas ?? 1, agent };
}

/** A chart is known by its values or by its name: a directory or a mirror may be called anything. */
function releasedPrometheus({ chart, values }: ReleaseProps): Omit<Prometheus, "path"> | undefined {
    const prometheus = values?.prometheus;
    if (prometheus?.prometheusSpec === undefined && !/(^|\/)kube-prometheus-stack(-\d[^/]*)?$/.test(chart ?? "")) return undefined;
    if (prometheus?.enabled === false) return undefined;
    return { replicas: prometheus?.prometheusSpec?.replicas ?? 1, agent: prometheus?.agentMode ?? false };
}
