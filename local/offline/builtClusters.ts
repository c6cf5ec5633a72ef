import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inStep, type Progress } from "../../terminal/progress";
import { clustersDirectory, dnsHosts, FLEETS, type FleetName, type Targets, targetsByName } from "../fleet/settings";
import { acceptBridgeTraffic, type ClusterTools, checkReachability, loadImage, upCluster } from "./cluster";
import { BRIDGE, networkOf } from "./cluster/spec";
import type { Tool, ToolName } from "./findTools";
import { buildImage, IMAGES, type ImageSpec } from "./images";
import { cacheDirectory } from "./tools/machine";

export { downClusters } from "./cluster";

/** The addresses of the clusters' nodes begin so, on this interface of the machine. */
export const BUILT_NETWORK = { interface: BRIDGE.interface, prefix: BRIDGE.address.replace(/\d+\/24$/, "") };

/** The tools that run the clusters of every fleet, or are in their images. */
export const BUILT_TOOLS = [
    ...(["etcd", "containerd", "ctr", "runc", "tini", "cni", "iptables", "ip", "unshare", "conntrack"] as const),
    ...(["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"] as const),
    ...([
        "pause",
        "thanos",
        "prometheus",
        "promtool",
        "operator",
        "prometheus-config-reloader",
        "coredns",
        "versitygw",
        "node_exporter",
        "alertmanager",
        "kube-state-metrics",
    ] as const),
];

/** Only the fleet with agents has memcached. */
const { memcached, ...ALWAYS } = IMAGES;
const imagesOf = (fleet: FleetName): ImageSpec[] => Object.values(fleet === "agents" ? { ...ALWAYS, memcached } : ALWAYS);

/** The tools that the clusters of a fleet need. */
export const builtTools = (fleet: FleetName): ToolName[] => [...BUILT_TOOLS, ...(fleet === "agents" ? (["memcached"] as const) : [])];

type BuiltTools = Record<(typeof BUILT_TOOLS)[number], Tool>;

/** The images that the clusters of a fleet run, as archives that are made of the tools, or were made before. */
export async function buildImages(
    fleet: FleetName,
    tools: BuiltTools,
    onImage: (name: string) => void,
): Promise<{ name: string; archive: string }[]> {
    const archives: { name: string; archive: string }[] = [];
    for (const image of imagesOf(fleet)) {
        onImage(image.name);
        archives.push({ name: image.name, archive: await buildImage(image, tools, cacheDirectory()) });
    }
    return archives;
}

/** What a cluster is made of. */
export function clusterToolsOf(tools: BuiltTools, images: readonly { name: string; archive: string }[]): ClusterTools {
    const archiveOf = ({ name }: { name: string }) => ({ name, archive: images.find((image) => image.name === name)?.archive ?? "" });
    return {
        etcd: tools.etcd.path,
        containerd: tools.containerd.path,
        ctr: tools.ctr.path,
        runc: tools.runc.path,
        tini: tools.tini.path,
        cni: join(tools.cni.path, ".."),
        apiserver: tools["kube-apiserver"].path,
        controllerManager: tools["kube-controller-manager"].path,
        scheduler: tools["kube-scheduler"].path,
        kubelet: tools.kubelet.path,
        proxy: tools["kube-proxy"].path,
        pauseImage: archiveOf(IMAGES.pause),
        coreDnsImage: archiveOf(IMAGES.coredns),
    };
}

/** Makes the clusters of a fleet from their programs, in namespaces of this machine, and loads images that are made from programs too. */
export async function builtTargets(fleet: FleetName, tools: BuiltTools, progress: Progress, signal: AbortSignal): Promise<Targets> {
    await mkdir(clustersDirectory(), { recursive: true });

    const images = await inStep(progress.step("Images", 20), async (step) => {
        const archives = await buildImages(fleet, tools, (name) => step.update(name));
        return { result: archives, says: `${archives.length} made from the tools` };
    });
    const clusterTools = clusterToolsOf(tools, images);
    const hosts = dnsHosts(FLEETS[fleet].map((cluster) => ({ name: cluster.name, nodeIp: networkOf(cluster).nodeIp })));
    const clusters = await inStep(progress.step("Clusters", 60), async (step) => {
        const state = new Map<string, string>();
        await acceptBridgeTraffic();
        const made = await Promise.all(
            FLEETS[fleet].map(async ({ name, index }) => {
                const report = (text: string) => {
                    state.set(name, text);
                    step.update([...state].map(([n, t]) => `${n}: ${t}`).join(" · "));
                };
                const cluster = await upCluster(
                    { name, index },
                    clusterTools,
                    clustersDirectory(),
                    hosts,
                    { update: report, done: report, fail: report },
                    signal,
                );
                report("loading images");
                for (const { archive } of images) await loadImage(cluster, archive, clusterTools);
                report("up");
                return { ...cluster, name };
            }),
        );
        step.update("testing whether they reach each other");
        await checkReachability(clustersDirectory(), FLEETS[fleet]);
        return {
            result: targetsByName(made),
            says: made.map(({ name, nodeIp }) => `${name} ${nodeIp}`).join(" · "),
        };
    });
    return clusters;
}
