import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { CoreV1Api, CustomObjectsApi, DiscoveryV1Api, StorageV1Api } from "@kubernetes/client-node";
import { parse, parseAllDocuments, stringify } from "yaml";
import { query } from "../../clients/thanos";
import { scrapeConfigSpec } from "../../components/prometheus/scrapeConfigs";
import { kubePrometheusStackValues } from "../../components/prometheus/values";
import { loadConfig } from "../../config/load";
import type { ScrapeConfig } from "../../config/schema";
import { CHART_SOURCE, crdDirectory } from "../../local/offline/standins/chart";
import { consulApi } from "../support/consulApi";
import { eventually } from "../support/eventually";
import { type KubernetesApi, startKubernetesApi } from "../support/kubernetesApi";
import { freePort, Processes } from "../support/processes";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { observeeConfig } from "../support/testFleet";

/**
 * Scrape configs of two stacks, written by the program, turned into Prometheus's configuration by the real operator in a real API server, and scraped by two
 * real Prometheus. No fleet is needed.
 */

const exec = promisify(execFile);
const NAMESPACE = "monitoring";
const GROUP = { group: "monitoring.coreos.com", namespace: NAMESPACE };
const CRDS = ["scrapeconfigs", "servicemonitors", "podmonitors", "probes", "prometheusrules", "prometheuses"];

describe("scrape configs", () => {
    const servers: Server[] = [];
    const directory = temporaryDirectory();
    const processes = new Processes(directory);
    let binaries: Awaited<ReturnType<typeof tools<"etcd" | "kube-apiserver" | "operator" | "prometheus" | "promtool" | "helm">>>;
    let api: KubernetesApi;
    /** API servers refuse EndpointSlices with addresses of the loopback interface. */
    let address: string;
    /** Addresses of the two Prometheus of the stacks, and of the one that is federated. */
    const urls = { blue: "", red: "", legacy: "" };

    async function serve(listener: RequestListener, tls?: { cert: string; key: string }): Promise<number> {
        const server = (tls ? createTlsServer(tls, listener) : createServer(listener)).listen(0);
        await once(server, "listening");
        servers.push(server);
        return (server.address() as AddressInfo).port;
    }
    /** A target with one series; it answers 404 under another path, and 401 to a client without the token. */
    const target = (path = "/metrics", token?: string): RequestListener => {
        return ({ url, headers }, response) => {
            if (new URL(url ?? "/", "http://target").pathname !== path) return response.writeHead(404).end();
            if (token !== undefined && headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
            return response.setHeader("Content-Type", "text/plain").end('shop_orders{cluster="of the target",region="moon"} 3\n');
        };
    };
    const targets = async (count: number) => Promise.all(Array.from({ length: count }, async () => `127.0.0.1:${await serve(target())}`));

    /** Writes the stack's ScrapeConfigs over those that are there, and returns what the operator makes of them once it has all. */
    async function operated(
        scrapeConfigs: readonly ScrapeConfig[],
        externalLabels: Record<string, string>,
    ): Promise<Record<string, unknown>> {
        const objects = api.config.makeApiClient(CustomObjectsApi);
        const ref = { ...GROUP, version: "v1alpha1", plural: "scrapeconfigs" };
        await objects.deleteCollectionNamespacedCustomObject(ref);
        for (const config of scrapeConfigs)
            await objects.createNamespacedCustomObject({
                ...ref,
                body: {
                    apiVersion: "monitoring.coreos.com/v1alpha1",
                    kind: "ScrapeConfig",
                    metadata: { name: config.name, namespace: NAMESPACE },
                    spec: scrapeConfigSpec(config, externalLabels),
                },
            });
        const jobs = scrapeConfigs.map(({ name }) => `scrapeConfig/${NAMESPACE}/${name}`).sort();
        return eventually(`the operator has configured ${jobs.join(", ")}`, 60, async () => {
            const { data = {} } = await api.config
                .makeApiClient(CoreV1Api)
                .readNamespacedSecret({ namespace: NAMESPACE, name: "prometheus-kps-prometheus" });
            const file = parse(gunzipSync(Buffer.from(data["prometheus.yaml.gz"] ?? "", "base64")).toString()) as Configuration;
            assert.deepEqual(file.scrape_configs.map(({ job_name }) => job_name).sort(), jobs);
            const { data: tls = {} } = await api.config
                .makeApiClient(CoreV1Api)
                .readNamespacedSecret({ namespace: NAMESPACE, name: "prometheus-kps-prometheus-tls-assets-0" });
            // In a pod, this Secret is the folder /etc/prometheus/certs.
            const certs = join(directory, "certs");
            mkdirSync(certs, { recursive: true });
            for (const [name, content] of Object.entries(tls)) writeFileSync(join(certs, name), Buffer.from(content, "base64"));
            return parse(stringify(file).replaceAll("/etc/prometheus/certs", certs)) as Configuration;
        });
    }
    type Configuration = { global: object; scrape_configs: { job_name: string }[] };

    /** Starts a Prometheus with the operator's configuration, but without alerts and rules, which are in the cluster's own network. */
    async function startPrometheus(
        name: keyof typeof urls,
        { global, scrape_configs, rule_files }: Record<string, unknown>,
    ): Promise<void> {
        const file = join(directory, `${name}.yml`);
        writeFileSync(file, stringify({ global, scrape_configs, rule_files }));
        const { code, output } = await run(binaries.promtool.path, ["check", "config", file], { within: 30 });
        assert.equal(code, 0, output);
        urls[name] = `http://127.0.0.1:${await freePort()}`;
        const flags = [
            `--config.file=${file}`,
            `--storage.tsdb.path=${join(directory, name)}`,
            `--web.listen-address=${urls[name].slice(7)}`,
        ];
        await processes.start(name, binaries.prometheus.path, flags, `${urls[name]}/-/ready`);
    }

    /** Addresses that a Prometheus scrapes for a job, and whether they answer. */
    const up = async (name: "blue" | "red", job: string) =>
        (await query(urls[name], `up{job="${job}"}`)).map(({ metric, value }) => `${metric.instance} ${value}`).sort();
    const seriesOf = async (name: "blue" | "red", expr: string) =>
        (await query(urls[name], expr)).map(({ metric }) => metric as Record<string, string>);

    let machines: string[];
    let group1: string[];
    let group2: string[];
    let listed: string[];
    let pods: string[];
    let kubelets: string[];
    let functional: string[];
    let noisy: string;

    before(async () => {
        binaries = await tools("etcd", "kube-apiserver", "operator", "prometheus", "promtool", "helm");
        const outside = Object.values(networkInterfaces())
            .flat()
            .find((found) => found?.family === "IPv4" && !found.internal);
        assert.ok(outside, "this machine has no address but those of its loopback interface");
        address = outside.address;
        api = await startKubernetesApi(processes, binaries);

        machines = await targets(16);
        group1 = await targets(2);
        group2 = await targets(2);
        listed = await targets(2);
        functional = await targets(2);
        noisy = `127.0.0.1:${await serve((_, response) => response.setHeader("Content-Type", "text/plain").end("a 1\nb 1\n"))}`;
        pods = await Promise.all(Array.from({ length: 4 }, async () => `${address}:${await serve(target())}`));
        const kubelet = target("/metrics/cadvisor", api.token);
        kubelets = await Promise.all(
            Array.from({ length: 4 }, async () => `${address}:${await serve(kubelet, { cert: api.certificate, key: api.key })}`),
        );

        await installOperator();
        await objectsOfTheCluster();
        await startLegacy();
        const consul = `127.0.0.1:${await serve(
            consulApi("acl", {
                "group-1": [...group1.map((at) => instance(at, ["prod"])), instance("127.0.0.1:1", ["test"])],
                "group-2": group2.map((at) => instance(at, ["prod"])),
            }),
        )}`;
        const directoryOfTargets = await serve(({ headers }, response) => {
            if (headers.authorization !== `Basic ${Buffer.from("reader:word").toString("base64")}`) return response.writeHead(401).end();
            return response
                .setHeader("Content-Type", "application/json")
                .end(JSON.stringify([{ targets: listed, labels: { __meta_owner: "team a" } }]));
        });

        const remote = { apiServer: api.url, caSecret: "remote", tokenSecret: "remote" };
        const both = (index: number) => [
            { name: "machines", targets: machines, shard: { index, of: 2 }, labels: { team: "a$b" } },
            {
                name: "shop",
                kubernetes: { ...remote, namespaces: ["shop"], selector: "app=shop", port: "metrics" },
                shard: { index, of: 2 },
            },
            {
                name: "nodes",
                kubernetes: { ...remote, role: "Node" },
                shard: { index, of: 2 },
                scheme: "https",
                path: "/metrics/cadvisor",
                tokenSecret: "remote",
                insecureSkipVerify: true,
            },
            { name: "vms", consul: { server: consul, services: [`group-${index + 1}`], tags: ["prod"], tokenSecret: "consul" } },
        ];
        const blue = [
            ...both(0),
            { name: "payments", targets: functional.slice(0, 1) },
            { name: "legacy", targets: [urls.legacy.slice(7)], federate: { match: ['{__name__=~"job:.*"}'] } },
            {
                name: "listed",
                http: { url: `http://127.0.0.1:${directoryOfTargets}/targets`, basicAuthSecret: "directory" },
                relabelings: [{ sourceLabels: ["__meta_owner"], regex: "team (.*)", targetLabel: "team", replacement: "$1" }],
            },
            { name: "noisy", targets: [noisy], sampleLimit: 1 },
        ];
        const red = [...both(1), { name: "orders", targets: functional.slice(1) }];
        for (const [name, scrapeConfigs] of [
            ["blue", blue],
            ["red", red],
        ] as const) {
            const { prometheus } = loadConfig(
                observeeConfig(name, "local", { prometheus: { scrapeConfigs, externalLabels: { region: "eu" } } }),
            );
            await startPrometheus(name, await operated(prometheus.scrapeConfigs, prometheus.externalLabels));
        }
    });

    after(async () => {
        await processes.stop();
        for (const server of servers) {
            server.close();
            server.closeAllConnections();
        }
    });

    const instance = (at: string, tags: string[]) => {
        const [host = "", port = ""] = at.split(":");
        return { address: host, port: Number(port), tags };
    };

    /** The operator with the chart's flags, and the Prometheus of blue as the chart writes it. */
    async function installOperator(): Promise<void> {
        const go = async (program: string, args: readonly string[]) => (await exec(program, [...args], { timeout: 120_000 })).stdout;
        const crds = await crdDirectory(go);
        const objects = api.config.makeApiClient(CustomObjectsApi);
        // The client's own type of a CRD lacks fields.
        for (const plural of CRDS)
            await objects.createClusterCustomObject({
                ...{ group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" },
                body: parse(readFileSync(join(crds, `monitoring.coreos.com_${plural}.yaml`), "utf8")),
            });
        // The operator looks once, when it starts, which kinds there are.
        await eventually("the last CRD is served", 60, () =>
            objects.listClusterCustomObject({ group: GROUP.group, version: "v1", plural: CRDS.at(-1) ?? "" }),
        );
        const { prometheus, cluster, pods } = loadConfig(observeeConfig("blue", "local", { prometheus: { scrapeInterval: "1s" } }));
        const values = kubePrometheusStackValues({
            ...prometheus,
            pods,
            clusterName: cluster,
            storageClass: "standard",
            nodesHaveZones: true,
            alerting: { alertmanager: "off", replicas: 2, external: [], runbooks: "docs/runbooks" },
            objectStore: { secret: "thanos-objstore", checksum: "0a1b" },
        });
        writeFileSync(join(directory, "values.yaml"), stringify({ ...values, defaultRules: { create: false } }));
        const { stdout } = await exec(binaries.helm.path, [
            ...["template", "kps", CHART_SOURCE, "--namespace", NAMESPACE, "--kube-version", "1.34.4"],
            ...["--values", join(directory, "values.yaml")],
        ]);
        const rendered = parseAllDocuments(stdout).map((document) => document.toJS() as Rendered | null);
        const found = (kind: string, name: string) => rendered.find((object) => object?.kind === kind && object.metadata.name === name);
        const args = found("Deployment", "kps-operator")?.spec.template.spec.containers[0].args as string[];
        const web = await freePort();
        await processes.start(
            "operator",
            binaries.operator.path,
            args.map((arg) => arg.replace(/^--web.listen-address=.*/, `--web.listen-address=127.0.0.1:${web}`)),
            `http://127.0.0.1:${web}/healthz`,
            { KUBECONFIG: api.kubeconfig },
        );
        const core = api.config.makeApiClient(CoreV1Api);
        for (const name of [NAMESPACE, "shop", "other"]) await core.createNamespace({ body: { metadata: { name } } });
        await objects.createNamespacedCustomObject({
            ...GROUP,
            version: "v1",
            plural: "prometheuses",
            body: found("Prometheus", "kps-prometheus"),
        });
    }
    // biome-ignore lint/suspicious/noExplicitAny: a rendered manifest
    type Rendered = { kind: string; metadata: { name: string }; spec: any };

    /** Secrets, nodes and EndpointSlices. */
    async function objectsOfTheCluster(): Promise<void> {
        const core = api.config.makeApiClient(CoreV1Api);
        const secret = (name: string, stringData: Record<string, string>, more = {}) =>
            core.createNamespacedSecret({ namespace: NAMESPACE, body: { metadata: { name, ...more }, stringData } });
        await api.config.makeApiClient(StorageV1Api).createStorageClass({ body: { metadata: { name: "standard" }, provisioner: "none" } });
        await secret("consul", { token: "acl" });
        await secret("directory", { username: "reader", password: "word" });
        // The keys of a service account's Secret, with which another cluster is asked. The operator's informers leave that type out.
        await core.createNamespacedSecret({
            namespace: NAMESPACE,
            body: {
                metadata: { name: "remote", annotations: { "kubernetes.io/service-account.name": "reader" } },
                type: "kubernetes.io/service-account-token",
                stringData: { token: api.token, "ca.crt": api.certificate },
            },
        });
        const slice = (namespace: string, name: string, app: string, of: { port: number; portName: string }[]) =>
            Promise.all(
                of.map(({ port, portName }, i) =>
                    api.config.makeApiClient(DiscoveryV1Api).createNamespacedEndpointSlice({
                        namespace,
                        body: {
                            metadata: { name: `${name}-${i}`, labels: { app, "kubernetes.io/service-name": app } },
                            addressType: "IPv4",
                            endpoints: [{ addresses: [address], conditions: { ready: true } }],
                            ports: [{ name: portName, port, protocol: "TCP" }],
                        },
                    }),
                ),
            );
        await core.createNamespacedService({
            namespace: "shop",
            body: { metadata: { name: "shop" }, spec: { clusterIP: "None", ports: [{ name: "metrics", port: 80 }] } },
        });
        const ports = pods.map((at) => Number(at.split(":")[1]));
        await slice(
            "shop",
            "shop",
            "shop",
            ports.map((port) => ({ port, portName: "metrics" })),
        );
        // What must not be scraped: another port, another application, another namespace.
        await slice("shop", "page", "shop", [{ port: 1, portName: "http" }]);
        await slice("shop", "cart", "cart", [{ port: 2, portName: "metrics" }]);
        await slice("other", "shop", "shop", [{ port: 3, portName: "metrics" }]);
        for (const [i, at] of kubelets.entries()) {
            const name = `node-${i}`;
            await core.createNode({ body: { metadata: { name } } });
            const status = {
                addresses: [{ type: "InternalIP", address }],
                daemonEndpoints: { kubeletEndpoint: { Port: Number(at.split(":")[1]) } },
            };
            await core.replaceNodeStatus({ name, body: { metadata: { name }, status } });
        }
    }

    /** A Prometheus of before the fleet, with external labels like the fleet's own. */
    async function startLegacy(): Promise<void> {
        const [source] = await targets(1);
        writeFileSync(
            join(directory, "legacy.rules.yml"),
            stringify({ groups: [{ name: "a", rules: [{ record: "job:shop_orders:sum", expr: "sum by (job) (shop_orders)" }] }] }),
        );
        await startPrometheus("legacy", {
            global: {
                scrape_interval: "1s",
                evaluation_interval: "1s",
                external_labels: { cluster: "old", prometheus: "monitoring/old", prometheus_replica: "a", region: "us", floor: "2" },
            },
            rule_files: [join(directory, "legacy.rules.yml")],
            scrape_configs: [{ job_name: "of-legacy", static_configs: [{ targets: [source] }] }],
        });
    }

    const scrapedOnce = async (job: string, expected: string[]) =>
        eventually(`${job} is scraped`, 40, async () => {
            const [blue, red] = [await up("blue", job), await up("red", job)];
            assert.deepEqual([...blue, ...red].sort(), expected.map((at) => `${at} 1`).sort());
            return { blue: blue.length, red: red.length };
        });

    it("share the targets of a job between two stacks by hash: each is scraped by one of them", async () => {
        const { blue, red } = await scrapedOnce("machines", machines);
        assert.ok(blue > 0 && red > 0, `${blue} and ${red} targets`);
    });

    it("share jobs between stacks by function", async () => {
        await eventually("both jobs are scraped", 40, async () => {
            assert.deepEqual(await up("blue", "payments"), [`${functional[0]} 1`]);
            assert.deepEqual(await up("red", "orders"), [`${functional[1]} 1`]);
        });
        assert.deepEqual([await up("blue", "orders"), await up("red", "payments")], [[], []]);
    });

    it("find the addresses behind Services by EndpointSlices of another cluster, and share them", async () => {
        await scrapedOnce("shop", pods);
        const found = [...(await seriesOf("blue", 'up{job="shop"}')), ...(await seriesOf("red", 'up{job="shop"}'))];
        const labels = found.map(({ namespace, service, endpoint }) => ({ namespace, service, endpoint }));
        assert.deepEqual(
            labels,
            pods.map(() => ({ namespace: "shop", service: "shop", endpoint: "metrics" })),
        );
    });

    it("find the machines that Consul lists in a group, one group for each stack", async () => {
        await eventually("both groups are scraped", 40, async () => {
            assert.deepEqual(await up("blue", "vms"), group1.map((at) => `${at} 1`).sort());
            assert.deepEqual(await up("red", "vms"), group2.map((at) => `${at} 1`).sort());
        });
    });

    it("find nodes, share them by hash, and scrape their containers by the kubelet with a token", async () => {
        await eventually("the nodes are scraped", 40, async () => {
            const found = [...(await seriesOf("blue", 'up{job="nodes"} == 1')), ...(await seriesOf("red", 'up{job="nodes"} == 1'))];
            assert.deepEqual(found.map(({ node }) => node).sort(), ["node-0", "node-1", "node-2", "node-3"]);
        });
    });

    it("find what an HTTP server lists, with its labels", async () => {
        await eventually("the listed targets are scraped", 40, async () =>
            assert.deepEqual(
                (await seriesOf("blue", 'up{job="listed"} == 1')).map(({ instance, team }) => `${instance} ${team}`).sort(),
                listed.map((at) => `${at} a`).sort(),
            ),
        );
    });

    it("give every series their labels, and keep the series' own under another name where the fleet has that label", async () => {
        const [series] = await seriesOf("blue", 'shop_orders{job="machines"}');
        const { instance: _, ...labels } = series ?? {};
        assert.deepEqual(labels, {
            __name__: "shop_orders",
            job: "machines",
            team: "a$b",
            exported_cluster: "of the target",
            exported_region: "moon",
        });
    });

    it("leave out a target with too many samples", async () =>
        eventually("the target is down", 40, async () => {
            assert.deepEqual(await up("blue", "noisy"), [`${noisy} 0`]);
        }));

    it("copy each selected series of an existing Prometheus once, named as there, and end it with its original", async () => {
        await eventually("the series is there", 40, async () =>
            assert.deepEqual(await seriesOf("blue", '{exported_cluster="old"}'), [
                {
                    __name__: "job:shop_orders:sum",
                    job: "of-legacy",
                    floor: "2",
                    exported_cluster: "old",
                    exported_prometheus: "monitoring/old",
                    exported_region: "us",
                },
            ]),
        );
        await processes.kill(["legacy"]);
        await eventually("the series has ended", 20, async () => assert.deepEqual(await seriesOf("blue", "job:shop_orders:sum"), []));
    });
});
