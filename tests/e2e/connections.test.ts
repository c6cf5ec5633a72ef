import assert from "node:assert/strict";
import { NetworkingV1Api, type V1Pod } from "@kubernetes/client-node";
import { scalar } from "../../clients/thanos";
import { CLUSTERS, type ClusterName } from "../../local/fleet/settings";
import { establishedConnections } from "../support/connections";
import { eventually } from "../support/eventually";
import { core, frontend, kubeConfig, NAMESPACE } from "../support/runningFleet";

/**
 * The network plugin of the local clusters enforces no NetworkPolicy. So what the policies allow is compared with the connections that the pods really have:
 * one that is missing in a policy would be refused elsewhere, and one that nobody has is open for nothing.
 */
const partOf = ({ metadata }: V1Pod) =>
    metadata?.labels?.["app.kubernetes.io/component"] ?? metadata?.labels?.["app.kubernetes.io/name"] ?? "";

const matches = (labels: Record<string, string> = {}, selector: Record<string, string> = {}) =>
    Object.entries(selector).every(([key, value]) => labels[key] === value);

/** `to:port from` for each port that is not open to everybody, and the ports that are: `to:port`. */
async function allowedIn(cluster: ClusterName, pods: V1Pod[]) {
    const { items } = await (await kubeConfig(cluster))
        .makeApiClient(NetworkingV1Api)
        .listNamespacedNetworkPolicy({ namespace: NAMESPACE });
    const selected = (selector: Record<string, string> | undefined) => pods.filter(({ metadata }) => matches(metadata?.labels, selector));
    const limited = new Set<string>();
    const open = new Set<string>();
    const isolated = new Set<string>();
    for (const { spec } of items)
        for (const to of selected(spec?.podSelector?.matchLabels).map(partOf)) {
            isolated.add(to);
            for (const { ports = [], _from } of spec?.ingress ?? [])
                for (const { port } of ports) {
                    if (_from === undefined) open.add(`${to}:${port}`);
                    for (const { podSelector } of _from ?? [])
                        for (const from of selected(podSelector?.matchLabels).map(partOf)) limited.add(`${to}:${port} ${from}`);
                }
        }
    return { limited, open, isolated };
}

describe("the NetworkPolicies", () => {
    for (const { name: cluster } of CLUSTERS)
        it(`of ${cluster} allow exactly the connections that its pods have`, async () => {
            const api = await core(cluster);
            const pods = (await api.listNamespacedPod({ namespace: NAMESPACE })).items.filter(({ spec }) => !spec?.hostNetwork);
            const nodes = (await api.listNode()).items.flatMap(({ status }) => status?.addresses ?? []).map(({ address }) => address);
            const { limited, open, isolated } = await allowedIn(cluster, pods);
            assert.ok(isolated.has("query") && isolated.has("prometheus"));
            const byAddress = new Map(pods.map((pod) => [pod.status?.podIP ?? "", pod]));
            const seen = new Set<string>();
            await eventually(`each connection in ${cluster} was seen`, 120, async () => {
                // Query Frontend connects to Query only for somebody who asks.
                await scalar(await frontend(), "count(up)");
                for (const { to, port, from } of establishedConnections()) {
                    const pod = byAddress.get(to);
                    const listens = pod?.spec?.containers.some(({ ports = [] }) => ports.some((p) => p.containerPort === port));
                    if (!pod || !listens || !isolated.has(partOf(pod)) || open.has(`${partOf(pod)}:${port}`)) continue;
                    const client = byAddress.get(from);
                    // kubelet's probes come from the node, and no plugin refuses them.
                    if (client || !isNode(from, nodes)) seen.add(`${partOf(pod)}:${port} ${client ? partOf(client) : from}`);
                }
                assert.deepEqual([...seen].sort(), [...limited].sort());
            });
        });
});

/** The node's own address, or that of its bridge to the pods. */
const isNode = (address: string, nodes: string[]) => nodes.includes(address) || /\.0\.1$/.test(address);
