import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CustomObjectsApi } from "@kubernetes/client-node";
import { CLUSTER_LABEL } from "../../config/labels";
import type { ClusterName } from "../../local/fleet/settings";
import { BRIDGE } from "../../local/offline/cluster/spec";
import { kubeConfig, NAMESPACE } from "./runningFleet";

/** API group of prometheus-operator. */
export const OPERATOR_GROUP = "monitoring.coreos.com";

/** Longer than it takes Alertmanager to tell an alert of the other Prometheus, or of the other pod of Rule: the interval of a group. */
export const TOLD_AGAIN_MS = 25_000;

/** What a webhook is told by Alertmanager 0.34 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), without its times. */
interface Told {
    /** The cluster whose Alertmanager told it. */
    from: string;
    status: string;
    /** The labels of each alert. */
    alerts: Record<string, string>[];
}

/**
 * Receives the alerts with this label from the Alertmanager of each of the clusters, a notification for each `cluster` of the alerts. `name` should be
 * new in each run: Alertmanager keeps an alert for minutes after its rule is gone, and remembers for hours what it has told whom.
 */
export async function alertReceiver(name: string, clusters: readonly ClusterName[], label: { name: string; value: string }) {
    const received: Told[] = [];
    const server = createServer(async (request, answer) => {
        const { status, alerts } = JSON.parse(Buffer.concat(await request.toArray()).toString("utf8"));
        received.push({ from: (request.url ?? "").slice(1), status, alerts: alerts.map(({ labels }: { labels: object }) => labels) });
        answer.end();
    });
    const [host] = BRIDGE.address.split("/");
    server.listen(0, host);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    const configs = { group: OPERATOR_GROUP, version: "v1alpha1", namespace: NAMESPACE, plural: "alertmanagerconfigs" };
    const apiOf = async (cluster: ClusterName) => (await kubeConfig(cluster)).makeApiClient(CustomObjectsApi);
    for (const cluster of clusters)
        await (await apiOf(cluster)).createNamespacedCustomObject({
            ...configs,
            body: {
                apiVersion: `${OPERATOR_GROUP}/v1alpha1`,
                kind: "AlertmanagerConfig",
                metadata: { name, namespace: NAMESPACE },
                spec: {
                    route: {
                        receiver: name,
                        matchers: [{ ...label, matchType: "=" }],
                        groupBy: [CLUSTER_LABEL],
                        groupWait: "5s",
                        groupInterval: "10s",
                    },
                    receivers: [{ name, webhookConfigs: [{ url: `http://${host}:${port}/${cluster}`, sendResolved: false }] }],
                },
            },
        });
    return {
        received,
        async close() {
            server.close();
            for (const cluster of clusters) await (await apiOf(cluster)).deleteNamespacedCustomObject({ ...configs, name });
        },
    };
}
