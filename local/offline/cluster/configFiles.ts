import type { ClusterFiles, ClusterSpec, ClusterTools, Network } from "./spec";

/** Where kubelet and the controller manager look for volume plugins. Their default would be made on the host. */
export const VOLUME_PLUGINS = "/var/lib/kubelet/volume-plugins";

/** The identities that Kubernetes' own RBAC rules expect. Each gets a row of the token file and a kubeconfig. */
export const identities = (node: string) =>
    [
        { file: "admin", user: "admin", groups: "system:masters" },
        { file: "kubelet", user: `system:node:${node}`, groups: "system:nodes" },
        { file: "controller-manager", user: "system:kube-controller-manager", groups: "" },
        { file: "scheduler", user: "system:kube-scheduler", groups: "" },
        { file: "proxy", user: "system:kube-proxy", groups: "" },
    ] as const;

/** The API server's --token-auth-file: token, user, uid, groups. */
export function tokenFile(node: string, tokens: string[]): string {
    return identities(node)
        .map(({ user, groups }, i) => `${tokens[i]},${user},${user}${groups && `,"${groups}"`}\n`)
        .join("");
}

/** `ca`: a path, for the cluster's own programs; the PEM itself for the kubeconfig that people and the engine use. */
export function kubeconfig(name: string, { apiUrl }: Network, token: string, ca: { file: string } | { pem: string }): string {
    const authority =
        "file" in ca ? { "certificate-authority": ca.file } : { "certificate-authority-data": Buffer.from(ca.pem).toString("base64") };
    return json({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name, cluster: { server: apiUrl, ...authority } }],
        users: [{ name, user: { token } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        "current-context": name,
    });
}

/**
 * containerd's configuration, in the format that 1.x writes and 2.x still reads.
 *
 * - `state` is in the cluster's own /run, so a restart finds it empty, as after a reboot.
 * - `restrict_oom_score_adj`: without CAP_SYS_RESOURCE a pod cannot lower its OOM score ("can't get final child's PID from pipe").
 * - `disable_apparmor`: a profile would outlive the cluster in the kernel.
 * - The opt plugin's default would make /opt/containerd.
 */
export function containerdConfig(files: ClusterFiles, tools: ClusterTools): string {
    return `version = 2
root = "${files.containerd}"
state = "/run/containerd"
[grpc]
  address = "${files.containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${files.containerd}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${tools.pauseImage.name}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${tools.cni}"
    conf_dir = "${files.config("cni")}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "${tools.runc}"
`;
}

/**
 * The pod network: a routed veth for each pod (ptp, as in kind), not a bridge. On a bridge, a pod's answer to its neighbour bypasses the
 * node's address translation unless the br_netfilter module is loaded, and Services break.
 */
export function cniConfig({ pods }: Network): string {
    return json({
        cniVersion: "0.4.0",
        name: "pods",
        plugins: [
            {
                type: "ptp",
                ipMasq: true,
                ipam: { type: "host-local", ranges: [[{ subnet: pods }]], routes: [{ dst: "0.0.0.0/0" }] },
            },
            { type: "portmap", capabilities: { portMappings: true } },
        ],
    });
}

/** kubelet's configuration. Images come from archives only, so they are never garbage-collected (imageGCHighThresholdPercent). */
export function kubeletConfig(spec: ClusterSpec, { dns }: Network, files: ClusterFiles): string {
    return json({
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: files.kubeletClientCert } },
        authorization: { mode: "Webhook" },
        cgroupDriver: "cgroupfs",
        cgroupRoot: `/${cgroupOf(spec)}`,
        clusterDNS: [dns],
        clusterDomain: "cluster.local",
        containerRuntimeEndpoint: `unix://${files.containerdSocket}`,
        enforceNodeAllocatable: ["pods"],
        evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
        failCgroupV1: false,
        failSwapOn: false,
        imageGCHighThresholdPercent: 100,
        maxPods: 110,
        resolvConf: files.config("resolv.conf"),
        // A changed Secret or ConfigMap reaches its pods within about this time; by default it takes up to 90 s.
        syncFrequency: "10s",
        volumePluginDir: VOLUME_PLUGINS,
    });
}

/** The parent of all the cluster's pods' cgroups, in every hierarchy. */
export const cgroupOf = ({ index, name }: ClusterSpec) => `fleet-${index}-${name}`;

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
