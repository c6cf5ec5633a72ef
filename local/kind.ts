import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api } from "@kubernetes/client-node";
import { clusterId, kubeConfig } from "../clients/kubernetes";
import { inStep, type Progress, type Step } from "../terminal/progress";
import {
    ALERTMANAGER_IMAGE,
    CONFIG_RELOADER_IMAGE,
    KUBE_STATE_METRICS_IMAGE,
    NODE_EXPORTER_IMAGE,
    OPERATOR_IMAGE,
    PROMETHEUS_IMAGE,
    S3_IMAGE,
    THANOS_IMAGE,
} from "../upstream/versions";
import { execute } from "./execute";
import { FleetFailure } from "./fleet/failure";
import {
    ALL_CLUSTERS,
    type ClusterName,
    dnsHosts,
    type FleetCluster,
    kubeconfigFile,
    type Target,
    type Targets,
    targetsByName,
} from "./fleet/settings";
import { endMaker, runRecorded, wasBegun } from "./kindMaker";
import { hostsStanza } from "./services/dns";
import { serveLoadBalancers } from "./services/loadBalancers";

/** How clusters are made. */
export interface Kind {
    /** The program. */
    path: string;
    /** Image of the nodes that are made. @default the one of the program's release */
    nodeImage?: string;
}

interface KindCluster extends Target {
    nodeIp: string;
    /** Whether it was made now, so that it has no image yet. */
    isNew: boolean;
}

const kindName = (name: string) => `thanos-fleet-${name}`;
/** The container that is the cluster's only node. */
const nodeOf = (name: string) => `${kindName(name)}-control-plane`;

/** Images that every cluster runs. */
const SHARED_IMAGES = [
    THANOS_IMAGE,
    PROMETHEUS_IMAGE,
    OPERATOR_IMAGE,
    CONFIG_RELOADER_IMAGE,
    NODE_EXPORTER_IMAGE,
    ALERTMANAGER_IMAGE,
    KUBE_STATE_METRICS_IMAGE,
];

const imagesOf = (name: ClusterName) => (name === "observer" ? [...SHARED_IMAGES, S3_IMAGE] : SHARED_IMAGES);

const SERVES_WITHIN_MS = 120_000;

/** Arguments of `kind create cluster`. */
export const createArgs = (name: string, kubeconfig: string, nodeImage?: string) => [
    "create",
    "cluster",
    "--name",
    kindName(name),
    "--kubeconfig",
    kubeconfig,
    "--wait",
    "180s",
    ...(nodeImage ? ["--image", nodeImage] : []),
];
export const deleteArgs = (name: string, kubeconfig: string) => ["delete", "cluster", "--name", kindName(name), "--kubeconfig", kubeconfig];

/** How far the making of a cluster came: kind lists a cluster whose making was interrupted like any other, so beginning and end are recorded. */
const recordFile = (name: ClusterName) => join(dirname(kubeconfigFile(name)), "kind");

/** Names of the kind clusters that runs of this fleet made or began to make. Needs no Docker engine. */
export const recordedKindClusters = (): string[] =>
    ALL_CLUSTERS.filter(({ name }) => existsSync(recordFile(name))).map(({ name }) => kindName(name));

const listClusters = async (kind: string, options: object): Promise<string[]> =>
    (await execute(kind, ["get", "clusters"], options)).stdout.split("\n");

/** kind locks a kubeconfig by this file, which it leaves when it is killed, and then changes no kubeconfig and fails. */
const unlock = (kubeconfig: string) => rm(`${kubeconfig}.lock`, { force: true });

/** Removes a cluster, made or half-made, after what still makes it. Docker may list no node of it yet, so it need not be listed. */
async function removeCluster(name: ClusterName, kind: string, options: object): Promise<void> {
    await endMaker(recordFile(name), kindName(name));
    await unlock(kubeconfigFile(name));
    await execute(kind, deleteArgs(name, kubeconfigFile(name)), options);
}

/** Makes a cluster in a container of the Docker engine, or keeps the one that is there. A cluster that was only begun is made anew. */
async function kindCluster(name: ClusterName, { path: kind, nodeImage }: Kind, signal: AbortSignal): Promise<KindCluster> {
    const kubeconfig = kubeconfigFile(name);
    await mkdir(dirname(kubeconfig), { recursive: true });
    const options = { signal, timeout: 600_000 };
    if (await wasBegun(recordFile(name))) await removeCluster(name, kind, options);
    const isNew = !(await listClusters(kind, options)).includes(kindName(name));
    await unlock(kubeconfig);
    if (isNew) await runRecorded(recordFile(name), kind, createArgs(name, kubeconfig, nodeImage), signal);
    else {
        // A stopped node is listed, too. Starting one that runs changes nothing.
        await execute("docker", ["start", nodeOf(name)], options);
        await execute(kind, ["export", "kubeconfig", "--name", kindName(name), "--kubeconfig", kubeconfig], options);
    }
    await writeFile(recordFile(name), "made");
    const { stdout: ip } = await execute(
        "docker",
        ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", nodeOf(name)],
        options,
    );
    const cluster = { kubeconfig, context: `kind-${kindName(name)}`, nodeIp: ip.trim(), isNew };
    await untilServing(name, cluster, signal);
    return cluster;
}

/** A node that was started now takes some seconds until its API server answers. */
async function untilServing(name: ClusterName, cluster: Target, signal: AbortSignal): Promise<void> {
    for (const deadline = Date.now() + SERVES_WITHIN_MS; ; ) {
        signal.throwIfAborted();
        const why = await clusterId(cluster).then(
            () => undefined,
            (error: Error) => error.message,
        );
        if (why === undefined) return;
        if (Date.now() > deadline)
            throw new FleetFailure(
                `The API server of kind cluster ${kindName(name)} does not answer (${why}). See \`docker logs ${nodeOf(name)}\`; \`npm start -- --down\` removes the fleet.`,
            );
        await sleep(1000, undefined, { signal });
    }
}

/** Pulls each image once for all new clusters and returns those that could not be loaded: the nodes pull them themselves. */
async function loadImages(kind: string, names: readonly ClusterName[], step: Step, signal: AbortSignal): Promise<string[]> {
    const left: string[] = [];
    for (const image of new Set(names.flatMap(imagesOf))) {
        step.update(`image ${image}`);
        const options = { signal, timeout: 600_000 };
        try {
            await execute("docker", ["image", "inspect", image], options).catch(() =>
                execute("docker", ["pull", "--quiet", image], options),
            );
            for (const name of names.filter((each) => imagesOf(each).includes(image)))
                await execute(kind, ["load", "docker-image", image, "--name", kindName(name)], options);
        } catch {
            signal.throwIfAborted();
            left.push(image);
        }
    }
    return left;
}

/** Puts the fleet's names before what kind's CoreDNS resolves by itself; CoreDNS rereads its Corefile. */
async function addFleetNames(cluster: Target, hosts: Record<string, string>): Promise<void> {
    const api = kubeConfig(cluster).makeApiClient(CoreV1Api);
    const where = { name: "coredns", namespace: "kube-system" };
    const map = await api.readNamespacedConfigMap(where);
    const corefile = withStanza(map.data?.Corefile ?? "", hostsStanza(hosts));
    await api.replaceNamespacedConfigMap({ ...where, body: { ...map, data: { ...map.data, Corefile: corefile } } });
}

const [BEGIN, END] = ["    # thanos-fleet: begin\n", "    # thanos-fleet: end\n"];

/** The Corefile with the stanza first in its server block, in place of an earlier one: nodes may have other addresses after a restart. */
export function withStanza(corefile: string, stanza: string): string {
    const without = corefile.replace(new RegExp(`${BEGIN}[^]*?${END}`), "");
    return without.replace(/\.:53 \{\n/, (open) => `${open}${BEGIN}${stanza}${END}`);
}

/** Makes the clusters of a fleet, with the fleet's names in their DNS and the images that all of them run. */
export async function kindTargets(fleet: readonly FleetCluster[], kind: Kind, progress: Progress, signal: AbortSignal): Promise<Targets> {
    return inStep(progress.step("Clusters", 180), async (step) => {
        const clusters: (KindCluster & { name: ClusterName })[] = [];
        // One at a time: a kind node needs much CPU while it starts.
        for (const { name } of fleet) {
            step.update(`${name}: kind`);
            clusters.push({ name, ...(await kindCluster(name, kind, signal)) });
        }
        const hosts = dnsHosts(clusters);
        for (const cluster of clusters) {
            await addFleetNames(cluster, hosts);
            // Services keep their addresses, so addresses are assigned only while this program runs.
            void serveLoadBalancers(cluster.kubeconfig, cluster.nodeIp, signal);
        }
        const fresh = clusters.filter(({ isNew }) => isNew).map(({ name }) => name);
        const left = await loadImages(kind.path, fresh, step, signal);
        const names = clusters.map(({ name }) => name).join(", ");
        return {
            result: targetsByName(clusters),
            says: `kind: ${names}${left.length > 0 ? ` · each node pulls ${left.join(", ")} itself` : ""}`,
        };
    });
}

/** Removes the fleet's kind clusters and answers what it removed. */
export async function removeKindClusters(kind: string): Promise<string[]> {
    const options = { timeout: 300_000 };
    const names = ALL_CLUSTERS.map(({ name }) => name);
    const listed = await listClusters(kind, options);
    const begun = await Promise.all(names.map((name) => wasBegun(recordFile(name))));
    const existing = names.filter((name, i) => begun[i] || listed.includes(kindName(name)));
    for (const name of existing) await removeCluster(name, kind, options);
    return existing.map((name) => `kind cluster ${kindName(name)}`);
}
