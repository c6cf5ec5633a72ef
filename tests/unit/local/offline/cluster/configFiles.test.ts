import assert from "node:assert/strict";
import { cniConfig, containerdConfig, kubeconfig, kubeletConfig, tokenFile } from "../../../../../local/offline/cluster/configFiles";
import { files, network, spec, tools } from "../../../../support/exampleCluster";

describe("a built cluster's configuration files", () => {
    it("point containerd at the cluster's own directories", () => {
        assert.equal(
            containerdConfig(files, tools),
            `version = 2
root = "/fleet/blue/containerd"
state = "/run/containerd"
[grpc]
  address = "/fleet/blue/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "/fleet/blue/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "local/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/fleet/blue/config/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "/usr/sbin/runc"
`,
        );
    });

    it("limit kubelet to the cluster's own cgroup and DNS", () => {
        assert.deepEqual(JSON.parse(kubeletConfig(spec, network, files)), {
            apiVersion: "kubelet.config.k8s.io/v1beta1",
            kind: "KubeletConfiguration",
            authentication: {
                anonymous: { enabled: false },
                webhook: { enabled: true },
                x509: { clientCAFile: "/fleet/blue/pki/kubelet-client.crt" },
            },
            authorization: { mode: "Webhook" },
            cgroupDriver: "cgroupfs",
            cgroupRoot: "/fleet-2-blue",
            clusterDNS: ["10.202.0.10"],
            clusterDomain: "cluster.local",
            containerRuntimeEndpoint: "unix:///fleet/blue/containerd.sock",
            enforceNodeAllocatable: ["pods"],
            evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
            failCgroupV1: false,
            failSwapOn: false,
            imageGCHighThresholdPercent: 100,
            maxPods: 110,
            resolvConf: "/fleet/blue/config/resolv.conf",
            syncFrequency: "10s",
            volumePluginDir: "/var/lib/kubelet/volume-plugins",
        });
    });

    it("route the pods' network instead of bridging it", () => {
        assert.deepEqual(JSON.parse(cniConfig(network)), {
            cniVersion: "0.4.0",
            name: "pods",
            plugins: [
                {
                    type: "ptp",
                    ipMasq: true,
                    ipam: { type: "host-local", ranges: [[{ subnet: "10.102.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
                },
                { type: "portmap", capabilities: { portMappings: true } },
            ],
        });
    });

    it("have a token for each of Kubernetes' own identities", () => {
        assert.equal(
            tokenFile("blue", ["t1", "t2", "t3", "t4", "t5"]),
            `t1,admin,admin,"system:masters"
t2,system:node:blue,system:node:blue,"system:nodes"
t3,system:kube-controller-manager,system:kube-controller-manager
t4,system:kube-scheduler,system:kube-scheduler
t5,system:kube-proxy,system:kube-proxy
`,
        );
    });

    it("include a kubeconfig that verifies the API server", () => {
        assert.deepEqual(JSON.parse(kubeconfig("blue", network, "t1", { pem: "PEM" })), {
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name: "blue", cluster: { server: "https://172.30.0.12:6443", "certificate-authority-data": "UEVN" } }],
            users: [{ name: "blue", user: { token: "t1" } }],
            contexts: [{ name: "blue", context: { cluster: "blue", user: "blue" } }],
            "current-context": "blue",
        });
    });
});
