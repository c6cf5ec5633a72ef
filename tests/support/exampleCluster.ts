import { type ClusterTools, filesOf, networkOf } from "../../local/offline/cluster/spec";

/** A built cluster on paper, for tests of its files and flags. */

export const spec = { name: "blue", index: 2 };
export const network = networkOf(spec);
export const files = filesOf("/fleet", "blue");
export const tools: ClusterTools = {
    etcd: "/usr/bin/etcd",
    containerd: "/usr/bin/containerd",
    ctr: "/usr/bin/ctr",
    runc: "/usr/sbin/runc",
    tini: "/usr/bin/tini",
    cni: "/usr/lib/cni",
    apiserver: "/cache/kube-apiserver",
    controllerManager: "/cache/kube-controller-manager",
    scheduler: "/cache/kube-scheduler",
    kubelet: "/cache/kubelet",
    proxy: "/cache/kube-proxy",
    pauseImage: { name: "local/pause:1", archive: "/cache/pause.tar" },
    coreDnsImage: { name: "registry.k8s.io/coredns/coredns:v1.14.2", archive: "/cache/coredns.tar" },
};
