import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { cniConfig, containerdConfig, kubeletConfig, VOLUME_PLUGINS } from "./configFiles";
import { type ClusterFiles, type ClusterSpec, type ClusterTools, type Network, networkOf } from "./spec";

/** One program of a cluster. */
export interface Component {
    /** Also the name of its log file. */
    name: string;
    /** Absolute path. */
    command: string;
    args: string[];
    /**
     * What has to answer before the next program is started: a Unix socket (its path), a port on the loopback interface, or /readyz of the API
     * server (path of a kubeconfig). @default the next program is started at once
     */
    ready?: { socket: string } | { port: number } | { readyz: string };
}

/** The programs of one cluster with their flags and files. A running cluster is up to date if it was started from an equal plan. */
export interface Plan {
    spec: ClusterSpec;
    network: Network;
    /** The programs' PATH: containerd finds its shim there, and CNI plugins find iptables. */
    PATH: string;
    /** Path to content. */
    files: Record<string, string>;
    /** In the order in which they are started. */
    components: Component[];
}

export function planOf(spec: ClusterSpec, tools: ClusterTools, files: ClusterFiles): Plan {
    const network = networkOf(spec);
    const folders = [tools.containerd, tools.runc, tools.etcd, tools.tini].map((tool) => dirname(tool));
    return {
        spec,
        network,
        PATH: [...new Set([...folders, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])].join(":"),
        files: {
            [files.config("containerd.toml")]: containerdConfig(files, tools),
            [files.config("cni/10-pods.conflist")]: cniConfig(network),
            [files.config("kubelet.json")]: kubeletConfig(spec, network, files),
            // Pods with dnsPolicy Default resolve no names.
            [files.config("resolv.conf")]: "nameserver 127.0.0.1\n",
        },
        components: components(spec.name, network, tools, files),
    };
}

export const planText = (plan: Plan) => `${JSON.stringify(plan, null, 2)}\n`;

/** The plan by which a cluster was started last, if it ever was. */
export function readPlan(files: ClusterFiles): Plan | undefined {
    return existsSync(files.plan) ? (JSON.parse(readFileSync(files.plan, "utf8")) as Plan) : undefined;
}

function components(node: string, network: Network, tools: ClusterTools, files: ClusterFiles): Component[] {
    return [
        {
            name: "containerd",
            command: tools.containerd,
            args: ["--config", files.config("containerd.toml")],
            ready: { socket: files.containerdSocket },
        },
        { name: "etcd", command: tools.etcd, args: etcdFlags(files), ready: { port: 2379 } },
        {
            name: "kube-apiserver",
            command: tools.apiserver,
            args: apiserverFlags(network, files),
            ready: { readyz: files.kubeconfigFor("admin") },
        },
        { name: "kube-controller-manager", command: tools.controllerManager, args: controllerManagerFlags(network, files) },
        { name: "kube-scheduler", command: tools.scheduler, args: schedulerFlags(files) },
        { name: "kubelet", command: tools.kubelet, args: kubeletFlags(node, network, files) },
        { name: "kube-proxy", command: tools.proxy, args: proxyFlags(node, network, files) },
    ];
}

/** One member, reachable on the cluster's loopback interface only. No fsync: a power cut may cost a local fleet. */
export function etcdFlags(files: ClusterFiles): string[] {
    const client = "http://127.0.0.1:2379";
    const peer = "http://127.0.0.1:2380";
    return [
        `--data-dir=${files.etcd}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
        "--unsafe-no-fsync",
    ];
}

/**
 * With --cert-dir the API server makes its own certificate and the CA that signs it, both in apiserver.crt: clients verify it by that file.
 */
export function apiserverFlags({ nodeIp, services }: Network, files: ClusterFiles): string[] {
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        `--advertise-address=${nodeIp}`,
        "--secure-port=6443",
        `--cert-dir=${files.pki}`,
        `--service-cluster-ip-range=${services}`,
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${files.serviceAccountPublicKey}`,
        `--service-account-signing-key-file=${files.serviceAccountKey}`,
        `--token-auth-file=${files.tokens}`,
        `--kubelet-client-certificate=${files.kubeletClientCert}`,
        `--kubelet-client-key=${files.kubeletClientKey}`,
        "--kubelet-preferred-address-types=InternalIP",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
    ];
}

/**
 * The default controllers, each with the rights of its own service account. A node becomes NotReady after two minutes without a report: on two
 * busy cores a report may be late, and the pods have no other node.
 */
export function controllerManagerFlags({ pods }: Network, files: ClusterFiles): string[] {
    return [
        `--kubeconfig=${files.kubeconfigFor("controller-manager")}`,
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        `--service-account-private-key-file=${files.serviceAccountKey}`,
        `--root-ca-file=${files.ca}`,
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        `--cluster-cidr=${pods}`,
        "--node-cidr-mask-size=24",
        "--node-monitor-grace-period=2m",
        `--flex-volume-plugin-dir=${VOLUME_PLUGINS}`,
    ];
}

export function schedulerFlags(files: ClusterFiles): string[] {
    return [`--kubeconfig=${files.kubeconfigFor("scheduler")}`, "--bind-address=127.0.0.1", "--leader-elect=false"];
}

export function kubeletFlags(node: string, { nodeIp }: Network, files: ClusterFiles): string[] {
    return [
        `--config=${files.config("kubelet.json")}`,
        `--kubeconfig=${files.kubeconfigFor("kubelet")}`,
        `--hostname-override=${node}`,
        `--node-ip=${nodeIp}`,
        "--node-labels=topology.kubernetes.io/zone=local-a,topology.kubernetes.io/region=local",
    ];
}

/** Limits of connection tracking belong to the machine and cannot be set from a network namespace; 0 leaves them unchanged. */
export function proxyFlags(node: string, { pods }: Network, files: ClusterFiles): string[] {
    return [
        `--kubeconfig=${files.kubeconfigFor("proxy")}`,
        `--hostname-override=${node}`,
        "--proxy-mode=iptables",
        `--cluster-cidr=${pods}`,
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ];
}
