import assert from "node:assert/strict";
import { query } from "../../clients/thanos";
import { CLUSTER_LABEL } from "../../config/labels";
import { CLUSTERS } from "../../local/fleet/settings";
import { apps, frontend, NAMESPACE } from "../support/runningFleet";

describe("kube-state-metrics", () => {
    it("has each Deployment of each cluster once, under the Deployment's own namespace", async () => {
        const counted = await query(await frontend(), `count by (${CLUSTER_LABEL}) (kube_deployment_created{namespace="${NAMESPACE}"})`);
        const expected = await Promise.all(
            CLUSTERS.map(async ({ name }) => {
                const { items } = await (await apps(name)).listNamespacedDeployment({ namespace: NAMESPACE });
                return [name, items.length];
            }),
        );
        assert.deepEqual(
            Object.fromEntries(counted.map(({ metric, value }) => [metric[CLUSTER_LABEL], value])),
            Object.fromEntries(expected),
        );
    });
});
