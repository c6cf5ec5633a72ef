import { join, resolve } from "node:path";

/** One cluster of the local fleet. */
export interface ClusterSpec {
    /** Also the name of its node and of its kubeconfig context, and part of its cgroup's. */
    name: string;
    /** 1 to 50, a different one for each cluster on this machine: every address is derived from it. */
    index: number;
    /** Whether Services of type LoadBalancer get the node's address, as a cloud gives them one. @default true */
    servesLoadBalancers?: boolean;
}

/** The programs that a cluster consists of, as absolute paths, and the images that every cluster needs. */
export interface ClusterTools {
    etcd: string;
    containerd: string;
    ctr: string;
    runc: string;
    tini: string;
    /** The directory of CNI plugins: ptp, host-local, portmap, loopback. */
    cni: string;
    apiserver: string;
    controllerManager: string;
    scheduler: string;
    kubelet: string;
    proxy: string;
    /** The container that holds each pod's namespaces. */
    pauseImage: ImageArchive;
    coreDnsImage: ImageArchive;
}

/** An image that is loaded from a file, since there is no registry. */
interface ImageArchive {
    /** With the tag, as pods name it. */
    name: string;
    /** Path of a docker-archive or OCI archive. */
    archive: string;
}

/** A cluster that is up: its API server answers and its node is Ready. */
export interface Cluster {
    name: string;
    /** Path of a kubeconfig with the administrator's token and the cluster's own CA. */
    kubeconfig: string;
    context: string;
    nodeIp: string;
    /** Path of the Unix socket. */
    containerdSocket: string;
}

/** The bridge that joins the clusters with each other and with this machine. */
export const BRIDGE = { interface: "fleet0", address: "172.30.0.1/24" } as const;

/** The addresses of one cluster. */
export interface Network {
    nodeIp: string;
    /** Where the API server answers, for this machine and for the other clusters. */
    apiUrl: string;
    /** The pods' subnet (CIDR). */
    pods: string;
    /** The subnet of Services' cluster IPs (CIDR). */
    services: string;
    /** The cluster IP of the DNS Service. */
    dns: string;
    /** The host's end of the node's veth pair: a port of the bridge. */
    interface: string;
}

export function networkOf({ index }: ClusterSpec): Network {
    const nodeIp = `172.30.0.${10 + index}`;
    return {
        nodeIp,
        apiUrl: `https://${nodeIp}:6443`,
        pods: `10.${100 + index}.0.0/24`,
        services: `10.${200 + index}.0.0/24`,
        dns: `10.${200 + index}.0.10`,
        interface: `fleetnode${index}`,
    };
}

/** How to reach the API server of a cluster that `upCluster` made, or will make, under `runDir`. */
export function accessOf(runDir: string, name: string): Pick<Cluster, "kubeconfig" | "context"> {
    return { kubeconfig: filesOf(runDir, name).kubeconfig, context: name };
}

/** The files of one cluster, all below `runDir/<name>`. */
export function filesOf(runDir: string, name: string) {
    const dir = join(resolve(runDir), name);
    const at = (...parts: string[]) => join(dir, ...parts);
    return {
        dir,
        /** The `Plan` as JSON. Written first, so that `downClusters` finds a cluster that was only begun. */
        plan: at("plan.json"),
        /** Exists once the node was Ready. Until then the next start begins from nothing. */
        ready: at("ready"),
        logs: at("logs"),
        kubeconfig: at("kubeconfig"),
        kubeconfigFor: (user: string) => at("config", `${user}.kubeconfig`),
        config: (file: string) => at("config", file),
        pki: at("pki"),
        ca: at("pki", "apiserver.crt"),
        serviceAccountKey: at("pki", "service-account.key"),
        serviceAccountPublicKey: at("pki", "service-account.pub"),
        kubeletClientKey: at("pki", "kubelet-client.key"),
        kubeletClientCert: at("pki", "kubelet-client.crt"),
        tokens: at("pki", "tokens.csv"),
        etcd: at("etcd"),
        containerd: at("containerd"),
        containerdSocket: at("containerd.sock"),
        /** What this cluster sees in place of one of `PRIVATE_DIRECTORIES`. */
        privateDirectory: (directory: string) => at("node", directory),
        volumes: at("volumes"),
    };
}
export type ClusterFiles = ReturnType<typeof filesOf>;

/**
 * Directories whose paths are fixed in kubelet and CNI (device plugins, container log links, CNI results).
 * Each cluster mounts its own over them, in its own mount namespace.
 */
export const PRIVATE_DIRECTORIES = ["/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers"] as const;

/** Refuses a run directory that is too long for a Unix socket's path (107 bytes, unix(7)) or that a cluster mounts something else over. */
export function checkRunDir(runDir: string, names: string[]): void {
    const dir = resolve(runDir);
    for (const name of names) {
        const socket = `${filesOf(dir, name).containerdSocket}.ttrpc`;
        if (Buffer.byteLength(socket) > 107)
            throw new Error(
                `The run directory ${dir} is too long: a socket's path may have 107 characters, ${socket} has ${socket.length}. Choose a shorter one.`,
            );
    }
    const hidden = ["/run", "/var/run", ...PRIVATE_DIRECTORIES].find((shared) => dir === shared || dir.startsWith(`${shared}/`));
    if (hidden !== undefined)
        throw new Error(`The run directory ${dir} is in ${hidden}, over which each cluster mounts its own. Choose one elsewhere.`);
}
