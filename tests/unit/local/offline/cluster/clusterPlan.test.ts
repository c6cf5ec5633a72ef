import assert from "node:assert/strict";
import {
    apiserverFlags,
    controllerManagerFlags,
    etcdFlags,
    kubeletFlags,
    planOf,
    proxyFlags,
    schedulerFlags,
} from "../../../../../local/offline/cluster/clusterPlan";
import { files, network, spec, tools } from "../../../../support/exampleCluster";

describe("a built cluster's programs", () => {
    const { components, PATH } = planOf(spec, tools, files);

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

    it("give etcd the loopback interface only", () => {
        assert.deepEqual(etcdFlags(files), [
            "--data-dir=/fleet/blue/etcd",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            "--initial-cluster=default=http://127.0.0.1:2380",
            "--unsafe-no-fsync",
        ]);
    });

    it("start the API server with its own CA, tokens and the node authorizer", () => {
        assert.deepEqual(apiserverFlags(network, files), [
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

    it("connect the controller manager and the scheduler by kubeconfigs of their own", () => {
        assert.deepEqual(controllerManagerFlags(network, files), [
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
        assert.deepEqual(schedulerFlags(files), [
            "--kubeconfig=/fleet/blue/config/scheduler.kubeconfig",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
        ]);
    });

    it("name the node after the cluster", () => {
        assert.deepEqual(kubeletFlags("blue", network, files), [
            "--config=/fleet/blue/config/kubelet.json",
            "--kubeconfig=/fleet/blue/config/kubelet.kubeconfig",
            "--hostname-override=blue",
            "--node-ip=172.30.0.12",
            "--node-labels=topology.kubernetes.io/zone=local-a,topology.kubernetes.io/region=local",
        ]);
        assert.deepEqual(proxyFlags("blue", network, files), [
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
