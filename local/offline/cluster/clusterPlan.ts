import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { cniConfig, containerdConfig, kubeletConfig, VOLUME_PLUGINS } from "./configFiles";
import { type ClusterFiles, type ClusterSpec, type ClusterTools, type Network, networkOf } from "./spec";

/** One program of a cluster. */
export interface Component {
    name: string;
    command: string;
    args: string[];
    /** The next one is started when this answers: a socket, a port on the loopback interface, or the API server's /readyz. */
    ready?: { socket: string } | { port: number } | { readyz: string };
}

/** All that runs in one cluster and what it is told. Pure, so a running cluster is up to date if its plan is the same. */
export interface Plan {
    spec: ClusterSpec;
    network: Network;
    /** Searched by the programs (containerd looks for its shim and CNI's iptables there). */
    PATH: string;
    files: Record<string, string>;
    components: Component[];
}

export function planOf(spec: ClusterSpec, tools: ClusterTools, files: ClusterFiles): Plan {
    const folders = [tools.containerd, tools.runc, tools.etcd, tools.tini].map((tool) => path.dirname(tool));
    return {
        spec,
        network: networkOf(spec),
        PATH: [...new Set([...folders, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])].join(":"),
        files: {
            [files.config("containerd.toml")]: containerdConfig(files, tools),
            [files.config("cni/10-pods.conflist")]: cniConfig(spec),
            [files.config("kubelet.json")]: kubeletConfig(spec, files),
            // Nothing outside of the cluster is resolved for pods with dnsPolicy Default.
            [files.config("resolv.conf")]: "nameserver 127.0.0.1\n",
        },
        components: components(spec, tools, files),
    };
}

export const planText = (plan: Plan) => `${JSON.stringify(plan, null, 2)}\n`;

/** The plan of a cluster that was made, or half-made, here; undefined if there is none. */
export function readPlan(files: ClusterFiles): Plan | undefined {
    return existsSync(files.plan) ? (JSON.parse(readFileSync(files.plan, "utf8")) as Plan) : undefined;
}

/** In the order in which they are started. */
function components(spec: ClusterSpec, tools: ClusterTools, files: ClusterFiles): Component[] {
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
            args: apiserverFlags(spec, files),
            ready: { readyz: files.kubeconfigFor("admin") },
        },
        { name: "kube-controller-manager", command: tools.controllerManager, args: controllerManagerFlags(spec, files) },
        { name: "kube-scheduler", command: tools.scheduler, args: schedulerFlags(files) },
        { name: "kubelet", command: tools.kubelet, args: kubeletFlags(spec, files) },
        { name: "kube-proxy", command: tools.proxy, args: proxyFlags(spec, files) },
    ];
}

/** One member that only this cluster's loopback interface reaches. No fsync: losing a local fleet to a power cut is fine. */
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

/** With --cert-dir it makes its own certificate and a CA for it, both in apiserver.crt: that file is what everybody verifies against. */
export function apiserverFlags(spec: ClusterSpec, files: ClusterFiles): string[] {
    const { nodeIp, services } = networkOf(spec);
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
 * All default controllers, with their own service accounts' rights. A node has two minutes to report before it is called NotReady:
 * on two busy cores it may be late, and its pods have nowhere else to go.
 */
export function controllerManagerFlags(spec: ClusterSpec, files: ClusterFiles): string[] {
    return [
        `--kubeconfig=${files.kubeconfigFor("controller-manager")}`,
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        `--service-account-private-key-file=${files.serviceAccountKey}`,
        `--root-ca-file=${files.ca}`,
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=true",
        `--cluster-cidr=${networkOf(spec).pods}`,
        "--node-cidr-mask-size=24",
        "--node-monitor-grace-period=2m",
        `--flex-volume-plugin-dir=${VOLUME_PLUGINS}`,
    ];
}

export function schedulerFlags(files: ClusterFiles): string[] {
    return [`--kubeconfig=${files.kubeconfigFor("scheduler")}`, "--bind-address=127.0.0.1", "--leader-elect=false"];
}

export function kubeletFlags(spec: ClusterSpec, files: ClusterFiles): string[] {
    return [
        `--config=${files.config("kubelet.json")}`,
        `--kubeconfig=${files.kubeconfigFor("kubelet")}`,
        `--hostname-override=${spec.name}`,
        `--node-ip=${networkOf(spec).nodeIp}`,
        "--node-labels=topology.kubernetes.io/zone=local-a,topology.kubernetes.io/region=local",
    ];
}

/** Limits of connection tracking belong to the machine and cannot be set from a network namespace: 0 leaves them alone. */
export function proxyFlags(spec: ClusterSpec, files: ClusterFiles): string[] {
    return [
        `--kubeconfig=${files.kubeconfigFor("proxy")}`,
        `--hostname-override=${spec.name}`,
        "--proxy-mode=iptables",
        `--cluster-cidr=${networkOf(spec).pods}`,
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ];
}
