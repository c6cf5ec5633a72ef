import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { SECRETS_DIR } from "../../components/thanos/workload";
import { TLS_FILES } from "../../components/tls/tlsSecret";
import { query as querySchema } from "../../config/schema/thanos";
import { type Run, runInProcess } from "../../engine/runInProcess";
import { toEngineConfig } from "../../engine/stackFile";
import { PROMETHEUS_REPLICA_LABEL } from "../../rules/model";
import { eventually } from "../support/eventually";
import { issue, type Pem } from "../support/issuedCertificates";
import { freePort, Processes } from "../support/processes";
import { RealThanos } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { addressOf } from "../support/shops";
import { temporaryDirectory } from "../support/temporaryDirectory";
import { observeeConfig, observerConfig } from "../support/testFleet";

/**
 * Two real Alertmanagers, the Prometheus of two clusters and Rule, on 127.0.0.1, with the flags, files and certificates that the stacks give them. Names of pods and of
 * load balancers are replaced by addresses here; the name that a certificate has to have is not.
 */

const DOMAIN = "fleet.test";
const OBSERVEES = [
    { name: "blue", mode: "sidecar" },
    { name: "red", mode: "sidecar-remote-write" },
    { name: "green", mode: "agent" },
] as const;

interface Issued {
    observer: { alertmanager: { server: Pem; client: Pem } };
    observees: Record<"blue" | "red", { alerts: Pem }> & { red: { writer: Pem } };
}

/** What the webhook gets: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. */
interface Notification {
    status: string;
    alerts: { labels: Record<string, string> }[];
}

const alertsOf = (name: string) => `
groups:
  - name: of the test
    rules:
      - { alert: ${name}, expr: vector(1), labels: { severity: critical } }
`;

const propsOf = (run: Run, type: RegExp, name: string) =>
    (run.resources.find((r) => type.test(r.type) && r.name === name) ?? assert.fail(name)).props;

describe("the fleet's Alertmanager", () => {
    const told: Notification[] = [];
    const prometheuses: Record<"blue" | "red", string[]> = { blue: [], red: [] };
    const ports: { web: number; gossip: number }[] = [];
    let directory: string;
    let processes: Processes;
    let receiver: Server;
    let issued: Issued;

    /** What a request with a client certificate is answered; or the error of the connection. */
    const asked = (pod: number, path: string, client?: Pem): Promise<string> =>
        new Promise((resolve) => {
            const { alertmanager } = issued.observer;
            const options = {
                host: "127.0.0.1",
                port: ports[pod]?.web,
                path,
                servername: `alertmanager.${DOMAIN}`,
                ca: alertmanager.client.ca,
            };
            request({ ...options, ...(client && { cert: client.cert, key: client.key }), agent: false }, async (answer) =>
                resolve(Buffer.concat(await answer.toArray()).toString("utf8")),
            )
                .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
                .end();
        });
    const alertsAt = async (pod: number) =>
        (JSON.parse(await asked(pod, "/api/v2/alerts", issued.observer.alertmanager.client)) as { labels: Record<string, string> }[])
            .map(({ labels }) => [labels.cluster, labels.alertname])
            .sort();

    /** Writes certificate, key and authority as a Secret is mounted. */
    async function mounted(name: string, pem: Pem): Promise<string> {
        const folder = join(directory, name);
        await mkdir(folder);
        for (const [key, file] of Object.entries(TLS_FILES)) await writeFile(join(folder, file), pem[key as keyof Pem]);
        return folder;
    }

    /** Puts the Alertmanagers' addresses here into what a stack configures. */
    const here = (text: string) =>
        ports.reduce(
            (replaced, { web, gossip }, pod) =>
                replaced
                    .replaceAll(`alertmanager-${pod}.${DOMAIN}:${19093 + pod}`, `127.0.0.1:${web}`)
                    .replaceAll(`fleet-alertmanager-${pod}.fleet-alertmanager.monitoring.svc.cluster.local:9093`, `127.0.0.1:${web}`)
                    .replaceAll(`fleet-alertmanager-${pod}.fleet-alertmanager.monitoring.svc.cluster.local:9094`, `127.0.0.1:${gossip}`),
            text,
        );

    before(async () => {
        directory = temporaryDirectory();
        processes = new Processes(directory);
        const binaries = await tools("alertmanager", "prometheus", "thanos", "promtool");
        ({ issued } = await issue<Issued>({
            clusterName: "observer",
            domain: DOMAIN,
            validity: "90d",
            renewBefore: "30d",
            observees: OBSERVEES,
            alertmanager: true,
        }));
        receiver = createServer(async (message, answer) => {
            told.push(JSON.parse(Buffer.concat(await message.toArray()).toString("utf8")));
            answer.end();
        }).listen(0, "127.0.0.1");

        const alerting = { alertmanager: "fleet" };
        const ofObserver = { observees: OBSERVEES, rule: {}, alerting: { ...alerting, configSecret: "receivers" } };
        const observer = await runInProcess("observer", toEngineConfig(observerConfig("local", ofObserver)));

        for (const _ of [0, 1]) ports.push({ web: await freePort(), gossip: await freePort() });
        const pods = propsOf(observer, /:StatefulSet$/, "fleet-alertmanager") as {
            spec: { replicas: number; template: { spec: { containers: { args: string[] }[] } } };
        };
        assert.equal(pods.spec.replicas, ports.length);
        const files = propsOf(observer, /:ConfigMap$/, "fleet-alertmanager").data as Record<string, string>;
        const server = await mounted("server", issued.observer.alertmanager.server);
        await writeFile(join(directory, "web.yml"), (files["web.yml"] ?? "").replaceAll("/etc/alertmanager/tls", server));
        await writeFile(
            join(directory, "alertmanager.yaml"),
            JSON.stringify({
                route: { receiver: "test", group_by: ["cluster", "alertname"], group_wait: "2s", group_interval: "5s" },
                receivers: [{ name: "test", webhook_configs: [{ url: `http://${addressOf(receiver)}`, send_resolved: false }] }],
            }),
        );
        for (const [pod, { web, gossip }] of ports.entries()) {
            const args = pods.spec.template.spec.containers[0]?.args.map((arg) =>
                here(arg)
                    .replace("/etc/alertmanager/config", directory)
                    .replace("/etc/alertmanager/files", directory)
                    .replace("--storage.path=/alertmanager", `--storage.path=${join(directory, `data-${pod}`)}`)
                    .replace(/^--web.listen-address=.*/, `--web.listen-address=127.0.0.1:${web}`)
                    .replace(/^--cluster.listen-address=.*/, `--cluster.listen-address=127.0.0.1:${gossip}`)
                    .replace("$(POD_NAME)", `fleet-alertmanager-${pod}`),
            );
            await processes.start(`alertmanager-${pod}`, binaries.alertmanager.path, args ?? [], `tcp://127.0.0.1:${web}`);
        }
        await eventually("gossip has settled in both", 60, async () => {
            for (const pod of [0, 1]) {
                const status = JSON.parse(await asked(pod, "/api/v2/status", issued.observer.alertmanager.client));
                assert.deepEqual([status.cluster.status, status.cluster.peers.length], ["ready", 2]);
            }
        });

        for (const cluster of ["blue", "red"] as const) {
            const stack = await runInProcess(
                cluster,
                toEngineConfig(observeeConfig(cluster, "local", { alerting })),
                () => observer.outputs,
            );
            const { prometheusSpec } = (
                propsOf(stack, /:Release$/, "kps").values as {
                    prometheus: { prometheusSpec: { secrets: string[]; additionalAlertManagerConfigs: unknown[] } };
                }
            ).prometheus;
            assert.deepEqual(prometheusSpec.secrets, ["alerts-tls"]);
            const certificate = await mounted(`alerts-${cluster}`, issued.observees[cluster].alerts);
            const alertmanagers = here(JSON.stringify(prometheusSpec.additionalAlertManagerConfigs)).replaceAll(
                "/etc/prometheus/secrets/alerts-tls",
                certificate,
            );
            await writeFile(join(directory, `${cluster}.rules`), alertsOf("OfACluster"));
            for (const replica of ["a", "b"]) {
                const config = join(directory, `${cluster}-${replica}.yml`);
                await writeFile(
                    config,
                    JSON.stringify({
                        global: { evaluation_interval: "1s", external_labels: { cluster, [PROMETHEUS_REPLICA_LABEL]: replica } },
                        rule_files: [`${cluster}.rules`],
                        alerting: {
                            // As the operator writes it (its pkg/prometheus/promcfg.go).
                            alert_relabel_configs: [{ action: "labeldrop", regex: PROMETHEUS_REPLICA_LABEL }],
                            alertmanagers: JSON.parse(alertmanagers),
                        },
                    }),
                );
                const web = `127.0.0.1:${await freePort()}`;
                await processes.start(
                    `prometheus-${cluster}-${replica}`,
                    binaries.prometheus.path,
                    [
                        `--config.file=${config}`,
                        `--storage.tsdb.path=${join(directory, `data-${cluster}-${replica}`)}`,
                        `--web.listen-address=${web}`,
                        "--rules.alert.resend-delay=1s",
                        "--web.enable-lifecycle",
                    ],
                    `http://${web}/-/ready`,
                );
                prometheuses[cluster].push(web);
            }
        }

        const thanos = new RealThanos(processes, binaries);
        const query = await thanos.start("query", queryFlags({ ...querySchema.parse({}), leaf: false }), {
            "endpoints.yml": endpointsFile([]),
        });
        const rule = propsOf(observer, /:StatefulSet$/, "thanos-rule") as typeof pods;
        const certificate = await mounted("alerts-observer", issued.observer.alertmanager.client);
        await writeFile(join(directory, "green.rules"), alertsOf("OfAnAgent").replace("severity", "cluster: green, severity"));
        for (const pod of [0, 1]) {
            const args = rule.spec.template.spec.containers[0]?.args.flatMap((arg) =>
                arg.startsWith("--rule-file=")
                    ? []
                    : [
                          here(arg)
                              .replace(/^--query=.*/, `--query=http://${query.http}`)
                              .replace("$(POD_NAME)", `thanos-rule-${pod}`)
                              .replace(/^--eval-interval=.*/, "--eval-interval=1s")
                              .replaceAll(`${SECRETS_DIR}/alerts-tls`, certificate),
                      ],
            );
            await thanos.start(`rule-${pod}`, [...(args ?? []), "--resend-delay=1s", `--rule-file=${join(directory, "green.rules")}`], {
                "objstore.yml": thanos.objectStore("rule"),
            });
        }
    });
    after(async () => {
        await processes.stop();
        receiver.close();
    });

    it("is told of an alert of a cluster of each mode, in every pod, and tells it once", async () => {
        const all = [
            ["blue", "OfACluster"],
            ["green", "OfAnAgent"],
            ["red", "OfACluster"],
        ];
        for (const pod of [0, 1])
            await eventually(`pod ${pod} has every alert`, 60, async () => assert.deepEqual(await alertsAt(pod), all));
        await eventually("each alert has been told", 60, async () => assert.ok(told.length >= all.length));
        // The second pod waits 15 s for the first one before it tells what that has not told.
        await sleep(25_000);
        assert.deepEqual(
            told.map(({ status, alerts }) => JSON.stringify([status, alerts.map(({ labels }) => labels)])).sort(),
            all.map(([cluster, alertname]) => JSON.stringify(["firing", [{ alertname, cluster, severity: "critical" }]])).sort(),
        );
    });

    it("refuses a client without a certificate, and one that may only write to Receive", async () => {
        const { alertmanager } = issued.observer;
        assert.equal(await asked(0, "/-/ready", alertmanager.client), "OK");
        assert.equal(await asked(0, "/-/ready"), "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
        assert.equal(await asked(0, "/-/ready", issued.observees.red.writer), "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA");
    });

    it("tells an alert once while one of its pods is away", async () => {
        await processes.kill(["alertmanager-0"]);
        const before = told.length;
        await writeFile(join(directory, "blue.rules"), alertsOf("Later"));
        for (const web of prometheuses.blue) assert.equal((await fetch(`http://${web}/-/reload`, { method: "POST" })).status, 200);
        await eventually("the alert has been told", 60, async () => assert.ok(told.length > before));
        await sleep(10_000);
        assert.deepEqual(
            told.slice(before).map(({ alerts }) => alerts.map(({ labels }) => [labels.cluster, labels.alertname])),
            [[["blue", "Later"]]],
        );
    });
});
