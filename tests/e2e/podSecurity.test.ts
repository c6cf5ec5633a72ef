import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import { CLUSTERS, type ClusterName } from "../../local/fleet/settings";
import { core, kubeConfig, NAMESPACE } from "../support/runningFleet";

const POD_SECURITY = "pod-security.kubernetes.io";

/** What the API server warns of when a namespace is to enforce `restricted`: the pods in it that it would refuse. Nothing is changed. */
async function refusedPods(cluster: ClusterName): Promise<string[]> {
    const config = await kubeConfig(cluster);
    const url = `${config.getCurrentCluster()?.server}/api/v1/namespaces/${NAMESPACE}?dryRun=All`;
    const options: RequestOptions = { method: "PATCH", headers: { "Content-Type": "application/merge-patch+json" } };
    await config.applyToHTTPSOptions(options);
    const sent = request(url, options).end(JSON.stringify({ metadata: { labels: { [`${POD_SECURITY}/enforce`]: "restricted" } } }));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 200);
    const warnings = [response.headers.warning ?? []].flat().join("\n");
    return [...warnings.matchAll(/299 - "([a-z0-9-]+): /g)].map(([, pod = ""]) => pod);
}

describe("the Pod Security Standard restricted", () => {
    for (const { name: cluster } of CLUSTERS)
        it(`is met by every pod of ${cluster}, except node-exporter, which the namespace allows, and warns of`, async () => {
            const { items } = await (await core(cluster)).listNamespacedPod({ namespace: NAMESPACE });
            assert.ok(items.length > 3);
            assert.deepEqual(
                (await refusedPods(cluster)).map((pod) => pod.replace(/-[a-z0-9]{5}$/, "")),
                ["kps-prometheus-node-exporter"],
            );
            const { metadata } = await (await core(cluster)).readNamespace({ name: NAMESPACE });
            assert.deepEqual(
                Object.entries(metadata?.labels ?? {})
                    .filter(([label]) => label.startsWith(POD_SECURITY))
                    .sort(),
                [
                    [`${POD_SECURITY}/audit`, "restricted"],
                    [`${POD_SECURITY}/enforce`, "privileged"],
                    [`${POD_SECURITY}/warn`, "restricted"],
                ],
            );
        });
});
