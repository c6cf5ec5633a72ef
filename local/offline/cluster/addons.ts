import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
    KubeConfig,
    type KubernetesObject,
    KubernetesObjectApi,
    PatchStrategy,
    type V1ClusterRole,
    type V1ClusterRoleBinding,
    type V1ConfigMap,
    type V1Deployment,
    type V1PersistentVolume,
    type V1Service,
    type V1StorageClass,
} from "@kubernetes/client-node";
import { LOCAL_STORAGE_CLASS } from "../../../components/naming/names";
import { type DnsHosts, hostsStanza } from "../../services/dns";
import type { Plan } from "./clusterPlan";
import type { ClusterFiles, ClusterTools, Network } from "./spec";

/** Of each cluster. More than the fleet has claims: a volume stays with its claim when a test has removed the pod. */
const VOLUMES = 40;
const DNS_LABELS = { "k8s-app": "kube-dns" };
/** The name of CoreDNS's Deployment, service account and ConfigMap. */
export const COREDNS = { name: "coredns", namespace: "kube-system" };

/** CoreDNS answers for the cluster's names and the fleet's own. All others do not exist: nothing outside is reachable. */
export function corefile(hosts: DnsHosts): string {
    return `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    prometheus :9153
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
    }
    cache 30
    reload
}
.:53 {
    errors
    prometheus :9153
${hostsStanza(hosts)}    template ANY ANY . {
        rcode NXDOMAIN
    }
    cache 30
}
`;
}

/** The objects that every cluster has before anything is deployed to it: DNS and storage. */
export function addons({ spec, network }: Plan, tools: ClusterTools, files: ClusterFiles, hosts: DnsHosts): KubernetesObject[] {
    return [...coreDns(network, tools.coreDnsImage.name, corefile(hosts)), ...storage(spec.name, files)];
}

function coreDns(network: Network, image: string, Corefile: string): KubernetesObject[] {
    const rbac = "rbac.authorization.k8s.io";
    const role: V1ClusterRole = {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: "system:coredns" },
        rules: [
            { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
            { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
        ],
    };
    const binding: V1ClusterRoleBinding = {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: "system:coredns" },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "system:coredns" },
        subjects: [{ kind: "ServiceAccount", ...COREDNS }],
    };
    const config: V1ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: COREDNS, data: { Corefile } };
    const service: V1Service = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "kube-dns", namespace: COREDNS.namespace, labels: DNS_LABELS },
        spec: {
            clusterIP: network.dns,
            selector: DNS_LABELS,
            ports: [
                { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
                { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
                { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
            ],
        },
    };
    return [{ apiVersion: "v1", kind: "ServiceAccount", metadata: COREDNS }, role, binding, config, service, deployment(image, Corefile)];
}

function deployment(image: string, Corefile: string): V1Deployment {
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { ...COREDNS, labels: DNS_LABELS },
        spec: {
            replicas: 1,
            selector: { matchLabels: DNS_LABELS },
            template: {
                metadata: {
                    labels: DNS_LABELS,
                    // A changed Corefile rolls out at once, without waiting for kubelet's sync and CoreDNS's reload.
                    annotations: { "thanos-fleet/corefile": createHash("sha256").update(Corefile).digest("hex").slice(0, 16) },
                },
                spec: {
                    serviceAccountName: COREDNS.name,
                    priorityClassName: "system-cluster-critical",
                    dnsPolicy: "Default",
                    // CoreDNS runs as non-root and gains no file capabilities (allowPrivilegeEscalation), so port 53 is unprivileged in this pod.
                    securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "53" }] },
                    containers: [
                        {
                            name: "coredns",
                            image,
                            imagePullPolicy: "IfNotPresent",
                            args: ["-conf", "/etc/coredns/Corefile"],
                            ports: [
                                { name: "dns", containerPort: 53, protocol: "UDP" },
                                { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
                                { name: "metrics", containerPort: 9153, protocol: "TCP" },
                            ],
                            resources: { requests: { cpu: "10m", memory: "40Mi" }, limits: { memory: "170Mi" } },
                            livenessProbe: { httpGet: { path: "/health", port: 8080 }, failureThreshold: 5, timeoutSeconds: 5 },
                            readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 2 },
                            securityContext: {
                                allowPrivilegeEscalation: false,
                                readOnlyRootFilesystem: true,
                                capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
                            },
                            volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
                        },
                    ],
                    volumes: [{ name: "config", configMap: { name: COREDNS.name } }],
                },
            },
        },
    };
}

/**
 * Directories on this machine as local volumes: with one node they need no provisioner. A released volume keeps its data (Retain). A bound one takes
 * the size of its claim, also when the claim grows (services/volumes.ts): a directory has no size of its own.
 */
function storage(node: string, files: ClusterFiles): KubernetesObject[] {
    const storageClass: V1StorageClass = {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: LOCAL_STORAGE_CLASS, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
        provisioner: "kubernetes.io/no-provisioner",
        volumeBindingMode: "WaitForFirstConsumer",
        reclaimPolicy: "Retain",
        allowVolumeExpansion: true,
    };
    const onNode = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] };
    const volumes = volumeNames().map(
        (name): V1PersistentVolume => ({
            apiVersion: "v1",
            kind: "PersistentVolume",
            metadata: { name },
            spec: {
                storageClassName: LOCAL_STORAGE_CLASS,
                capacity: { storage: "10Gi" },
                accessModes: ["ReadWriteOnce"],
                persistentVolumeReclaimPolicy: "Retain",
                local: { path: join(files.volumes, name) },
                nodeAffinity: { required: { nodeSelectorTerms: [onNode] } },
            },
        }),
    );
    return [storageClass, ...volumes];
}

const volumeNames = () => Array.from({ length: VOLUMES }, (_, i) => `local-${String(i + 1).padStart(2, "0")}`);

export function makeVolumeDirectories(files: ClusterFiles): void {
    for (const name of volumeNames()) mkdirSync(join(files.volumes, name), { recursive: true });
}

/** Server-side apply: an object that is as wanted stays unchanged. */
export async function applyAddons(kubeconfig: string, objects: KubernetesObject[], signal: AbortSignal): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = KubernetesObjectApi.makeApiClient(config);
    for (const object of objects) {
        signal.throwIfAborted();
        await api.patch(object, undefined, undefined, "thanos-fleet", true, PatchStrategy.ServerSideApply);
    }
}
