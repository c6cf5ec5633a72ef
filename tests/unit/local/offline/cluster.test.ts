import assert from "node:assert/strict";
import type { V1Service } from "@kubernetes/client-node";
import { corefile } from "../../../../local/offline/cluster/addons";
import * as plan from "../../../../local/offline/cluster/clusterPlan";
import { cniConfig, containerdConfig, kubeconfig, kubeletConfig, tokenFile } from "../../../../local/offline/cluster/configFiles";
import { cgroupMounts } from "../../../../local/offline/cluster/hostResources";
import { parseStat } from "../../../../local/offline/cluster/processTree";
import { type ClusterTools, checkRunDir, filesOf, networkOf } from "../../../../local/offline/cluster/spec";
import { waitingForAddress } from "../../../../local/services/loadBalancers";

const spec = { name: "blue", index: 2 };
const files = filesOf("/fleet", "blue");
const tools: ClusterTools = {
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

describe("a local cluster's addresses and files", () => {
    it("derives every address from the index", () => {
        assert.deepEqual(networkOf(spec), {
            nodeIp: "172.30.0.12",
            apiUrl: "https://172.30.0.12:6443",
            pods: "10.102.0.0/24",
            services: "10.202.0.0/24",
            dns: "10.202.0.10",
            interface: "fleetnode2",
        });
    });

    it("refuses a run directory whose sockets have too long a path", () => {
        const dir = `/${"d".repeat(79)}`;
        assert.doesNotThrow(() => checkRunDir(dir, ["blue"]));
        assert.throws(() => checkRunDir(dir, ["blue", "yellow"]), {
            message: `The run directory ${dir} is too long: a socket's path may have 107 characters, ${dir}/yellow/containerd.sock.ttrpc has 109. Choose a shorter one.`,
        });
    });

    it("refuses a run directory that a cluster does not see", () => {
        assert.throws(() => checkRunDir("/run/fleet", []), {
            message: "The run directory /run/fleet is in /run, which every cluster has its own of. Choose one elsewhere.",
        });
    });
});

describe("a local cluster's configuration files", () => {
    it("containerd.toml", () => {
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

    it("kubelet.json", () => {
        assert.deepEqual(JSON.parse(kubeletConfig(spec, files)), {
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

    it("the pod network", () => {
        assert.deepEqual(JSON.parse(cniConfig(spec)), {
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

    it("one token for each of Kubernetes' own identities", () => {
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

    it("a kubeconfig that verifies the API server", () => {
        assert.deepEqual(JSON.parse(kubeconfig(spec, "t1", { pem: "PEM" })), {
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name: "blue", cluster: { server: "https://172.30.0.12:6443", "certificate-authority-data": "UEVN" } }],
            users: [{ name: "blue", user: { token: "t1" } }],
            contexts: [{ name: "blue", context: { cluster: "blue", user: "blue" } }],
            "current-context": "blue",
        });
    });

    it("a Corefile in which the longest suffix wins and nothing else exists", () => {
        assert.equal(
            corefile({ "fleet.internal": "172.30.0.11", "blue.fleet.internal": "172.30.0.12" }),
            `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
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
    template IN A blue.fleet.internal {
        answer "{{ .Name }} 60 IN A 172.30.0.12"
    }
    template IN ANY blue.fleet.internal {
        rcode NOERROR
    }
    template IN A fleet.internal {
        answer "{{ .Name }} 60 IN A 172.30.0.11"
    }
    template IN ANY fleet.internal {
        rcode NOERROR
    }
    template ANY ANY . {
        rcode NXDOMAIN
    }
    cache 30
}
`,
        );
    });
});

describe("a local cluster's programs", () => {
    const { components, PATH } = plan.planOf(spec, tools, files);

    it("start in the order in which they need each other", () => {
        assert.deepEqual(
            components.map(({ name, command, ready }) => [name, command, ready]),
            [
                ["containerd", "/usr/bin/containerd", { socket: "/fleet/blue/containerd.sock" }],
                ["etcd", "/usr/bin/etcd", { port: 2379 }],
                ["kube-apiserver", "/cache/kube-apiserver", { readyz: "/fleet/blue/config/admin.kubeconfig" }],
                ["kube-controller-manager", "/cache/kube-controller-manager", undefined],
                ["kube-scheduler", "/cache/kube-scheduler", undefined],
                ["kubelet", "/cache/kubelet", undefined],
                ["kube-proxy", "/cache/kube-proxy", undefined],
            ],
        );
        assert.equal(PATH, "/usr/bin:/usr/sbin:/usr/local/sbin:/usr/local/bin:/sbin:/bin");
    });

    it("etcd", () => {
        assert.deepEqual(plan.etcdFlags(files), [
            "--data-dir=/fleet/blue/etcd",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
        ]);
    });

    it("kube-apiserver", () => {
        assert.deepEqual(plan.apiserverFlags(spec, files), [
            "--etcd-servers=http://127.0.0.1:2379",
            "--advertise-address=172.30.0.12",
            "--secure-port=6443",
            "--cert-dir=/fleet/blue/pki",
            "--service-cluster-ip-range=10.202.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--service-account-key-file=/fleet/blue/pki/service-account.pub",
            "--service-account-signing-key-file=/fleet/blue/pki/service-account.key",
            "--token-auth-file=/fleet/blue/pki/tokens.csv",
            "--kubelet-client-certificate=/fleet/blue/pki/kubelet-client.crt",
            "--kubelet-client-key=/fleet/blue/pki/kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
        ]);
    });

    it("kube-controller-manager, kube-scheduler", () => {
        assert.deepEqual(plan.controllerManagerFlags(spec, files), [
            "--kubeconfig=/fleet/blue/config/controller-manager.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--service-account-private-key-file=/fleet/blue/pki/service-account.key",
            "--root-ca-file=/fleet/blue/pki/apiserver.crt",
            "--use-service-account-credentials=true",
            "--allocate-node-cidrs=true",
            "--cluster-cidr=10.102.0.0/24",
            "--node-cidr-mask-size=24",
            "--node-monitor-grace-period=2m",
            "--flex-volume-plugin-dir=/var/lib/kubelet/volume-plugins",
        ]);
        assert.deepEqual(plan.schedulerFlags(files), [
            "--kubeconfig=/fleet/blue/config/scheduler.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
        ]);
    });

    it("kubelet, kube-proxy", () => {
        assert.deepEqual(plan.kubeletFlags(spec, files), [
            "--config=/fleet/blue/config/kubelet.json",
            "--kubeconfig=/fleet/blue/config/kubelet.kubeconfig",
            "--hostname-override=blue",
            "--node-ip=172.30.0.12",
            "--node-labels=topology.kubernetes.io/zone=local-a,topology.kubernetes.io/region=local",
        ]);
        assert.deepEqual(plan.proxyFlags(spec, files), [
            "--kubeconfig=/fleet/blue/config/proxy.kubeconfig",
            "--hostname-override=blue",
            "--proxy-mode=iptables",
            "--cluster-cidr=10.102.0.0/24",
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0s",
            "--conntrack-tcp-timeout-close-wait=0s",
        ]);
    });
});

describe("a local cluster on this machine", () => {
    it("reads a process's parent, state and start although its name has brackets and spaces", () => {
        const rest = "S 17 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200";
        assert.deepEqual(parseStat(`4711 (a (b) c) ${rest}`), { pid: 4711, parent: 17, state: "S", started: 987654 });
    });

    it("finds the cgroup hierarchies of both versions", () => {
        const mounts = "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\nproc /proc proc rw 0 0\n";
        assert.deepEqual(cgroupMounts(mounts), { v1: ["/sys/fs/cgroup/cpu"], v2: ["/sys/fs/cgroup/unified"] });
    });
});

describe("load balancers of a local cluster", () => {
    const service = (name: string, second: number, port: number, more: Partial<V1Service> = {}): V1Service => ({
        metadata: { name, namespace: "default", creationTimestamp: new Date(second * 1000) },
        spec: { type: "LoadBalancer", ports: [{ port }] },
        ...more,
    });
    const waiting = (...services: V1Service[]) => waitingForAddress(services, "172.30.0.12").map(({ metadata }) => metadata?.name);

    it("give the node's address to each Service that has none, or another", () => {
        const other = { status: { loadBalancer: { ingress: [{ ip: "172.30.0.99" }] } } };
        const has = { status: { loadBalancer: { ingress: [{ ip: "172.30.0.12" }] } } };
        assert.deepEqual(waiting(service("a", 1, 80), service("b", 2, 81, other), service("c", 3, 82, has)), ["a", "b"]);
    });

    it("let the younger of two Services with the same port wait", () => {
        assert.deepEqual(waiting(service("young", 2, 80), service("old", 1, 80)), ["old"]);
    });

    it("leave alone what is of another type or class", () => {
        const classed = service("c", 1, 80, { spec: { type: "LoadBalancer", loadBalancerClass: "x/y", ports: [{ port: 80 }] } });
        assert.deepEqual(waiting(classed, service("d", 2, 81, { spec: { type: "ClusterIP", ports: [{ port: 81 }] } })), []);
    });
});
