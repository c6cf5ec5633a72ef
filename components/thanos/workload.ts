import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { THANOS_IMAGE } from "../../upstream/versions";
import type { StreamAccess } from "../blocks/blocks";
import { OBJECT_STORE_KEY } from "../blocks/objectStore";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf } from "../naming/labels";
import { GRPC_PORT, HTTP_PORT } from "../naming/names";
import { TLS_MOUNT } from "./serverTls";

export const OBJECT_STORE_FILE = `/etc/thanos/objstore/${OBJECT_STORE_KEY}`;
export const DATA_DIR = "/var/thanos/data";
export const CONFIG_DIR = "/etc/thanos/config";

/** Where the official image runs; it owns the data volume. */
const UID = 1001;

/** The ports that every Thanos component listens on. */
export const THANOS_PORTS = { grpc: GRPC_PORT, http: HTTP_PORT };
/** ... and one that has no StoreAPI. */
export const HTTP_ONLY = { http: HTTP_PORT };

export interface WorkloadArgs {
    /** Name of every object made, for instance `thanos-store-blue`. */
    name: string;
    namespace: string;
    /** The Thanos subcommand's role: `query`, `receive-router`, ... */
    component: string;
    /** The cluster whose blocks it works on, where it works on one. */
    stream?: string;
    flags: string[];
    replicas: number;
    ports: Record<string, number>;
    /** Keeps state on a volume of its own: makes it a StatefulSet. */
    storage?: { size: string; class: string; placement?: Placement | undefined };
    /** The blocks it works on. */
    blocks?: StreamAccess;
    /** Files under /etc/thanos/config that Thanos rereads by itself: a change does not restart the pods. */
    config?: Record<string, pulumi.Input<string>>;
    /** Secret with its certificate (see components/tls/tlsSecret.ts). Thanos looks at the files at each handshake, so a change does not restart the pods either. */
    tls?: pulumi.Input<string>;
    /** Seconds from the signal to the kill. Thanos itself takes up to 120 (`--grpc-grace-period`), Kubernetes' default of 30 would cut it short. */
    gracePeriod?: number;
    /** A member of Receive's ring: its pods start together, are found by name before they are ready, and are replaced slowly (thanos#4831). */
    ring?: boolean;
    /** Memory the pod gets; requests equal limits so that it is never evicted for a neighbour. */
    memory: string;
}

/** The Kubernetes objects that every Thanos component is made of, with every safe default; what differs is in the args. */
export function workload(args: WorkloadArgs, opts: pulumi.CustomResourceOptions): void {
    const { name, namespace } = args;
    const selector = { ...podsOf(args.component), ...(args.stream && { "thanos-fleet/stream": args.stream }) };
    const labels = { ...selector, ...PART_OF };
    const metadata = { name, namespace, labels };

    const account = new k8s.core.v1.ServiceAccount(
        name,
        { metadata: { ...metadata, ...withAnnotations(args.blocks?.annotations) }, automountServiceAccountToken: false },
        opts,
    );

    const config = args.config && new k8s.core.v1.ConfigMap(name, { metadata, data: args.config }, opts);

    // Headless: its name stands for every pod.
    new k8s.core.v1.Service(
        name,
        {
            metadata,
            spec: {
                clusterIP: "None",
                selector,
                publishNotReadyAddresses: args.ring ?? false,
                ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
            },
        },
        opts,
    );

    if (args.replicas > 1)
        new k8s.policy.v1.PodDisruptionBudget(name, { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } }, opts);

    const template = podTemplate(args, labels, selector, account.metadata.name, config?.metadata.name);
    const afterRights = pulumi.mergeOptions(opts, { dependsOn: args.blocks?.ready ?? [] });
    if (args.storage === undefined)
        new k8s.apps.v1.Deployment(
            name,
            {
                metadata,
                spec: {
                    replicas: args.replicas,
                    selector: { matchLabels: selector },
                    strategy: { rollingUpdate: { maxUnavailable: args.replicas > 1 ? 1 : 0, maxSurge: 1 } },
                    template,
                },
            },
            afterRights,
        );
    else
        new k8s.apps.v1.StatefulSet(
            name,
            {
                metadata,
                spec: {
                    serviceName: name,
                    replicas: args.replicas,
                    selector: { matchLabels: selector },
                    ...(args.ring && { podManagementPolicy: "Parallel", minReadySeconds: 20 }),
                    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
                    template,
                    volumeClaimTemplates: [
                        {
                            metadata: { name: "data" },
                            spec: {
                                accessModes: ["ReadWriteOnce"],
                                storageClassName: args.storage.class,
                                resources: { requests: { storage: args.storage.size } },
                            },
                        },
                    ],
                },
            },
            afterRights,
        );
}

/** No annotations rather than an empty set of them, which the API server would drop. */
const withAnnotations = (annotations: Record<string, pulumi.Input<string>> = {}) =>
    Object.keys(annotations).length > 0 ? { annotations } : {};

function podTemplate(
    args: WorkloadArgs,
    labels: Record<string, string>,
    selector: Record<string, string>,
    serviceAccountName: pulumi.Input<string>,
    configName: pulumi.Input<string> | undefined,
): k8s.types.input.core.v1.PodTemplateSpec {
    return {
        metadata: { labels },
        spec: {
            serviceAccountName,
            automountServiceAccountToken: false,
            securityContext: {
                runAsNonRoot: true,
                runAsUser: UID,
                runAsGroup: UID,
                fsGroup: UID,
                fsGroupChangePolicy: "OnRootMismatch",
                seccompProfile: { type: "RuntimeDefault" },
            },
            terminationGracePeriodSeconds: args.gracePeriod ?? 150,
            ...args.storage?.placement,
            topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
                maxSkew: 1,
                topologyKey,
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: selector },
            })),
            containers: [
                {
                    name: args.component,
                    image: THANOS_IMAGE,
                    imagePullPolicy: "IfNotPresent",
                    args: args.flags,
                    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
                    ports: Object.entries(args.ports).map(([port, containerPort]) => ({ name: port, containerPort })),
                    readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 5 },
                    livenessProbe: { httpGet: { path: "/-/healthy", port: "http" }, periodSeconds: 30, failureThreshold: 4 },
                    // Loading index headers or a write-ahead log takes as long as it takes: half an hour before it counts as stuck.
                    startupProbe: { httpGet: { path: "/-/healthy", port: "http" }, periodSeconds: 5, failureThreshold: 360 },
                    resources: { requests: { cpu: "50m", memory: args.memory }, limits: { memory: args.memory } },
                    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                    volumeMounts: [
                        ...(args.storage ? [{ name: "data", mountPath: DATA_DIR }] : []),
                        ...(args.blocks ? [{ name: "objstore", mountPath: "/etc/thanos/objstore", readOnly: true }] : []),
                        ...(configName ? [{ name: "config", mountPath: CONFIG_DIR, readOnly: true }] : []),
                        ...(args.tls ? [{ name: "tls", mountPath: TLS_MOUNT.dir, readOnly: true }] : []),
                    ],
                },
            ],
            volumes: [
                ...(args.blocks ? [{ name: "objstore", secret: { secretName: args.blocks.objectStore } }] : []),
                ...(configName ? [{ name: "config", configMap: { name: configName } }] : []),
                ...(args.tls ? [{ name: "tls", secret: { secretName: args.tls } }] : []),
            ],
        },
    };
}
