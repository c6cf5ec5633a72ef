import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { CoreV1Api } from "@kubernetes/client-node";
import { kubeConfig } from "../clients/kubernetes";
import { inStep, type Progress } from "../terminal/progress";
import { execute } from "./execute";
import { CLUSTERS, type ClusterName, dnsHosts, kubeconfigFile, type Target } from "./fleet/settings";
import { hostsStanza } from "./services/dns";
import { serveLoadBalancers } from "./services/loadBalancers";

interface KindCluster extends Target {
    nodeIp: string;
}

const kindName = (name: string) => `thanos-fleet-${name}`;

/** Arguments of `kind create cluster`. */
export const createArgs = (name: string, kubeconfig: string) => [
    "create",
    "cluster",
    "--name",
    kindName(name),
    "--kubeconfig",
    kubeconfig,
    "--wait",
    "180s",
];
export const deleteArgs = (name: string, kubeconfig: string) => ["delete", "cluster", "--name", kindName(name), "--kubeconfig", kubeconfig];

/** Makes a cluster in a container of the Docker engine, or keeps the one that is there. */
async function kindCluster(name: ClusterName, kind: string, signal: AbortSignal): Promise<KindCluster> {
    const kubeconfig = kubeconfigFile(name);
    await mkdir(dirname(kubeconfig), { recursive: true });
    const options = { signal, timeout: 600_000 };
    const { stdout: existing } = await execute(kind, ["get", "clusters"], options);
    if (existing.split("\n").includes(kindName(name)))
        await execute(kind, ["export", "kubeconfig", "--name", kindName(name), "--kubeconfig", kubeconfig], options);
    else await execute(kind, createArgs(name, kubeconfig), options);
    const node = `${kindName(name)}-control-plane`;
    const { stdout: ip } = await execute(
        "docker",
        ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", node],
        options,
    );
    return { kubeconfig, context: `kind-${kindName(name)}`, nodeIp: ip.trim() };
}

/** Puts the fleet's names before what kind's CoreDNS resolves by itself; CoreDNS rereads its Corefile. */
async function addFleetNames(cluster: Target, hosts: Record<string, string>): Promise<void> {
    const api = kubeConfig(cluster).makeApiClient(CoreV1Api);
    const where = { name: "coredns", namespace: "kube-system" };
    const map = await api.readNamespacedConfigMap(where);
    const corefile = withStanza(map.data?.Corefile ?? "", hostsStanza(hosts));
    await api.replaceNamespacedConfigMap({ ...where, body: { ...map, data: { ...map.data, Corefile: corefile } } });
}

/** The Corefile with the stanza first in its server block, once. */
export const withStanza = (corefile: string, stanza: string) =>
    corefile.includes(stanza) ? corefile : corefile.replace(/\.:53 \{\n/, (open) => `${open}${stanza}`);

/** Makes a cluster for each stack, with the fleet's names in its DNS. */
export async function kindTargets(kind: string, progress: Progress, signal: AbortSignal): Promise<Record<ClusterName, Target>> {
    return inStep(progress.step("Clusters", 180), async (step) => {
        const clustersByName: [ClusterName, KindCluster][] = [];
        // One at a time: a kind node needs much CPU while it starts.
        for (const { name } of CLUSTERS) {
            step.update(`${name}: kind`);
            clustersByName.push([name, await kindCluster(name, kind, signal)]);
        }
        const clusters = Object.fromEntries(clustersByName) as Record<ClusterName, KindCluster>;
        const hosts = dnsHosts(
            Object.fromEntries(clustersByName.map(([name, { nodeIp }]) => [name, nodeIp])) as Record<ClusterName, string>,
        );
        for (const cluster of Object.values(clusters)) {
            await addFleetNames(cluster, hosts);
            // Services keep their addresses, so addresses are assigned only while this program runs.
            void serveLoadBalancers(cluster.kubeconfig, cluster.nodeIp, signal);
        }
        return { result: clusters, says: `kind: ${clustersByName.map(([name]) => name).join(", ")}` };
    });
}

/** Removes the fleet's kind clusters and answers what it removed. */
export async function removeKindClusters(kind: string): Promise<string[]> {
    const { stdout } = await execute(kind, ["get", "clusters"], { timeout: 60_000 });
    const existing = CLUSTERS.map((c) => c.name).filter((name) => stdout.split("\n").includes(kindName(name)));
    for (const name of existing) await execute(kind, deleteArgs(name, kubeconfigFile(name)), { timeout: 300_000 });
    return existing.map((name) => `kind cluster ${kindName(name)}`);
}
