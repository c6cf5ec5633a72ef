import assert from "node:assert/strict";
import { type PodRequests, requestsOf, sumOf } from "../../../../components/kubernetes/podRequests";
import { plannedPods } from "../../../../components/stack/plannedPods";
import { loadConfig } from "../../../../config/load";
import { type PlannedResource, type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { buildObservee, buildObserver, observeeConfig, observerConfig } from "../../../support/testFleet";

interface Container {
    resources: { requests: { cpu: string; memory: string } };
}
interface Workload {
    replicas: number;
    template: { spec: { containers: Container[]; nodeSelector?: Record<string, string> } };
}
interface PrometheusSpec extends Container {
    replicas: number;
    thanos: Container;
    nodeSelector?: Record<string, string>;
}

const isStateful = (nodeSelector: Record<string, string> | undefined) => nodeSelector?.["thanos-fleet/pool"] === "stateful";
const requested = (containers: Container[]) => sumOf(containers.map(({ resources }) => requestsOf(resources.requests)));

/** The requests of the registered workloads and of the Prometheus in the chart's values; on AWS, where pods with volumes select their nodes. */
function registered({ resources }: Run): PodRequests[] {
    const workloads = resources.filter(({ type }) => /:(Deployment|StatefulSet)$/.test(type));
    const releases = resources.filter(({ name }) => name === "kps" || name.endsWith("prometheus-stack"));
    const ofReleases = releases.filter(({ type }) => type.endsWith(":Release"));
    return [...workloads.map(podsOfWorkload), ...ofReleases.map(podsOfRelease), ...ofReleases.map(podsOfAlertmanager)];
}

function podsOfWorkload({ name, props }: PlannedResource): PodRequests {
    const { replicas, template } = props.spec as Workload;
    const { containers, nodeSelector } = template.spec;
    return { name, replicas, requests: requested(containers), volumes: isStateful(nodeSelector) };
}

function podsOfRelease({ props }: PlannedResource): PodRequests {
    const { prometheusSpec } = (props.values as { prometheus: { prometheusSpec: PrometheusSpec } }).prometheus;
    const { replicas, nodeSelector, thanos } = prometheusSpec;
    return { name: "prometheus", replicas, requests: requested([prometheusSpec, thanos]), volumes: isStateful(nodeSelector) };
}

function podsOfAlertmanager({ props }: PlannedResource): PodRequests {
    const { replicas, resources, nodeSelector } = (props.values as { alertmanager: { alertmanagerSpec: PrometheusSpec } }).alertmanager
        .alertmanagerSpec;
    return { name: "kps-alertmanager", replicas, requests: requested([{ resources }]), volumes: isStateful(nodeSelector) };
}

const byName = (pods: readonly PodRequests[]) => [...pods].sort((a, b) => a.name.localeCompare(b.name));

/** These Deployments are the chart's, with its defaults. */
const withoutOperator = (pods: readonly PodRequests[]) =>
    pods.filter(({ name }) => !["kps-operator", "kps-kube-state-metrics"].includes(name));

describe("the pods that a configuration asks for", () => {
    it("are those of the observer that are registered, with their requests and their kind of nodes", async () => {
        const asked = withoutOperator(plannedPods(loadConfig(observerConfig("aws"))));
        assert.deepEqual(byName(asked), byName(registered(await buildObserver("aws"))));
        assert.equal(asked.length, 12);
    });

    it("are those that are registered with rings, and ingesters that leave them", async () => {
        const rings = [
            { name: "big", tenants: ["red"], ingesters: 6, memory: "8Gi", cpu: "2", zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"] },
        ];
        const observees = ["red", "green"].map((name) => ({ name, mode: "sidecar-remote-write" }));
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 5 } },
        };
        const config = observerConfig("aws", { aws, observees, receive: { leaving: 2, rings } });
        const run = await runInProcess("observer", toEngineConfig(config));
        assert.deepEqual(byName(withoutOperator(plannedPods(loadConfig(config)))), byName(registered(run)));
    });

    it("include the memcached that a stack installs, as it is registered", async () => {
        const small = { type: "memcached", memory: "256Mi" };
        const caches = { queryFrontend: { cache: small }, store: { cache: { ...small, replicas: 3, cpu: "50m" } } };
        const config = observerConfig("aws", caches);
        const ofCaches = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.includes("memcached")));
        assert.deepEqual(
            ofCaches(plannedPods(loadConfig(config))),
            ofCaches(registered(await runInProcess("observer", toEngineConfig(config)))),
        );
        assert.equal(ofCaches(plannedPods(loadConfig(config))).length, 2);
    });

    it("include the fleet's Alertmanager instead of the chart's, as it is registered", async () => {
        const config = observerConfig("local", { alerting: { alertmanager: "fleet", replicas: 3 } });
        const workloads = (await runInProcess("observer", toEngineConfig(config))).resources.filter(({ type }) =>
            type.endsWith(":StatefulSet"),
        );
        assert.deepEqual(
            plannedPods(loadConfig(config)).filter(({ name }) => name.includes("alertmanager")),
            workloads.filter(({ name }) => name.includes("alertmanager")).map(podsOfWorkload),
        );
    });

    it("include the pages of streams, as they are registered", async () => {
        const config = observerConfig("aws", { bucketWeb: { streams: ["blue", "red"], memory: "512Mi" } });
        const pages = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.includes("bucket-web")));
        assert.deepEqual(pages(plannedPods(loadConfig(config))), pages(registered(await runInProcess("observer", toEngineConfig(config)))));
        assert.equal(pages(plannedPods(loadConfig(config))).length, 2);
    });

    it("include every shard of a stream, as they are registered", async () => {
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 5 } },
        };
        const streams = [{ name: "small", writers: ["blue"], shards: 1 }];
        const config = observerConfig("aws", { aws, streams, store: { shards: 2, memory: "1Gi" } });
        const ofStores = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.startsWith("thanos-store-")));
        const asked = ofStores(plannedPods(loadConfig(config)));
        assert.deepEqual(asked, ofStores(registered(await runInProcess("observer", toEngineConfig(config)))));
        assert.deepEqual(
            asked.map(({ name }) => name),
            ["observer", "red"]
                .flatMap((stream) => [`thanos-store-1of2-${stream}`, `thanos-store-2of2-${stream}`])
                .concat("thanos-store-small")
                .sort(),
        );
    });

    it("include Rule, and the Store and Compact of its stream, as they are registered", async () => {
        const rule = { files: ["tests/support/rules/fleet.yml"], replicas: 3, memory: "2Gi", cpu: "300m" };
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 5 } },
        };
        const config = observerConfig("aws", { aws, rule });
        const ofRule = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.endsWith("-rule")));
        assert.deepEqual(
            ofRule(plannedPods(loadConfig(config))),
            ofRule(registered(await runInProcess("observer", toEngineConfig(config)))),
        );
        assert.equal(ofRule(plannedPods(loadConfig(config))).length, 3);
    });

    it("include the Queries in front of others, as they are registered", async () => {
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 5 }, general: { nodes: 4 } },
        };
        const config = observerConfig("aws", { aws, query: { mode: "distributed", tenancy: true, memory: "2Gi" } });
        const queries = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.startsWith("thanos-query")));
        const asked = queries(plannedPods(loadConfig(config)));
        assert.deepEqual(asked, queries(registered(await runInProcess("observer", toEngineConfig(config)))));
        assert.deepEqual(
            asked.map(({ name, replicas }) => [name, replicas]),
            [
                ["thanos-query", 2],
                ["thanos-query-distributed", 2],
                ["thanos-query-frontend", 1],
                ["thanos-query-frontend-tenants", 1],
                ["thanos-query-tenants", 2],
            ],
        );
    });

    it("include a stateless Rule, which has no volume, and the routers that it writes to, as they are registered", async () => {
        const aws = {
            ...(observerConfig("aws").aws as object),
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 2 } },
        };
        const config = observerConfig("aws", {
            aws,
            observees: [{ name: "green", mode: "agent" }],
            receive: { memory: "1Gi" },
            rule: { files: ["tests/support/rules/fleet.yml"], stream: "agents" },
        });
        const ofRule = (pods: readonly PodRequests[]) => byName(pods.filter(({ name }) => name.endsWith("-rule")));
        const asked = ofRule(plannedPods(loadConfig(config)));
        assert.deepEqual(asked, ofRule(registered(await runInProcess("observer", toEngineConfig(config)))));
        assert.deepEqual(
            asked.map(({ name, volumes }) => [name, volumes]),
            [
                ["thanos-receive-router-rule", false],
                ["thanos-rule", false],
            ],
        );
    });

    it("include the chart's Grafana with its two sidecars, by the values of the chart", async () => {
        const config = observerConfig("aws", { grafana: {} });
        const { resources } = await runInProcess("observer", toEngineConfig(config));
        const [release] = resources.filter(({ name, type }) => name === "kps" && type.endsWith(":Release"));
        assert.ok(release);
        const { grafana } = release.props.values as { grafana: Container & { sidecar: Container; nodeSelector: Record<string, string> } };
        assert.deepEqual(
            plannedPods(loadConfig(config)).filter(({ name }) => name.includes("grafana")),
            [
                {
                    name: "kps-grafana",
                    replicas: 1,
                    requests: requested([grafana, grafana.sidecar, grafana.sidecar]),
                    volumes: isStateful(grafana.nodeSelector),
                },
            ],
        );
        assert.deepEqual(
            plannedPods(loadConfig(observerConfig("aws", { grafana: { server: "unmanaged" } }))).filter(({ name }) =>
                name.includes("grafana"),
            ),
            [],
        );
    });

    it("are those of an observee that are registered", async () => {
        const asked = withoutOperator(plannedPods(loadConfig(observeeConfig("blue", "aws"))));
        // No node groups: its pods have volumes, and select no nodes.
        const anyNode = asked.map((pods) => ({ ...pods, volumes: false }));
        assert.deepEqual(byName(anyNode), byName(registered(await buildObservee("blue", "aws"))));
    });

    it("include Receive where an observee writes remotely, and only there", () => {
        const names = plannedPods(loadConfig(observerConfig("local", { observees: [{ name: "blue", mode: "sidecar" }] }))).map(
            ({ name }) => name,
        );
        assert.deepEqual(
            names.filter((name) => name.includes("receive")),
            [],
        );
    });

    it("read quantities in every unit", () => {
        assert.deepEqual(
            [
                requestsOf({ cpu: "250m", memory: "512Mi" }),
                requestsOf({ cpu: "2", memory: "3Gi" }),
                requestsOf({ cpu: "1m", memory: "1Ti" }),
            ],
            [
                { cpu: 250, memory: 512 },
                { cpu: 2000, memory: 3072 },
                { cpu: 1, memory: 1048576 },
            ],
        );
    });
});
