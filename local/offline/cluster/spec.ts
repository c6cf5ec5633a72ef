import * as path from "node:path";

/** One cluster of the local fleet. */
export interface ClusterSpec {
    /** Its name: also its node's, its kubeconfig context's and its cgroup's. */
    name: string;
    /** 1 to 50, a different one for each cluster: every address is derived from it. */
    index: number;
}

/** Where the programs are that a cluster is made of: absolute paths, except image names. */
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
    /** containerd needs it for every pod. */
    pauseImage: ImageArchive;
    coreDnsImage: ImageArchive;
}

/** An image that is loaded from a file, as docker-archive or OCI archive: there is no registry. */
export interface ImageArchive {
    name: string;
    archive: string;
}

/** A cluster that is up: its API server answers and its node is Ready. */
export interface Cluster {
    name: string;
    /** Path of a kubeconfig with the administrator's token and the cluster's own CA. */
    kubeconfig: string;
    context: string;
    nodeIp: string;
    containerdSocket: string;
}

/** The bridge that joins the clusters with each other and with this machine. */
export const BRIDGE = { interface: "fleet0", address: "172.30.0.1/24" } as const;

/** Everything that is derived from a cluster's index. */
export interface Network {
    nodeIp: string;
    /** Where the API server answers, for this machine and for the other clusters. */
    apiUrl: string;
    pods: string;
    services: string;
    dns: string;
    /** The end of the veth pair that stays on this machine, in the bridge. */
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

/** The files of one cluster, all below `runDir/<name>`. */
export function filesOf(runDir: string, name: string) {
    const dir = path.join(path.resolve(runDir), name);
    const at = (...parts: string[]) => path.join(dir, ...parts);
    return {
        dir,
        /** What is running or shall run: `Plan` as JSON. Written before anything else is made. */
        plan: at("plan.json"),
        /** Exists once the node was Ready. What never got there is made anew. */
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
        /** Contents of the directories that every kubelet shares by name (`PRIVATE_DIRECTORIES`). */
        privateDirectory: (directory: string) => at("node", directory),
        volumes: at("volumes"),
        images: at("images"),
    };
}
export type ClusterFiles = ReturnType<typeof filesOf>;

/**
 * Directories that kubelet and CNI use whatever they are told (device plugins, container log links, CNI results).
 * Each cluster sees its own there, by a bind mount in its own mount namespace.
 */
export const PRIVATE_DIRECTORIES = ["/var/lib/kubelet", "/var/lib/cni", "/var/log/pods", "/var/log/containers"] as const;

/** A Unix socket's path may have 107 bytes (unix(7)), and /run and /var are different inside of a cluster. */
export function checkRunDir(runDir: string, names: string[]): void {
    const dir = path.resolve(runDir);
    for (const name of names) {
        const socket = `${filesOf(dir, name).containerdSocket}.ttrpc`;
        if (Buffer.byteLength(socket) > 107) {
            throw new Error(
                `The run directory ${dir} is too long: a socket's path may have 107 characters, ${socket} has ${socket.length}. Choose a shorter one.`,
            );
        }
    }
    const hidden = ["/run", "/var/run", ...PRIVATE_DIRECTORIES].find((shared) => dir === shared || dir.startsWith(`${shared}/`));
    if (hidden !== undefined) {
        throw new Error(`The run directory ${dir} is in ${hidden}, which every cluster has its own of. Choose one elsewhere.`);
    }
}
