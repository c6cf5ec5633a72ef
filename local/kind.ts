import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { inStep, type Progress } from "../terminal/progress";
import { CLUSTERS, type ClusterName, clustersDirectory, dnsHosts, type Target } from "./fleet/settings";
import { hostsStanza } from "./services/dns";
import { serveLoadBalancers } from "./services/loadBalancers";

const run = promisify(execFile);

interface KindCluster extends Target {
    nodeIp: string;
}

const kindName = (name: string) => `thanos-fleet-${name}`;

/** `kind create cluster`: its argument list. Pure. */
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

/** A cluster in a container of the Docker engine; one that is there already is kept. */
async function kindCluster(name: string, kind: string, directory: string, signal: AbortSignal): Promise<KindCluster> {
    await mkdir(directory, { recursive: true });
    const kubeconfig = join(directory, `${name}.kubeconfig`);
    const options = { signal, timeout: 600_000 };
    const { stdout: known } = await run(kind, ["get", "clusters"], options);
    if (known.split("\n").includes(kindName(name)))
        await run(kind, ["export", "kubeconfig", "--name", kindName(name), "--kubeconfig", kubeconfig], options);
    else await run(kind, createArgs(name, kubeconfig), options);
    const node = `${kindName(name)}-control-plane`;
    const { stdout: ip } = await run(
        "docker",
        ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", node],
        options,
    );
    return { kubeconfig, context: `kind-${kindName(name)}`, nodeIp: ip.trim() };
}

/** Teaches the cluster's DNS the fleet's names: puts them in front of what kind's CoreDNS answers by itself; it rereads its file. */
async function answerNames(kubeconfig: string, hosts: Record<string, string>): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    const where = { name: "coredns", namespace: "kube-system" };
    const map = await api.readNamespacedConfigMap(where);
    const corefile = withStanza(map.data?.Corefile ?? "", hostsStanza(hosts));
    await api.replaceNamespacedConfigMap({ ...where, body: { ...map, data: { ...map.data, Corefile: corefile } } });
}

/** The Corefile with the stanza first in its server block, once. Pure. */
export const withStanza = (corefile: string, stanza: string) =>
    corefile.includes(stanza) ? corefile : corefile.replace(/\.:53 \{\n/, (open) => `${open}${stanza}`);

/** A cluster for each stack, and the fleet's names in their DNS. */
export async function kindTargets(kind: string, progress: Progress, signal: AbortSignal): Promise<Record<ClusterName, Target>> {
    return inStep(progress.step("Clusters", 180), async (step) => {
        const made: [ClusterName, KindCluster][] = [];
        // One at a time: kind's nodes are heavy while they start.
        for (const { name } of CLUSTERS) {
            step.update(`${name}: kind`);
            made.push([name, await kindCluster(name, kind, clustersDirectory(), signal)]);
        }
        const clusters = Object.fromEntries(made) as Record<ClusterName, KindCluster>;
        const hosts = dnsHosts(Object.fromEntries(made.map(([name, { nodeIp }]) => [name, nodeIp])) as Record<ClusterName, string>);
        for (const cluster of Object.values(clusters)) {
            await answerNames(cluster.kubeconfig, hosts);
            // An address once given stays; it is only while Services are made that somebody has to give them.
            void serveLoadBalancers(cluster.kubeconfig, cluster.nodeIp, signal);
        }
        return { result: clusters, says: `kind: ${made.map(([name]) => name).join(", ")}` };
    });
}

/** Removes them. */
export async function removeKindClusters(kind: string): Promise<string[]> {
    const { stdout } = await run(kind, ["get", "clusters"], { timeout: 60_000 });
    const there = CLUSTERS.map((c) => c.name).filter((name) => stdout.split("\n").includes(kindName(name)));
    for (const name of there) await run(kind, deleteArgs(name, join(clustersDirectory(), `${name}.kubeconfig`)), { timeout: 300_000 });
    return there.map((name) => `kind cluster ${kindName(name)}`);
}
