import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../../../terminal/progress";
import type { DnsHosts } from "../../services/dns";
import { until } from "../until";
import { addons, applyAddons, COREDNS, makeVolumeDirectories } from "./addons";
import { type Plan, planOf, planText } from "./clusterPlan";
import { isAvailable, isNodeReady, isServing } from "./health";
import { joinBridge } from "./hostResources";
import { loadImage } from "./loadImage";
import { prepare, writeKubeconfig } from "./prepare";
import { startTimeOf, startTree, stopTree, treeOf } from "./processTree";
import { accessOf, type Cluster, type ClusterFiles, type ClusterSpec, type ClusterTools, checkRunDir, filesOf } from "./spec";

/** From nothing to a Ready node takes 15 s on an idle machine. This allows for a machine whose cores are all compiling. */
const UP_WITHIN_SECONDS = 240;

/**
 * Brings a cluster up and returns when its node is Ready and its DNS answers. A cluster that is up as planned is left alone; one whose plan has
 * changed (other tools) is restarted with its data; one whose node was never Ready is made anew.
 *
 * `signal` interrupts the wait. Processes that were started keep running: the next call continues with them, `downClusters` removes them.
 */
export async function upCluster(
    spec: ClusterSpec,
    tools: ClusterTools,
    runDir: string,
    dnsHosts: DnsHosts,
    step: Step,
    signal: AbortSignal,
): Promise<Cluster> {
    if (process.getuid?.() !== 0)
        throw new Error("Clusters on this machine need root, for namespaces and cgroups. Run the command with sudo.");
    checkRunDir(runDir, [spec.name]);
    const files = filesOf(runDir, spec.name);
    const plan = planOf(spec, tools, files);
    const cluster: Cluster = {
        name: spec.name,
        ...accessOf(runDir, spec.name),
        nodeIp: plan.network.nodeIp,
        containerdSocket: files.containerdSocket,
    };
    const waitFor = waiter(spec.name, files, step, signal);
    if (!isRunning(files, plan) || !(await isNodeReady(files.kubeconfig, spec.name, lastStart(files)))) {
        if (!isRunning(files, plan)) {
            step.update("starting");
            await prepare(files, plan, runDir);
            await startTree(files, tools.tini, signal);
        }
        await joinBridge(treeOf(files), plan.network, files.dir);
        await becomesReady(files, plan, waitFor).catch(async (error: unknown) => {
            if (!signal.aborted) await stopTree(files);
            throw error;
        });
    }
    for (const { archive } of [tools.pauseImage, tools.coreDnsImage]) await loadImage(cluster, archive, tools);
    makeVolumeDirectories(files);
    await applyAddons(files.kubeconfig, addons(plan, tools, files, dnsHosts), signal);
    await waitFor("DNS", () => isAvailable(files.kubeconfig, COREDNS.namespace, COREDNS.name));
    return cluster;
}

function isRunning(files: ClusterFiles, plan: Plan): boolean {
    return treeOf(files) !== undefined && existsSync(files.plan) && readFileSync(files.plan, "utf8") === planText(plan);
}

function lastStart(files: ClusterFiles): number {
    const tree = treeOf(files);
    return tree ? startTimeOf(tree) : Number.POSITIVE_INFINITY;
}

/** Waits for the API server, writes the administrator's kubeconfig, waits for the node. */
async function becomesReady(files: ClusterFiles, plan: Plan, waitFor: WaitFor): Promise<void> {
    const admin = files.kubeconfigFor("admin");
    await waitFor("the API server", () => isServing(admin));
    writeKubeconfig(files, plan);
    await waitFor("the node", () => isNodeReady(admin, plan.spec.name, lastStart(files)));
    writeFileSync(files.ready, "");
}

type WaitFor = (what: string, check: () => Promise<boolean>) => Promise<void>;

/** Waits that share one deadline, show in `step` what they wait for, end when `signal` aborts, and fail when the cluster has ended. */
function waiter(name: string, files: ClusterFiles, step: Step, signal: AbortSignal): WaitFor {
    const deadline = Date.now() + UP_WITHIN_SECONDS * 1000;
    return async (what, check) => {
        const failure = () => {
            const lastEvent = readFileSync(join(files.logs, "supervisor.log"), "utf8").trim().split("\n").at(-1);
            return `Cluster ${name} did not come up, waiting for ${what}. Its last event: ${lastEvent}. See the logs in ${files.logs}.`;
        };
        const wait = { seconds: (deadline - Date.now()) / 1000, late: failure, signal, longestPauseMs: 200 };
        if (await check()) return;
        step.update(`waiting for ${what}`);
        await until(wait, async () => {
            if (treeOf(files) === undefined) throw new Error(failure());
            return check();
        });
    };
}
