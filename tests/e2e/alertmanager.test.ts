import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CustomObjectsApi } from "@kubernetes/client-node";
import { query } from "../../clients/thanos";
import { KPS } from "../../components/naming/names";
import { CLUSTER_LABEL, RECEIVE_REPLICA_LABEL } from "../../config/labels";
import { CLUSTERS } from "../../local/fleet/settings";
import { BRIDGE } from "../../local/offline/cluster/spec";
import { eventually } from "../support/eventually";
import { frontend, kubeConfig, NAMESPACE } from "../support/runningFleet";

/** New in each run: Alertmanager keeps an alert for minutes after its rule is gone, and remembers for hours what it has told whom. */
const RUN = Date.now();
const ALERT = `OfTheTest${RUN}`;
const NAME = `of-the-test-${RUN}`;
const GROUP = "monitoring.coreos.com";

/** The webhook of Alertmanager 0.34 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
interface Notification {
    cluster: string;
    status: string;
    alerts: { labels: Record<string, string>; startsAt: string }[];
}

describe("an alert that both Prometheus of a cluster fire", () => {
    const received: Notification[] = [];
    let receiver: Server;

    before(async () => {
        receiver = createServer(async (request, answer) => {
            const body = Buffer.concat(await request.toArray()).toString("utf8");
            received.push({ cluster: (request.url ?? "").slice(1), ...JSON.parse(body) });
            answer.end();
        });
        const [host] = BRIDGE.address.split("/");
        receiver.listen(0, host);
        await once(receiver, "listening");
        const port = (receiver.address() as AddressInfo).port;
        for (const { name } of CLUSTERS)
            for (const [version, plural, object] of [
                ["v1", "prometheusrules", rule()],
                ["v1alpha1", "alertmanagerconfigs", receiverAt(`http://${host}:${port}/${name}`)],
            ] as const)
                await (await kubeConfig(name))
                    .makeApiClient(CustomObjectsApi)
                    .createNamespacedCustomObject({ group: GROUP, version, namespace: NAMESPACE, plural, body: object });
    });

    after(async () => {
        for (const { name } of CLUSTERS) {
            const api = (await kubeConfig(name)).makeApiClient(CustomObjectsApi);
            const object = { group: GROUP, namespace: NAMESPACE, name: NAME };
            await api.deleteNamespacedCustomObject({ ...object, version: "v1", plural: "prometheusrules" });
            await api.deleteNamespacedCustomObject({ ...object, version: "v1alpha1", plural: "alertmanagerconfigs" });
        }
        receiver.close();
    });

    it("is told once by the cluster's Alertmanager, with the name of the cluster", async () => {
        const names = CLUSTERS.map(({ name }) => name);
        await eventually("the alert fires in both Prometheus of each cluster", 240, async () => {
            const ofSidecars = `ALERTS{alertname="${ALERT}", alertstate="firing", ${RECEIVE_REPLICA_LABEL}=""}`;
            const firing = await query(await frontend(), ofSidecars, { dedup: false });
            assert.deepEqual(firing.map(({ metric }) => metric[CLUSTER_LABEL]).sort(), [...names, ...names].sort());
        });
        await eventually("each Alertmanager has told it", 240, async () =>
            assert.deepEqual(received.map(({ cluster }) => cluster).sort(), [...names].sort()),
        );
        // A second notification, of the other Prometheus's alert, would follow after the group's interval.
        await sleep(25_000);
        assert.deepEqual(
            received
                .map(({ cluster, status, alerts }) => ({ cluster, status, labels: alerts.map(({ labels }) => labels) }))
                .sort((a, b) => a.cluster.localeCompare(b.cluster)),
            [...names].sort().map((cluster) => ({
                cluster,
                status: "firing",
                labels: [
                    { alertname: ALERT, namespace: NAMESPACE, [CLUSTER_LABEL]: cluster, prometheus: `${NAMESPACE}/${KPS}-prometheus` },
                ],
            })),
        );
    });
});

const metadata = { name: NAME, namespace: NAMESPACE };

const rule = () => ({
    apiVersion: `${GROUP}/v1`,
    kind: "PrometheusRule",
    metadata,
    // The operator lets a configuration take only the alerts of its own namespace.
    spec: { groups: [{ name: NAME, rules: [{ alert: ALERT, expr: "vector(1)", labels: { namespace: NAMESPACE } }] }] },
});

const receiverAt = (url: string) => ({
    apiVersion: `${GROUP}/v1alpha1`,
    kind: "AlertmanagerConfig",
    metadata,
    spec: {
        route: {
            receiver: NAME,
            matchers: [{ name: "alertname", matchType: "=", value: ALERT }],
            groupWait: "5s",
            groupInterval: "10s",
        },
        receivers: [{ name: NAME, webhookConfigs: [{ url, sendResolved: false }] }],
    },
});
