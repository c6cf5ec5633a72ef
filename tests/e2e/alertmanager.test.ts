import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { CustomObjectsApi } from "@kubernetes/client-node";
import { query } from "../../clients/thanos";
import { KPS } from "../../components/naming/names";
import { CLUSTER_LABEL, RECEIVE_REPLICA_LABEL } from "../../config/labels";
import { CLUSTERS, type ClusterName } from "../../local/fleet/settings";
import { alertReceiver, OPERATOR_GROUP, TOLD_AGAIN_MS } from "../support/alertReceiver";
import { eventually } from "../support/eventually";
import { frontend, kubeConfig, NAMESPACE } from "../support/runningFleet";

const RUN = Date.now();
const ALERT = `OfTheTest${RUN}`;
const NAME = `of-the-test-${RUN}`;

describe("an alert that both Prometheus of a cluster fire", () => {
    const names = CLUSTERS.map(({ name }) => name).sort();
    let receiver: Awaited<ReturnType<typeof alertReceiver>>;
    const rules = { group: OPERATOR_GROUP, version: "v1", namespace: NAMESPACE, plural: "prometheusrules" };
    const apiOf = async (cluster: ClusterName) => (await kubeConfig(cluster)).makeApiClient(CustomObjectsApi);

    before(async () => {
        receiver = await alertReceiver(NAME, names, { name: "alertname", value: ALERT });
        for (const name of names) await (await apiOf(name)).createNamespacedCustomObject({ ...rules, body: rule });
    });

    after(async () => {
        for (const name of names) await (await apiOf(name)).deleteNamespacedCustomObject({ ...rules, name: NAME });
        await receiver.close();
    });

    it("is told once by the cluster's Alertmanager, with the name of the cluster", async () => {
        await eventually("the alert fires in both Prometheus of each cluster", 240, async () => {
            const ofSidecars = `ALERTS{alertname="${ALERT}", alertstate="firing", ${RECEIVE_REPLICA_LABEL}=""}`;
            const firing = await query(await frontend(), ofSidecars, { dedup: false });
            assert.deepEqual(firing.map(({ metric }) => metric[CLUSTER_LABEL]).sort(), [...names, ...names].sort());
        });
        const told = () => receiver.received.sort((a, b) => a.from.localeCompare(b.from));
        const expected = names.map((cluster) => ({
            from: cluster,
            status: "firing",
            alerts: [{ alertname: ALERT, namespace: NAMESPACE, [CLUSTER_LABEL]: cluster, prometheus: `${NAMESPACE}/${KPS}-prometheus` }],
        }));
        await eventually("each Alertmanager has told it", 240, async () => assert.deepEqual(told(), expected));
        await sleep(TOLD_AGAIN_MS);
        assert.deepEqual(told(), expected);
    });
});

const rule = {
    apiVersion: `${OPERATOR_GROUP}/v1`,
    kind: "PrometheusRule",
    metadata: { name: NAME, namespace: NAMESPACE },
    // The operator lets a configuration take only the alerts of its own namespace.
    spec: { groups: [{ name: NAME, rules: [{ alert: ALERT, expr: "vector(1)", labels: { namespace: NAMESPACE } }] }] },
};
