import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ConfigError } from "../config/problems";
import { type Cluster, loadImage, serveLoadBalancers, upCluster } from "./cluster";
import { CLUSTERS, type ClusterName, clustersDirectory, dnsHosts, type Target } from "./fleet";
import { buildImage, IMAGES } from "./images";
import { kindCluster } from "./kind";
import type { Progress, Step } from "./progress";
import { findTools } from "./tools/resolve";
import { cacheDirectory } from "./tools/world";

const run = promisify(execFile);

/** The clusters of the fleet, found or made. */
export interface Targets {
    /** `given`: named by the user. `kind`: containers of a Docker engine. `built`: made here from their programs. */
    how: "given" | "kind" | "built";
    of: Record<ClusterName, Target>;
    storageClass: string;
}

/** Contexts the user named as `observer=my-context`, all or none. */
export function givenContexts(flags: readonly string[]): Partial<Record<ClusterName, string>> | undefined {
    if (flags.length === 0) return undefined;
    const names = CLUSTERS.map((c) => c.name);
    const pairs = flags.map((flag) => flag.split("=", 2));
    const problems = [
        ...pairs
            .filter(([name, context]) => !names.includes(name as ClusterName) || !context)
            .map(([name]) => ({
                path: "--context",
                problem: `${JSON.stringify(name)} is not a cluster of the fleet with a context.`,
                remedy: `Write ${names[0]}=CONTEXT.`,
            })),
        ...names
            .filter((name) => !pairs.some(([given]) => given === name))
            .map((name) => ({
                path: "--context",
                problem: `${name} has none.`,
                remedy: `Add --context ${name}=CONTEXT: one for each cluster.`,
            })),
    ];
    if (problems.length > 0) throw new ConfigError("command line", problems);
    return Object.fromEntries(pairs);
}

/** Does a Docker engine answer? The client alone makes no containers. */
export const dockerAnswers = () =>
    run("docker", ["version", "--format", "{{.Server.Version}}"], { timeout: 5000 }).then(
        () => true,
        () => false,
    );

export async function findTargets(
    contexts: Partial<Record<ClusterName, string>> | undefined,
    progress: Progress,
    signal: AbortSignal,
): Promise<Targets> {
    if (contexts) {
        const kubeconfig = process.env.KUBECONFIG ?? join(process.env.HOME ?? "", ".kube", "config");
        const of = Object.fromEntries(Object.entries(contexts).map(([name, context]) => [name, { kubeconfig, context }]));
        return { how: "given", of: of as Targets["of"], storageClass: "standard" };
    }
    return (await dockerAnswers()) ? kindTargets(progress, signal) : builtTargets(progress, signal);
}

async function kindTargets(progress: Progress, signal: AbortSignal): Promise<Targets> {
    const { kind } = await findTools(["kind"], progress, signal);
    const step = progress.step("Clusters", 120);
    try {
        const made = [];
        // One at a time: kind's nodes are heavy while they start.
        for (const { name } of CLUSTERS) {
            step.update(`${name}: kind`);
            made.push([name, await kindCluster(name, kind.path, clustersDirectory(), signal)] as const);
        }
        const clusters = Object.fromEntries(made) as Record<ClusterName, Awaited<ReturnType<typeof kindCluster>>>;
        const hosts = dnsHosts(ipsOf(clusters));
        for (const cluster of Object.values(clusters)) {
            await cluster.answerNames(hosts);
            // An address once given stays; it is only while Services are made that somebody has to give them.
            void serveLoadBalancers(cluster.kubeconfig, cluster.nodeIp, signal);
        }
        step.done(`kind: ${CLUSTERS.map((c) => c.name).join(", ")}`);
        return { how: "kind", of: clusters, storageClass: "standard" };
    } catch (error) {
        step.fail((error as Error).message);
        throw error;
    }
}

const ipsOf = (clusters: Record<ClusterName, { nodeIp: string }>) =>
    Object.fromEntries(Object.entries(clusters).map(([name, { nodeIp }]) => [name, nodeIp])) as Record<ClusterName, string>;

const CLUSTER_TOOLS = [
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
    ] as const),
];

async function builtTargets(progress: Progress, signal: AbortSignal): Promise<Targets> {
    const tools = await findTools(CLUSTER_TOOLS, progress, signal);
    const cache = cacheDirectory();
    await mkdir(clustersDirectory(), { recursive: true });

    const images = await inStep(progress.step("Images", 20), async (step) => {
        const made: { name: string; archive: string }[] = [];
        for (const image of Object.values(IMAGES)) {
            step.update(image.name);
            made.push({ name: image.name, archive: await buildImage(image, tools, cache) });
        }
        return { result: made, says: `${made.length} made from the tools` };
    });
    const archiveOf = (image: { name: string }) => ({
        name: image.name,
        archive: images.find((made) => made.name === image.name)?.archive ?? "",
    });

    const clusterTools = {
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
    const hosts = dnsHosts(Object.fromEntries(CLUSTERS.map((c) => [c.name, `172.30.0.${10 + c.index}`])) as Record<ClusterName, string>);
    const clusters = await inStep(progress.step("Clusters", 60), async (step) => {
        const state = new Map<string, string>();
        const made = await Promise.all(
            CLUSTERS.map(async ({ name, index }) => {
                const tell = (text: string) => {
                    state.set(name, text);
                    step.update([...state].map(([n, t]) => `${n}: ${t}`).join(" · "));
                };
                const cluster = await upCluster(
                    { name, index },
                    clusterTools,
                    clustersDirectory(),
                    hosts,
                    { update: tell, done: tell, fail: tell },
                    signal,
                );
                tell("loading images");
                for (const { archive } of images) await loadImage(cluster, archive, clusterTools);
                tell("up");
                return [name, cluster] as const;
            }),
        );
        return {
            result: Object.fromEntries(made) as Record<ClusterName, Cluster>,
            says: made.map(([name, { nodeIp }]) => `${name} ${nodeIp}`).join(" · "),
        };
    });
    return { how: "built", of: clusters, storageClass: "standard" };
}

/** Runs `work` as one step: its end, good or bad, is the step's end. */
export async function inStep<T>(step: Step, work: (step: Step) => Promise<{ result: T; says: string }>): Promise<T> {
    try {
        const { result, says } = await work(step);
        step.done(says);
        return result;
    } catch (error) {
        step.fail(firstLine(error as Error));
        throw error;
    }
}

const firstLine = (error: Error) => (error.name === "AbortError" ? "stopped" : (error.message.split("\n")[0] ?? ""));
