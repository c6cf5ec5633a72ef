import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import { type ClusterFacts, checkGiven, type Looked, lookAt, problemsOf, storageClassOf } from "../../../local/givenClusters";
import { problemText } from "../../../rules/problem";
import { VERSIONS } from "../../../upstream/versions";
import { FakeApi } from "../../support/fakeApi";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const isDefault = { "storageclass.kubernetes.io/is-default-class": "true" };
const storageClass = (name: string, annotations = {}, creationTimestamp = new Date(0)) => ({
    metadata: { name, annotations, creationTimestamp },
    provisioner: "example.com/disk",
});
const node = (name: string, spec = {}, ready = "True") => ({
    metadata: { name },
    spec,
    status: { conditions: [{ type: "Ready", status: ready }] },
});
const exporter = (spec: object) => ({
    metadata: { name: "node-exporter", namespace: "watching" },
    spec: { selector: {}, template: { spec: { containers: [{ name: "exporter", ports: [{ containerPort: 9100 }] }], ...spec } } },
});

/** A cluster that lacks nothing. */
const GOOD: ClusterFacts = {
    id: "0a1b",
    isUsed: false,
    hasNamespace: false,
    nodes: [node("one")],
    storageClasses: [storageClass("standard")],
    dnsConfigMaps: [{ data: { Corefile: ".:53 {}\nfleet.internal:53 { forward . 192.0.2.53 }" } }],
    daemonSets: [],
    servesLoadBalancers: true,
};
const CLUSTER = { name: "blue", context: "k3d-two" } as const;
const told = (looked: Looked) => problemsOf(CLUSTER, looked).map(problemText);
const lacking = (facts: Partial<ClusterFacts>) => told({ ...GOOD, ...facts });

describe("a cluster that a user named", () => {
    it("is taken where it lacks nothing", () => assert.deepEqual(told(GOOD), []));

    it("is refused where its API server does not answer", () =>
        assert.deepEqual(told({ silent: "connect ECONNREFUSED 192.0.2.1:6443" }), [
            "--context blue=k3d-two: cannot be reached: connect ECONNREFUSED 192.0.2.1:6443. Try `kubectl --context k3d-two get nodes`, and name a cluster for which it works.",
        ]));

    it("is refused to a user who is no administrator", () =>
        assert.deepEqual(told({ lacksRights: true }), [
            "--context blue=k3d-two: does not let its user do everything, and the fleet has CRDs and cluster roles. Use a user who is bound to the ClusterRole cluster-admin.",
        ]));

    it("is refused without a node that takes pods, with the reason of each", () => {
        const nodes = [
            node("one", {}, "Unknown"),
            node("two", { unschedulable: true }),
            node("three", { taints: [{ key: "gpu", effect: "NoSchedule" }] }),
        ];
        assert.deepEqual(lacking({ nodes }), [
            "--context blue=k3d-two: has no node that takes pods: one is not Ready, two is cordoned, three is tainted with gpu. Make a node Ready, uncordon it (`kubectl uncordon`), or remove its taint.",
        ]);
        assert.deepEqual(lacking({ nodes: [...nodes, node("four", { taints: [{ key: "spot", effect: "PreferNoSchedule" }] })] }), []);
        assert.match(lacking({ nodes: [] })[0] ?? "", /has no node that takes pods: it has none\./);
    });

    it("is refused without a StorageClass for the volumes", () => {
        assert.deepEqual(lacking({ storageClasses: [storageClass("slow")] }), [
            "--context blue=k3d-two: has no StorageClass standard and no default one (slow). Annotate one with storageclass.kubernetes.io/is-default-class=true.",
        ]);
        assert.match(lacking({ storageClasses: [] })[0] ?? "", /no default one \(it has none\)\./);
    });

    it("is refused where Services of type LoadBalancer get no address", () =>
        assert.deepEqual(lacking({ servesLoadBalancers: false }), [
            "--context blue=k3d-two: gives a Service of type LoadBalancer no address within 60 s, and the clusters reach each other by such Services. Install MetalLB, or the controller of your cloud.",
        ]));

    it("is refused where its DNS does not know the fleet's domain", () =>
        assert.deepEqual(lacking({ dnsConfigMaps: [{ data: { Corefile: ".:53 { forward . /etc/resolv.conf }" } }, {}] }), [
            "--context blue=k3d-two: does not resolve names of fleet.internal, by which the clusters reach each other: no ConfigMap of its DNS has this domain. Run ExternalDNS in each cluster, and add the zone to its CoreDNS: `fleet.internal:53 { forward . SERVER }` with the DNS server that ExternalDNS writes to.",
        ]));

    it("is refused where its namespace is in use, but by this fleet", () => {
        assert.deepEqual(lacking({ hasNamespace: true }), [
            "--context blue=k3d-two: has a namespace monitoring that was not made by this fleet. Name another cluster, or remove that namespace.",
        ]);
        assert.deepEqual(lacking({ hasNamespace: true, isUsed: true }), []);
    });

    it("is refused with CRDs of an older operator, which Helm would leave", () => {
        const ours = VERSIONS.prometheusOperator;
        assert.deepEqual(lacking({ crds: "0.70.0" }), [
            `--context blue=k3d-two: has CRDs of the Prometheus operator 0.70.0, and Helm does not upgrade them: the fleet's is ${ours}. Upgrade them: \`kubectl apply --server-side -f\` with the file example/prometheus-operator-crd of prometheus-operator ${ours}.`,
        ]);
        assert.equal(lacking({ crds: "of an unknown version" }).length, 1);
        assert.deepEqual(lacking({ crds: ours.replace("v", "") }), []);
    });

    it("is refused where another node-exporter has the port of the nodes", () => {
        assert.deepEqual(lacking({ daemonSets: [exporter({ hostNetwork: true })] }), [
            "--context blue=k3d-two: has port 9100 of its nodes in use, by DaemonSet watching/node-exporter: node-exporter of the fleet would stay Pending. Name a cluster without another kube-prometheus-stack, or remove its node-exporter.",
        ]);
        assert.deepEqual(lacking({ daemonSets: [exporter({})] }), []);
    });

    it("is told everything that is wrong at once", () =>
        assert.equal(
            lacking({ nodes: [], storageClasses: [], dnsConfigMaps: [], servesLoadBalancers: false, hasNamespace: true }).length,
            5,
        ));
});

describe("the StorageClass in a cluster that a user named", () => {
    it("is standard, which most local clusters have", () =>
        assert.equal(storageClassOf([storageClass("local-path", isDefault), storageClass("standard")]), "standard"));

    it("is the default one otherwise, of several the newest", () => {
        const classes = [storageClass("old", isDefault), storageClass("new", isDefault, new Date(1)), storageClass("other")];
        assert.equal(storageClassOf(classes), "new");
        assert.equal(storageClassOf([storageClass("other")]), undefined);
    });
});

describe("what a cluster that a user named is asked", () => {
    const WITHIN = { answer: 1000, address: 100 };
    let api: FakeApi | undefined;
    afterEach(() => api?.stop());

    /** An API server of a cluster with everything, but what `answers` says otherwise for a path. `silent`: it never answers. */
    async function cluster(answers: Record<string, unknown> = {}, uid = "0a1b"): Promise<KubeConfig> {
        const usual: Record<string, unknown> = {
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": { status: { allowed: true } },
            "/api/v1/nodes": { items: GOOD.nodes },
            "/api/v1/namespaces": { items: [{ metadata: { name: "kube-system", uid } }] },
            "/apis/storage.k8s.io/v1/storageclasses": { items: [storageClass("local-path", isDefault)] },
            "/api/v1/namespaces/kube-system/configmaps": { items: [{ metadata: { name: "coredns" }, ...GOOD.dnsConfigMaps[0] }] },
            "/apis/apps/v1/daemonsets": { items: [] },
            "/api/v1/services": { items: [{ status: { loadBalancer: { ingress: [{ ip: "192.0.2.9" }] } } }] },
            ...answers,
        };
        api = new FakeApi(({ url }) => usual[url.split("?")[0] ?? ""]);
        await api.start();
        const config = new KubeConfig();
        config.loadFromString(api.kubeconfig("a"));
        return config;
    }
    const look = async (config: KubeConfig, usedId?: string) => lookAt(config, usedId, new AbortController().signal, WITHIN);
    const requests = (method: string) => (api?.requests ?? []).filter((request) => request.method === method).map(({ url }) => url);

    it("is all that decides, and nothing is made where a Service has an address already", async () => {
        const looked = await look(await cluster());
        assert.deepEqual("silent" in looked ? looked : problemsOf(CLUSTER, looked), []);
        assert.deepEqual(requests("POST"), ["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]);
    });

    it("is a Service of type LoadBalancer where there is none, which is removed again", async () => {
        const service = { metadata: { name: "thanos-fleet-asks-x1" }, status: {} };
        const asking = {
            "/api/v1/services": { items: [] },
            "/api/v1/namespaces/default/services": service,
            "/api/v1/namespaces/default/services/thanos-fleet-asks-x1": service,
        };
        const looked = (await look(await cluster(asking))) as ClusterFacts;
        assert.equal(looked.servesLoadBalancers, false);
        assert.deepEqual(requests("POST").slice(1), ["/api/v1/namespaces/default/services"]);
        assert.deepEqual(requests("DELETE"), ["/api/v1/namespaces/default/services/thanos-fleet-asks-x1"]);
    });

    it("is nothing more where the user may not do everything, or gets no answer", async () => {
        const review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        assert.deepEqual(await look(await cluster({ [review]: { status: { allowed: false } } })), { lacksRights: true });
        api?.stop();
        assert.deepEqual(await look(await cluster({ [review]: { kind: "Status", code: 401 } })), { silent: "its API server answers 401" });
        assert.deepEqual(
            (api?.requests ?? []).map(({ url }) => url),
            [review],
        );
        const config = await cluster();
        api?.stop();
        assert.match(((await look(config)) as { silent: string }).silent, /ECONNREFUSED/);
    });

    it("is told as not reached where an answer is missing", async () =>
        assert.deepEqual(await look(await cluster({ "/api/v1/nodes": { kind: "Status", code: 503 } })), {
            silent: "its API server answers 503",
        }));

    it("is left when Ctrl-C stops it, without the Service that asked", async () => {
        const service = { metadata: { name: "thanos-fleet-asks-x1" }, status: {} };
        const config = await cluster({
            "/api/v1/services": { items: [] },
            "/api/v1/namespaces/default/services": service,
            "/api/v1/namespaces/default/services/thanos-fleet-asks-x1": service,
        });
        const stop = new AbortController();
        const looking = lookAt(config, undefined, stop.signal, { answer: 1000, address: 60_000 });
        while (requests("POST").length < 2) await sleep(20);
        stop.abort();
        await assert.rejects(looking, { name: "AbortError" });
        assert.deepEqual(requests("DELETE"), ["/api/v1/namespaces/default/services/thanos-fleet-asks-x1"]);
    });

    it("tells the version of the operator's CRDs", async () => {
        const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prometheuses.monitoring.coreos.com";
        const annotations = { "operator.prometheus.io/version": "0.70.0" };
        assert.equal(((await look(await cluster({ [crd]: { metadata: { annotations } } }))) as ClusterFacts).crds, "0.70.0");
    });

    it("tells a cluster that this fleet is in by its id", async () => {
        assert.equal(((await look(await cluster(), "0a1b")) as ClusterFacts).isUsed, true);
        api?.stop();
        assert.equal(((await look(await cluster(), "other")) as ClusterFacts).isUsed, false);
    });

    it("becomes a check for each cluster, and the class that its volumes had stays", async () => {
        const config = await cluster();
        const used = { ids: { blue: "0a1b" }, targets: { blue: { kubeconfig: "", context: "", storageClass: "fast" } } };
        const { signal } = new AbortController();
        assert.deepEqual(await checkGiven([{ ...CLUSTER, config }], { ids: {}, targets: {} }, signal), {
            checks: [{ check: "--context blue=k3d-two", state: "ok", found: "can run it, with volumes of StorageClass local-path" }],
            storageClasses: { blue: "local-path" },
        });
        assert.deepEqual((await checkGiven([{ ...CLUSTER, config }], used, signal)).storageClasses, { blue: "fast" });
    });

    it("is whether it is another cluster than those before it", async () => {
        const config = await cluster();
        const { checks } = await checkGiven(
            [
                { ...CLUSTER, config },
                { name: "red", context: "k3d-two", config },
            ],
            { ids: {}, targets: {} },
            new AbortController().signal,
        );
        assert.deepEqual(
            checks.map(({ check, found }) => `${check} ${found}`),
            [
                "--context blue=k3d-two can run it, with volumes of StorageClass local-path",
                "--context red=k3d-two is the cluster of blue, too.",
            ],
        );
    });
});

describe("npm start -- --context with clusters that cannot run the fleet", function () {
    this.timeout(60_000);
    const everywhere = ["observer=a", "blue=b", "red=c"];
    let state: string;
    const start = (kubeconfig: string, ...args: string[]) => {
        state = temporaryDirectory();
        const env = { ...process.env, KUBECONFIG: kubeconfig, XDG_STATE_HOME: state, XDG_CACHE_HOME: state };
        return run(process.execPath, ["cli/thanos-fleet.js", "local", "--context", ...everywhere, ...args], { env, within: 50 });
    };

    it("is refused with every cluster that cannot be reached, before any tool is got, with exit code 2", async () => {
        const api = new FakeApi(() => undefined);
        await api.start();
        const kubeconfig = join(temporaryDirectory(), "kubeconfig");
        api.writeKubeconfig(kubeconfig, "a", "b", "c");
        api.stop();
        const { code, output } = await start(kubeconfig);
        assert.equal(code, 2, output);
        assert.match(output, /\nyour clusters and this machine: 3 problems\. Nothing was changed\.\n/);
        for (const context of everywhere) assert.match(output, new RegExp(`  --context ${context}: cannot be reached: .*ECONNREFUSED`));
        assert.doesNotMatch(output, /\n +at /);
        assert.equal(existsSync(join(state, "thanos-fleet")), false);
    });

    it("--doctor tells the same beside its other checks", async () => {
        const api = new FakeApi(() => ({ status: { allowed: false } }));
        await api.start();
        const kubeconfig = join(temporaryDirectory(), "kubeconfig");
        api.writeKubeconfig(kubeconfig, "a", "b", "c");
        const { code, output } = await start(kubeconfig, "--doctor");
        api.stop();
        assert.equal(code, 2, output);
        assert.match(output, /^ok {7}clusters: your clusters: named with --context\n/);
        for (const context of everywhere)
            assert.match(output, new RegExp(`\nfailed   --context ${context}: does not let its user do everything`));
    });
});
