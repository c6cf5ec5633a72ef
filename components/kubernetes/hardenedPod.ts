import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { withAnnotations } from "./annotations";
import { checksumAnnotations } from "./checksum";
import type { Placement } from "./placement";

type Container = k8s.types.input.core.v1.Container;

/** A read-only directory whose files come from a Secret or a ConfigMap. */
export type MountedFiles = {
    /** Name of the volume. */
    name: string;
    /** Directory in the container. */
    mountPath: string;
} & ({ secret: pulumi.Input<string> } | { configMap: pulumi.Input<string> });

export interface HardenedPodArgs {
    /** Name of the container. */
    name: string;
    /** Image reference with tag. */
    image: string;
    /** Arguments of the image's entry point. */
    args: string[];
    /** Environment variables, as in a container spec. */
    env: NonNullable<Container["env"]>;
    /** User and group that the process runs as, and that own the mounted volumes. Never 0. */
    userId: number;
    /** Container ports, by name. */
    ports: Record<string, number>;
    /** Probes, as in a container spec. */
    probes: Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe">;
    /** Kubernetes quantities (`50m`, `1Gi`). CPU is a request only; memory is request and limit, so that the pod is among the last to be evicted. */
    resources: { cpu: string; memory: string };
    /** Seconds from SIGTERM to SIGKILL. */
    gracePeriod: number;
    /**
     * Seconds between the pod's removal from its Services and SIGTERM, in which it serves on: kube-proxy (kubernetes#86280) and load balancers still send it
     * new connections for a while. By the kubelet itself, since images may have no `sleep`: from Kubernetes 1.30 on.
     * @default none: SIGTERM comes at once
     */
    drainSeconds?: number | undefined;
    /** The service account that the pod runs as. */
    serviceAccountName: pulumi.Input<string>;
    /** Labels of the pod. */
    labels: Record<string, string>;
    /**
     * Checksums of the files that the container reads only when it starts, by file name: a changed file replaces the pods.
     * @default {}: every file is reread while the container runs
     */
    checksums?: Record<string, pulumi.Input<string>> | undefined;
    /** Labels that all replicas of the pod have in common: these replicas are spread over zones and nodes. */
    replicaSelector: Record<string, string>;
    /** Nodes that the pod may run on. @default any node */
    placement?: Placement | undefined;
    /** Where the persistent volume called `data` is mounted. The StatefulSet claims the volume. @default no such volume */
    dataDir?: string | undefined;
    /** A directory for files that go with the pod. @default none: nothing can be written but to `dataDir` */
    tmpDir?: string | undefined;
    /** For a pod that ends by itself. @default "Always": its controller wants it to run */
    restartPolicy?: "Never";
    /** Directories with files from Secrets and ConfigMaps. */
    files: readonly MountedFiles[];
}

/**
 * The template of a pod with one container and safe defaults: no root, no privileges, a read-only root file system, no API token, replicas spread over
 * zones and nodes where possible.
 */
export function hardenedPod(args: HardenedPodArgs): k8s.types.input.core.v1.PodTemplateSpec {
    return {
        metadata: { labels: args.labels, ...withAnnotations(checksumAnnotations(args.checksums)) },
        spec: {
            serviceAccountName: args.serviceAccountName,
            automountServiceAccountToken: false,
            securityContext: {
                runAsNonRoot: true,
                runAsUser: args.userId,
                runAsGroup: args.userId,
                fsGroup: args.userId,
                fsGroupChangePolicy: "OnRootMismatch",
                seccompProfile: { type: "RuntimeDefault" },
            },
            terminationGracePeriodSeconds: (args.drainSeconds ?? 0) + args.gracePeriod,
            ...(args.restartPolicy && { restartPolicy: args.restartPolicy }),
            ...args.placement,
            topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
                maxSkew: 1,
                topologyKey,
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: args.replicaSelector },
            })),
            containers: [
                {
                    name: args.name,
                    image: args.image,
                    imagePullPolicy: "IfNotPresent",
                    args: args.args,
                    env: args.env,
                    ports: Object.entries(args.ports).map(([name, containerPort]) => ({ name, containerPort })),
                    ...args.probes,
                    ...(args.drainSeconds && { lifecycle: { preStop: { sleep: { seconds: args.drainSeconds } } } }),
                    resources: {
                        requests: { cpu: args.resources.cpu, memory: args.resources.memory },
                        limits: { memory: args.resources.memory },
                    },
                    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                    volumeMounts: [
                        ...(args.dataDir === undefined ? [] : [{ name: DATA_VOLUME, mountPath: args.dataDir }]),
                        ...(args.tmpDir === undefined ? [] : [{ name: TMP_VOLUME, mountPath: args.tmpDir }]),
                        ...args.files.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true })),
                    ],
                },
            ],
            volumes: [
                ...(args.tmpDir === undefined ? [] : [{ name: TMP_VOLUME, emptyDir: {} }]),
                ...args.files.map((files) =>
                    "secret" in files
                        ? { name: files.name, secret: { secretName: files.secret } }
                        : { name: files.name, configMap: { name: files.configMap } },
                ),
            ],
        },
    };
}

/** Name of the volume claim template that `dataDir` mounts. */
export const DATA_VOLUME = "data";
const TMP_VOLUME = "tmp";
