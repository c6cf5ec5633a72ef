import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { AutoscaleConfig } from "../../config/schema";
import { STREAM_LABEL } from "../../rules/model";
import type { StreamAccess } from "../blocks/blockStorage";
import { OBJECT_STORE_KEY } from "../blocks/objectStore";
import { withAnnotations } from "../kubernetes/annotations";
import { autoscaler } from "../kubernetes/autoscaler";
import { checksum } from "../kubernetes/checksum";
import { claims } from "../kubernetes/claims";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { DATA_VOLUME, type HardenedPodArgs, hardenedPod, type MountedFiles } from "../kubernetes/hardenedPod";
import { type Clients, networkPolicy } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf, SHARD_LABEL, ZONE_LABEL } from "../naming/labels";
import { GRPC_PORT, HTTP_PORT, thanosName } from "../naming/names";
import { TLS_MOUNT } from "./serverTls";
import { type Tracing, tracingConfig } from "./tracing";

export const OBJECT_STORE_DIR = "/etc/thanos/objstore";
export const OBJECT_STORE_FILE = `${OBJECT_STORE_DIR}/${OBJECT_STORE_KEY}`;
export const DATA_DIR = "/var/thanos/data";
export const CONFIG_DIR = "/etc/thanos/config";
export const START_DIR = "/etc/thanos/start";
/** Folder with a folder for each of `secrets`. */
export const SECRETS_DIR = "/etc/thanos/secrets";

/** User of the official image. */
export const USER_ID = 1001;

/** Ports of a component that serves the StoreAPI. */
export const THANOS_PORTS = { grpc: GRPC_PORT, http: HTTP_PORT };
/** Ports of a component that does not. */
export const HTTP_ONLY = { http: HTTP_PORT };

/** Half an hour, because loading index headers or a write-ahead log can take that long. */
const START_SECONDS = 1800;

/** Pause after each pod of a hashring in a rollout. */
const HASHRING_REST_SECONDS = 120;

/** Seconds from SIGTERM to SIGKILL. Thanos itself takes up to 120 (`--grpc-grace-period`); Kubernetes' default is 30. */
export const GRACE_PERIOD = 150;

const HEALTHY = { path: "/-/healthy", port: "http" };

/** Kubernetes' default of one second is over before a busy process answers: it would leave its Service or restart just when it is needed. */
const PROBES: HardenedPodArgs["probes"] = {
    readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 5, timeoutSeconds: 5 },
    livenessProbe: { httpGet: HEALTHY, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
    startupProbe: { httpGet: HEALTHY, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: START_SECONDS / 5 },
};

/** What all Thanos pods of a stack have in common. */
export interface ThanosPods {
    /** Image of Thanos. */
    image: string;
    /** Where their traces go. @default nowhere */
    tracing?: Tracing | undefined;
    /** Name of the Prometheus object that scrapes them. @default the one that the stack installs */
    prometheus?: string | undefined;
}

/** Pods that clients reach through a Service. */
export interface ServingPods extends ThanosPods {
    /** How long a pod serves on after it has left its Services, in seconds (docs/adr/0040). */
    drainSeconds: number;
}

export interface WorkloadArgs extends ThanosPods, Partial<Pick<ServingPods, "drainSeconds">> {
    /** Name of every object of the workload, for instance `thanos-store-blue`. */
    name: string;
    /** Kubernetes namespace. */
    namespace: string;
    /** What the pods do: `query`, `receive-router`, ... The value of their component label. */
    component: string;
    /** The stream that the workload works on. @default none */
    stream?: string | undefined;
    /**
     * The zone that the pods are for, where a component has a workload in each of several zones. The caller places the pods there, and makes the disruption
     * budget, which spans the zones.
     * @default none
     */
    zone?: string | undefined;
    /** The shard of the stream that the workload works on: `1of3`. @default the whole stream */
    shard?: string | undefined;
    /** Arguments of `thanos`, the subcommand first. */
    flags: string[];
    /** Number of pods. */
    replicas: number;
    /** More pods while they are busy, where the pods have no volumes. @default always `replicas` */
    autoscale?: AutoscaleConfig | undefined;
    /** Container ports by name, among them `http`. */
    ports: Record<string, number>;
    /** Who connects to which port; besides, Prometheus scrapes `http`. Nobody else may. @default nobody */
    clients?: Record<string, Clients>;
    /**
     * A persistent volume per pod: `size` as a Kubernetes quantity (`50Gi`), `class` its StorageClass. Makes the workload a StatefulSet.
     * @default none: a Deployment
     */
    storage?: { size: string; class: string; placement?: Placement | undefined } | undefined;
    /**
     * Gives pods without a volume a data directory that goes with the pod.
     * @default false: they write nothing
     */
    scratch?: boolean | undefined;
    /** Nodes of pods without volumes. @default any node */
    placement?: Placement | undefined;
    /** Access to blocks: the component's own on a stream. @default none */
    blocks?: StreamAccess | undefined;
    /** Name of the service account that the pods share with another workload, and that the caller makes. @default one of their own */
    serviceAccount?: pulumi.Input<string> | undefined;
    /** Files under /etc/thanos/config that Thanos rereads by itself, by name. @default none */
    config?: Record<string, string>;
    /**
     * Thanos reads `config` only when it starts: a changed file replaces the pods.
     * @default false
     */
    configAtStart?: boolean;
    /** Names of existing Secrets, mounted under /etc/thanos/secrets by name. Thanos rereads them by itself. @default none */
    secrets?: readonly string[];
    /**
     * Files under /etc/thanos/start that Thanos reads only when it starts, by name: a changed file replaces the pods. They may contain passwords.
     * @default none
     */
    startFiles?: Record<string, string> | undefined;
    /**
     * Name of the Secret with the certificate (components/tls/tlsSecret.ts). Thanos rereads it at each handshake, so a change restarts no pods.
     * @default none
     */
    tls?: pulumi.Input<string> | undefined;
    /** Seconds from SIGTERM to SIGKILL. @default GRACE_PERIOD */
    gracePeriod?: number;
    /**
     * Makes the pods members of Receive's hashring: they start together, are found by name before they are ready, and a rollout waits
     * 2 minutes after each, so that routers connect to it again before the next one stops: gRPC tries a lost address again after up to 2 minutes (thanos#4831).
     * @default false
     */
    hashringMembers?: boolean;
    /** Memory of each pod, request and limit, as a Kubernetes quantity (`1Gi`). */
    memory: string;
    /** CPU that each pod requests, as a Kubernetes quantity (`250m`). */
    cpu: string;
}

export interface Workload {
    /** The Deployment or StatefulSet. */
    pods: pulumi.Resource;
    /** The pods' volumes. */
    volumes: pulumi.Resource[];
}

/** The service account of pods, with the rights on blocks that they have, and without a token: no component calls the Kubernetes API. */
export const serviceAccount = (
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    blocks: Pick<StreamAccess, "annotations"> | undefined,
    opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> =>
    new k8s.core.v1.ServiceAccount(
        metadata.name,
        { metadata: { ...metadata, ...withAnnotations(blocks?.annotations) }, automountServiceAccountToken: false },
        opts,
    ).metadata.name;

/** The Kubernetes objects of one Thanos component: service account, headless Service, configuration, disruption budget, volumes, and the pods. */
export function workload(args: WorkloadArgs, opts: pulumi.CustomResourceOptions): Workload {
    const { name, namespace } = args;
    const selector = {
        ...podsOf(args.component),
        ...(args.stream && { [STREAM_LABEL]: args.stream }),
        ...(args.zone && { [ZONE_LABEL]: args.zone }),
        ...(args.shard && { [SHARD_LABEL]: args.shard }),
    };
    const labels = { ...selector, ...PART_OF };
    const metadata = { name, namespace, labels };

    const serviceAccountName = args.serviceAccount ?? serviceAccount(metadata, args.blocks, opts);

    const config = args.config && new k8s.core.v1.ConfigMap(name, { metadata, data: args.config }, opts);

    const startFiles =
        args.startFiles &&
        new k8s.core.v1.Secret(
            `${name}-start`,
            { metadata: { ...metadata, name: `${name}-start` }, stringData: pulumi.secret(args.startFiles) },
            opts,
        );

    // Headless: its DNS name resolves to every ready pod, and to every pod of the hashring.
    new k8s.core.v1.Service(
        name,
        {
            metadata,
            spec: {
                clusterIP: "None",
                selector,
                publishNotReadyAddresses: args.hashringMembers ?? false,
                ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
            },
        },
        opts,
    );

    networkPolicy(name, { namespace, labels, pods: selector, clients: clientsOf(args), prometheus: args.prometheus }, opts);

    if (Math.max(args.replicas, args.autoscale?.maxReplicas ?? 0) > 1 && args.zone === undefined)
        disruptionBudget(metadata, selector, opts);

    const template = hardenedPod({
        name: args.component,
        image: args.image,
        args: [...args.flags, ...(args.tracing ? [`--tracing.config=${tracingConfig(thanosName(args.component), args.tracing)}`] : [])],
        env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
        userId: USER_ID,
        ports: args.ports,
        probes: PROBES,
        resources: { cpu: args.cpu, memory: args.memory },
        gracePeriod: args.gracePeriod ?? GRACE_PERIOD,
        drainSeconds: args.drainSeconds,
        serviceAccountName,
        labels,
        checksums: checksumsOf(args),
        replicaSelector: selector,
        placement: args.storage ? args.storage.placement : args.placement,
        dataDir: args.storage && DATA_DIR,
        tmpDir: args.scratch ? DATA_DIR : undefined,
        files: filesOf(args, config?.metadata.name, startFiles?.metadata.name),
    });
    const podOpts = pulumi.mergeOptions(opts, { dependsOn: args.blocks?.ready ?? [] });
    if (args.storage === undefined) {
        if (args.autoscale) autoscaler(metadata, { ...args.autoscale, minReplicas: args.replicas }, opts);
        const pods = new k8s.apps.v1.Deployment(
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
            // An update would set the number back that the autoscaler has chosen.
            args.autoscale ? pulumi.mergeOptions(podOpts, { ignoreChanges: ["spec.replicas"] }) : podOpts,
        );
        return { pods, volumes: [] };
    }
    const names = Array.from({ length: args.replicas }, (_, ordinal) => `${DATA_VOLUME}-${name}-${ordinal}`);
    const { size, class: storageClass } = args.storage;
    const volumes = claims({ names, namespace, labels, class: storageClass, size }, opts);
    const pods = new k8s.apps.v1.StatefulSet(
        name,
        {
            metadata,
            spec: {
                serviceName: name,
                replicas: args.replicas,
                selector: { matchLabels: selector },
                ...(args.hashringMembers && { podManagementPolicy: "Parallel", minReadySeconds: HASHRING_REST_SECONDS }),
                persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
                template,
                volumeClaimTemplates: [
                    {
                        metadata: { name: DATA_VOLUME },
                        spec: {
                            accessModes: ["ReadWriteOnce"],
                            storageClassName: storageClass,
                            resources: { requests: { storage: size } },
                        },
                    },
                ],
            },
        },
        pulumi.mergeOptions(podOpts, {
            customTimeouts: rolloutTimeouts(args),
            dependsOn: volumes,
            // Volumes grow by their claims. A changed template would replace the StatefulSet and grow none.
            ignoreChanges: ["spec.volumeClaimTemplates"],
        }),
    );
    return { pods, volumes };
}

/**
 * How long an update waits for a StatefulSet: as long as its pods may take, one after another. The provider itself gives up after 10 minutes, while a
 * healthy rollout of ingesters may take an hour.
 */
function rolloutTimeouts({ replicas, gracePeriod = GRACE_PERIOD, hashringMembers }: WorkloadArgs): pulumi.CustomTimeouts {
    const seconds = replicas * (gracePeriod + START_SECONDS + (hashringMembers ? HASHRING_REST_SECONDS : 0));
    return { create: `${seconds}s`, update: `${seconds}s`, delete: `${seconds}s` };
}

/** By the number of each port that somebody connects to. Every component has metrics on `http`. */
const clientsOf = ({ ports, clients = {} }: WorkloadArgs): [port: number, from: Clients][] =>
    Object.entries(ports).flatMap(([name, port]): [number, Clients][] => {
        const from = clients[name] ?? [];
        const all: Clients = from === "anywhere" ? from : [...from, ...(name === "http" ? (["prometheus"] as const) : [])];
        return all.length > 0 ? [[port, all]] : [];
    });

/** Of every file that Thanos reads only when it starts. */
const checksumsOf = ({ blocks, config, configAtStart, startFiles }: WorkloadArgs): HardenedPodArgs["checksums"] => ({
    ...(blocks && { [OBJECT_STORE_KEY]: blocks.objectStoreChecksum }),
    ...Object.fromEntries(Object.entries({ ...(configAtStart && config), ...startFiles }).map(([file, text]) => [file, checksum(text)])),
});

const filesOf = (
    { blocks, tls, secrets = [] }: WorkloadArgs,
    configMap: pulumi.Input<string> | undefined,
    startSecret: pulumi.Input<string> | undefined,
): MountedFiles[] => [
    ...(blocks ? [{ name: "objstore", mountPath: OBJECT_STORE_DIR, secret: blocks.objectStoreSecret }] : []),
    ...(configMap ? [{ name: "config", mountPath: CONFIG_DIR, configMap }] : []),
    ...(startSecret ? [{ name: "start", mountPath: START_DIR, secret: startSecret }] : []),
    ...(tls ? [{ name: "tls", mountPath: TLS_MOUNT.dir, secret: tls }] : []),
    // A volume's name has fewer characters to choose from than a Secret's.
    ...secrets.map((secret, i) => ({ name: `secret-${i}`, mountPath: `${SECRETS_DIR}/${secret}`, secret })),
];
