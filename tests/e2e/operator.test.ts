import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { CustomObjectsApi } from "@kubernetes/client-node";
import { KPS } from "../../components/naming/names";
import { eventually } from "../support/eventually";
import { apps, core, kubeConfig, NAMESPACE } from "../support/runningFleet";

/** A namespace of somebody who has an operator of their own in blue. */
const OTHERS = "others";

describe("the operator of an observee", () => {
    before(async () => void (await (await core("blue")).createNamespace({ body: { metadata: { name: OTHERS } } })));
    after(async () => void (await (await core("blue")).deleteNamespace({ name: OTHERS })));

    const create = async (plural: string, kind: string, name: string, spec: object, annotations = {}) =>
        (await kubeConfig("blue")).makeApiClient(CustomObjectsApi).createNamespacedCustomObject({
            group: "monitoring.coreos.com",
            version: "v1",
            namespace: OTHERS,
            plural,
            body: { apiVersion: "monitoring.coreos.com/v1", kind, metadata: { name, annotations }, spec },
        });

    it("leaves a Prometheus of others to their operator, and takes their ServiceMonitors", async () => {
        const ours = { "operator.prometheus.io/controller-id": "thanos-fleet" };
        await create("prometheuses", "Prometheus", "theirs", { replicas: 0 });
        await create("servicemonitors", "ServiceMonitor", "theirs", {
            selector: { matchLabels: { app: "theirs" } },
            endpoints: [{ port: "http" }],
        });
        // Made last, with our annotation: once the operator has handled it, it has passed by the other one.
        await create("prometheuses", "Prometheus", "ours", { replicas: 0 }, ours);
        const made = await eventually("the StatefulSet of ours", 60, async () => {
            const { items } = await (await apps("blue")).listNamespacedStatefulSet({ namespace: OTHERS });
            assert.notEqual(items.length, 0);
            return items.map(({ metadata }) => metadata?.name);
        });
        assert.deepEqual(made, ["prometheus-ours"]);
        await eventually("the scrape job of their ServiceMonitor", 60, async () => {
            const { data = {} } = await (await core("blue")).readNamespacedSecret({
                namespace: NAMESPACE,
                name: `prometheus-${KPS}-prometheus`,
            });
            const file = gunzipSync(Buffer.from(data["prometheus.yaml.gz"] ?? "", "base64")).toString();
            assert.match(file, new RegExp(`job_name: serviceMonitor/${OTHERS}/theirs/0`));
        });
    });
});
