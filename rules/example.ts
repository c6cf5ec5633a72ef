import { parseDuration } from "./duration";
import type { Compactor } from "./model";

/** A Kubernetes object of an example. */
export interface KubernetesObject {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly [field: string]: unknown;
}

interface Pods {
    readonly replicas?: number;
    /** Tag of the image. */
    readonly version?: string;
    /** ConfigMap that is mounted at /etc/thanos. */
    readonly configMap?: string;
    /** Secret that is mounted at /etc/objstore. */
    readonly secret?: string;
    /** Whether $(POD_NAME) is the name of the pod. */
    readonly podName?: boolean;
    /** Service account that they run as. */
    readonly serviceAccount?: string;
}

const TEMPLATED = ["Deployment", "StatefulSet", "Job"];

/** A workload of Thanos with as few fields as Kubernetes lets it have, for examples. */
export function thanos(
    kind: "Deployment" | "StatefulSet" | "Job" | "CronJob",
    name: string,
    args: readonly string[],
    pods: Pods = {},
): KubernetesObject {
    const { replicas, version = "v0.42.4", configMap: mounted, secret, podName = false, serviceAccount: account } = pods;
    const volumes = [
        ...(mounted === undefined ? [] : [{ name: "config", at: "/etc/thanos", source: { configMap: { name: mounted } } }]),
        ...(secret === undefined ? [] : [{ name: "objstore", at: "/etc/objstore", source: { secret: { secretName: secret } } }]),
    ];
    const container = {
        name: "thanos",
        image: `quay.io/thanos/thanos:${version}`,
        args,
        ...(podName && { env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] }),
        ...(volumes.length > 0 && { volumeMounts: volumes.map(({ name: volume, at }) => ({ name: volume, mountPath: at })) }),
    };
    const template = {
        spec: {
            ...(account !== undefined && { serviceAccountName: account }),
            containers: [container],
            ...(volumes.length > 0 && { volumes: volumes.map(({ name: volume, source }) => ({ name: volume, ...source })) }),
        },
    };
    const spec = TEMPLATED.includes(kind) ? { template } : { jobTemplate: { spec: { template } } };
    return {
        apiVersion: kind === "Job" || kind === "CronJob" ? "batch/v1" : "apps/v1",
        kind,
        metadata: { name },
        spec: { ...(replicas !== undefined && { replicas }), ...spec },
    };
}

/** A Service of the pods of `labelled(workload)` of the same name. */
export const service = (name: string, clusterIP?: "None"): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ...(clusterIP !== undefined && { clusterIP }), selector: { app: name } },
});

/** A workload whose pods a Service of the same name selects. */
export function labelled(workload: KubernetesObject): KubernetesObject {
    const { template, ...spec } = workload.spec as { template: object };
    return { ...workload, spec: { ...spec, template: { metadata: { labels: { app: workload.metadata.name } }, ...template } } };
}

/** Flags that read the files of a workload of `thanos`. */
export const OBJSTORE = ["--objstore.config-file=/etc/objstore/objstore.yml"];
export const HASHRINGS = "--receive.hashrings-file=/etc/thanos/hashrings.json";

export const configMap = (name: string, data: Readonly<Record<string, string>>): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data,
});

/** A Secret `objstore-<prefix>` that leads to blocks under a prefix. */
export const objstore = (prefix: string): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `objstore-${prefix}` },
    stringData: { "objstore.yml": `type: S3\nprefix: ${prefix}\nconfig:\n  bucket: blocks\n  endpoint: s3.eu-central-1.amazonaws.com\n` },
});

/** A Prometheus that prometheus-operator runs. */
export const operated = (kind: "Prometheus" | "PrometheusAgent", name: string, spec: object): KubernetesObject => ({
    apiVersion: kind === "Prometheus" ? "monitoring.coreos.com/v1" : "monitoring.coreos.com/v1alpha1",
    kind,
    metadata: { name },
    spec,
});

/** A sidecar that uploads to the blocks of `objstore(prefix)`. */
export const uploadingTo = (prefix: string, more: object = {}) => ({
    objectStorageConfig: { name: `objstore-${prefix}`, key: "objstore.yml" },
    ...more,
});

/** A service account with the annotation of a role (IRSA). */
export const serviceAccount = (name: string, role: string): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, annotations: { "eks.amazonaws.com/role-arn": `arn:aws:iam::111111111111:role/${role}` } },
});

const EKS = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";

/** Trust in a service account (`namespace:name`) by its token. */
export const irsa = (account: string, operator = "StringEquals") => ({
    Effect: "Allow",
    Principal: { Federated: `arn:aws:iam::111111111111:oidc-provider/${EKS}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { [operator]: { [`${EKS}:sub`]: `system:serviceaccount:${account}` } },
});

/** A role that AWS Controllers for Kubernetes make, with rights on bucket `blocks`. */
export const ackRole = (name: string, trust: object, actions: readonly string[]): KubernetesObject => ({
    apiVersion: "iam.services.k8s.aws/v1alpha1",
    kind: "Role",
    metadata: { name },
    spec: {
        name,
        assumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }),
        inlinePolicies: {
            blocks: JSON.stringify({
                Statement: [{ Effect: "Allow", Action: actions, Resource: ["arn:aws:s3:::blocks", "arn:aws:s3:::blocks/*"] }],
            }),
        },
    },
});

/** A bucket that AWS Controllers for Kubernetes make, with a lifecycle. */
export const ackBucket = (name: string, rules: readonly object[]): KubernetesObject => ({
    apiVersion: "s3.services.k8s.aws/v1alpha1",
    kind: "Bucket",
    metadata: { name },
    spec: { name, lifecycle: { rules: rules.map((rule, i) => ({ id: `rule-${i + 1}`, status: "Enabled", ...rule })) } },
});

/** A compactor that no rule reports, with these differences. */
export function compactor(differences: Partial<Compactor>): Compactor {
    const kept = parseDuration("90d");
    const usual = { path: "compact", stream: "blue", replicas: 1, overlapsOnUpdate: false, downsampling: true };
    return { ...usual, retention: { raw: kept, fiveMinutes: kept, oneHour: kept }, ...differences };
}

/** A compactor with these retentions of raw, 5m and 1h samples. */
export function keeping(raw: string, fiveMinutes: string, oneHour: string): Compactor {
    return compactor({
        retention: { raw: parseDuration(raw), fiveMinutes: parseDuration(fiveMinutes), oneHour: parseDuration(oneHour) },
    });
}

/** The flags of such a compactor. */
export function retentionFlags(raw: string, fiveMinutes: string, oneHour: string): string[] {
    return [`--retention.resolution-raw=${raw}`, `--retention.resolution-5m=${fiveMinutes}`, `--retention.resolution-1h=${oneHour}`];
}
