import assert from "node:assert/strict";
import { alertsOfObserver } from "../../../components/stack/alertsOf";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { groupsOf } from "../../../plan/groups";
import { observeeConfig, observerConfig } from "../../support/testFleet";

const OBSERVEES = [
    { name: "blue", mode: "sidecar" },
    { name: "green", mode: "agent" },
];
const FLEET = { alertmanager: "fleet" };
const settings = (alerting: object = FLEET) => observerConfig("local", { observees: OBSERVEES, rule: {}, alerting });
const build = (alerting?: object) => runInProcess("observer", toEngineConfig(settings(alerting)));
const observee = (name: string, observer: Run, alerting: object = FLEET) =>
    runInProcess(name, toEngineConfig(observeeConfig(name, "local", { alerting })), () => observer.outputs);

const named = (run: Run, type: RegExp) =>
    run.resources
        .filter((r) => type.test(r.type))
        .map(({ name }) => name)
        .filter((name) => /alertmanager|alerts-/.test(name))
        .sort();
const propsOf = (run: Run, type: RegExp, name: string) =>
    (run.resources.find((r) => type.test(r.type) && r.name === name) ?? assert.fail(name)).props as Record<string, unknown>;

interface Pod {
    replicas: number;
    template: { spec: { containers: { args: string[]; volumeMounts: { mountPath: string }[] }[]; volumes: object[] } };
}
const podOf = (run: Run, name = "fleet-alertmanager") => propsOf(run, /:StatefulSet$/, name).spec as Pod;
const argsOf = (run: Run, name?: string) => podOf(run, name).template.spec.containers[0]?.args ?? [];
const valuesOf = (run: Run) =>
    propsOf(run, /:Release$/, "kps").values as { alertmanager: object; prometheus: { prometheusSpec: Record<string, unknown> } };

const tls = (folder: string) => ({
    ca_file: `${folder}/alerts-tls/ca.crt`,
    cert_file: `${folder}/alerts-tls/tls.crt`,
    key_file: `${folder}/alerts-tls/tls.key`,
    server_name: "alertmanager.fleet.test",
});
const PODS = [0, 1].map((pod) => `fleet-alertmanager-${pod}.fleet-alertmanager.monitoring.svc.cluster.local`);

describe("the fleet's Alertmanager", () => {
    let run: Run;
    before(async () => {
        run = await build();
    });

    it("runs in the observer instead of the chart's, and its pods know each other", () => {
        assert.deepEqual(valuesOf(run).alertmanager, { enabled: false });
        assert.equal(podOf(run).replicas, 2);
        assert.deepEqual(argsOf(run), [
            "--log.format=json",
            "--config.file=/etc/alertmanager/files/alertmanager.yaml",
            "--storage.path=/alertmanager",
            "--web.listen-address=:9093",
            "--web.config.file=/etc/alertmanager/files/web.yml",
            "--web.external-url=https://alertmanager-0.fleet.test:19093",
            "--cluster.listen-address=[$(POD_IP)]:9094",
            "--cluster.peer-name=$(POD_NAME)",
            ...PODS.map((pod) => `--cluster.peer=${pod}:9094`),
            "--cluster.label=monitoring/fleet-alertmanager",
            "--cluster.reconnect-timeout=5m",
        ]);
        assert.deepEqual(named(run, /:PodDisruptionBudget$/), ["fleet-alertmanager"]);
    });

    it("answers clients with a certificate only", () => {
        const files = propsOf(run, /:ConfigMap$/, "fleet-alertmanager").data as Record<string, string>;
        assert.deepEqual(JSON.parse(files["web.yml"] ?? ""), {
            tls_server_config: {
                cert_file: "/etc/alertmanager/tls/tls.crt",
                key_file: "/etc/alertmanager/tls/tls.key",
                client_ca_file: "/etc/alertmanager/tls/ca.crt",
                client_auth_type: "RequireAndVerifyClientCert",
                min_version: "TLS13",
            },
        });
        const { ingress } = propsOf(run, /:NetworkPolicy$/, "fleet-alertmanager").spec as { ingress: object[] };
        const from = [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "fleet-alertmanager" } } }];
        assert.deepEqual(ingress, [
            { ports: [{ port: 9093, protocol: "TCP" }] },
            { ports: [{ port: 9094, protocol: "TCP" }], from },
            { ports: [{ port: 9094, protocol: "UDP" }], from },
        ]);
    });

    it("has an address for each pod, where every alert has to arrive", () => {
        const services = run.resources.filter(({ type, name }) => type.endsWith(":Service") && /^fleet-alertmanager-/.test(name));
        assert.deepEqual(
            services.map(({ name, props }) => {
                const { metadata, spec } = props as {
                    metadata: { annotations: Record<string, string> };
                    spec: { selector: object; ports: object[]; type: string };
                };
                return [name, metadata.annotations["external-dns.kubernetes.io/hostname"], spec.type, spec.selector, spec.ports];
            }),
            [0, 1].map((pod) => [
                `fleet-alertmanager-${pod}-external`,
                `alertmanager-${pod}.fleet.test`,
                "LoadBalancer",
                { "statefulset.kubernetes.io/pod-name": `fleet-alertmanager-${pod}` },
                [{ name: "https", port: 19093 + pod, targetPort: "https" }],
            ]),
        );
        assert.deepEqual((run.outputs.contract as { alertmanagers: string[] }).alertmanagers, [
            "https://alertmanager-0.fleet.test:19093",
            "https://alertmanager-1.fleet.test:19094",
        ]);
    });

    it("gets the alerts of the observer's own Prometheus and of Rule, in every pod, by names inside the cluster", () => {
        const { secrets, additionalAlertManagerConfigs } = valuesOf(run).prometheus.prometheusSpec;
        assert.deepEqual(secrets, ["alerts-tls"]);
        assert.deepEqual(
            additionalAlertManagerConfigs,
            PODS.map((pod) => ({
                scheme: "https",
                static_configs: [{ targets: [`${pod}:9093`] }],
                tls_config: tls("/etc/prometheus/secrets"),
            })),
        );
        const flag = argsOf(run, "thanos-rule").find((arg) => arg.startsWith("--alertmanagers.config="));
        assert.deepEqual(JSON.parse(flag?.slice("--alertmanagers.config=".length) ?? ""), {
            alertmanagers: PODS.map((pod) => ({
                scheme: "https",
                static_configs: [`${pod}:9093`],
                http_config: { tls_config: tls("/etc/thanos/secrets") },
                api_version: "v2",
            })),
        });
    });

    it("lets amtool in a pod set silences, with the observer's certificate", () => {
        const files = propsOf(run, /:ConfigMap$/, "fleet-alertmanager-amtool").data as Record<string, string>;
        assert.deepEqual(Object.fromEntries(Object.entries(files).map(([file, text]) => [file, JSON.parse(text)])), {
            "config.yml": { "alertmanager.url": "https://localhost:9093", "http.config.file": "/etc/amtool/http.yml" },
            "http.yml": { tls_config: tls("/etc/alertmanager/secrets") },
        });
        const mounts = podOf(run).template.spec.containers[0]?.volumeMounts.map(({ mountPath }) => mountPath);
        assert.deepEqual(mounts, [
            "/alertmanager",
            "/etc/alertmanager/files",
            "/etc/alertmanager/tls",
            "/etc/alertmanager/secrets/alerts-tls",
            "/etc/amtool",
        ]);
    });

    it("is scraped with the observer's certificate, and missed where a pod of it does not answer", () => {
        const { endpoints } = propsOf(run, /:ServiceMonitor$/, "fleet-alertmanager").spec as { endpoints: object[] };
        const of = (key: string) => ({ name: "alerts-tls", key });
        assert.deepEqual(endpoints, [
            {
                port: "https",
                scheme: "https",
                tlsConfig: {
                    serverName: "alertmanager.fleet.test",
                    ca: { secret: of("ca.crt") },
                    cert: { secret: of("tls.crt") },
                    keySecret: of("tls.key"),
                },
            },
        ]);
        const alerts = alertsOfObserver(loadConfig(settings()) as ObserverConfig, "2027-01-01T00:00:00Z");
        assert.match(JSON.stringify(alerts), /fleet-alertmanager/);
    });

    it("reads receivers from the Secret that is named, and one pod needs one address", async () => {
        const small = await build({ ...FLEET, replicas: 1, configSecret: "receivers" });
        assert.equal(argsOf(small)[1], "--config.file=/etc/alertmanager/config/alertmanager.yaml");
        assert.deepEqual(podOf(small).template.spec.volumes.at(-1), { name: "config", secret: { secretName: "receivers" } });
        assert.deepEqual(Object.keys(propsOf(small, /:ConfigMap$/, "fleet-alertmanager").data as object), ["web.yml"]);
        assert.deepEqual(named(small, /:Service$/), ["fleet-alertmanager", "fleet-alertmanager-0-external"]);
        assert.deepEqual(named(small, /:PodDisruptionBudget$/), []);
    });

    it("is what an observee that says so sends to, with a certificate of its own and without an Alertmanager", async () => {
        const blue = await observee("blue", run);
        const { secrets, additionalAlertManagerConfigs } = valuesOf(blue).prometheus.prometheusSpec;
        assert.deepEqual(valuesOf(blue).alertmanager, { enabled: false });
        assert.deepEqual(secrets, ["alerts-tls"]);
        assert.deepEqual(
            additionalAlertManagerConfigs,
            [0, 1].map((pod) => ({
                scheme: "https",
                static_configs: [{ targets: [`alertmanager-${pod}.fleet.test:${19093 + pod}`] }],
                tls_config: tls("/etc/prometheus/secrets"),
            })),
        );
        assert.deepEqual(named(blue, /:(Secret|StatefulSet|Service)$/), ["alerts-tls"]);
    });

    it("has nothing to do with an observee that has its own, or that is an agent", async () => {
        const blue = await observee("blue", run, {});
        assert.deepEqual(named(blue, /:Secret$/), []);
        assert.equal("additionalAlertManagerConfigs" in valuesOf(blue).prometheus.prometheusSpec, false);
        const green = await observee("green", run);
        assert.deepEqual(named(green, /:Secret$/), []);
        assert.equal("additionalAlertManagerConfigs" in valuesOf(green).prometheus.prometheusSpec, false);
    });

    it("is in the plan with its receivers, and with what an observee loses while the observer is away", async () => {
        const rows = (stack: Run) =>
            groupsOf({ stack: "", role: "", cloud: "", ...stack } as never)
                .find(({ title }) => title === "Prometheus")
                ?.rows.map((cells) => cells.filter(Boolean).join(" | "));
        assert.deepEqual(
            rows(run)?.filter((row) => /alert/.test(row)),
            [
                `alerts | sent to the fleet's Alertmanager (${PODS.map((pod) => `${pod}:9093`).join(", ")}); while the observer is away, nobody is told`,
                "fleet-alertmanager | 2 replicas | no receivers: set alerting.configSecret",
            ],
        );
        assert.deepEqual(
            rows(await observee("blue", run))?.filter((row) => /alert/.test(row)),
            [
                "alerts | sent to the fleet's Alertmanager (alertmanager-0.fleet.test:19093, alertmanager-1.fleet.test:19094); while the observer is away, nobody is told",
            ],
        );
    });

    it("goes as it came: without it the chart's own is back, and no certificate is left", async () => {
        const before = await build({});
        assert.deepEqual(named(before, /./), []);
        assert.equal((valuesOf(before).alertmanager as { enabled: boolean }).enabled, true);
        assert.equal("alertmanagers" in (before.outputs.contract as object), false);
    });
});
