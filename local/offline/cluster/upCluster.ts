import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Step } from "../../../terminal/progress";
import type { DnsHosts } from "../../services/dns";
import { addons, applyAddons, dns, makeVolumeDirectories } from "./addons";
import { type Plan, planOf, planText } from "./clusterPlan";
import { isAvailable, isNodeReady, isServing } from "./health";
import { joinBridge } from "./hostResources";
import { loadImage } from "./loadImage";
import { prepare, writeKubeconfig } from "./prepare";
import { startOf, startTree, stopTree, treeOf } from "./processTree";
import { type Cluster, type ClusterFiles, type ClusterSpec, type ClusterTools, checkRunDir, filesOf, networkOf } from "./spec";

/** From nothing to a Ready node takes 15 s on an idle machine; this is for one whose cores are all compiling. */
const UP_WITHIN_MS = 240_000;

/**
 * Brings a cluster up and returns when its node is Ready and its DNS answers. One that is up already, as planned, is left alone; one
 * whose plan has changed (other tools) is restarted with its data; one that never got so far is made anew.
 *
 * `signal` interrupts the wait. What has been started keeps running: the next call takes it over, `downClusters` removes it.
 */
export async function upCluster(
    spec: ClusterSpec,
    tools: ClusterTools,
    runDir: string,
    dnsHosts: DnsHosts,
    step: Step,
    signal: AbortSignal,
): Promise<Cluster> {
    if (process.getuid?.() !== 0) {
        throw new Error("Clusters on this machine need root, for namespaces and cgroups. Run the command with sudo.");
    }
    checkRunDir(runDir, [spec.name]);
    const files = filesOf(runDir, spec.name);
    const plan = planOf(spec, tools, files);
    const cluster: Cluster = {
        name: spec.name,
        kubeconfig: files.kubeconfig,
        context: spec.name,
        nodeIp: networkOf(spec).nodeIp,
        containerdSocket: files.containerdSocket,
    };
    const wait = waiter(spec.name, files, step, signal);
    if (!isRunning(files, plan) || !(await isNodeReady(files.kubeconfig, spec.name, lastStart(files)))) {
        if (!isRunning(files, plan)) {
            step.update("starting");
            await prepare(files, plan, runDir);
            await startTree(files, tools.tini, signal);
        }
        await joinBridge(treeOf(files), plan.network, files.dir);
        await becomesReady(files, plan, wait);
    }
    for (const { archive } of [tools.pauseImage, tools.coreDnsImage]) {
        await loadImage(cluster, archive, tools);
    }
    makeVolumeDirectories(files);
    await applyAddons(files.kubeconfig, addons(spec, tools, files, dnsHosts), signal);
    await wait("DNS", () => isAvailable(files.kubeconfig, dns.namespace, dns.name));
    return cluster;
}

function isRunning(files: ClusterFiles, plan: Plan): boolean {
    return treeOf(files) !== undefined && existsSync(files.plan) && readFileSync(files.plan, "utf8") === planText(plan);
}

function lastStart(files: ClusterFiles): number {
    const tree = treeOf(files);
    return tree ? startOf(tree) : Number.POSITIVE_INFINITY;
}

/** Waits for the API server, writes the administrator's kubeconfig, waits for the node. What does not get there is ended. */
async function becomesReady(files: ClusterFiles, { spec }: Plan, wait: Wait): Promise<void> {
    const admin = files.kubeconfigFor("admin");
    try {
        await wait("the API server", () => isServing(admin));
        writeKubeconfig(files, spec);
        await wait("the node", () => isNodeReady(admin, spec.name, lastStart(files)));
        writeFileSync(files.ready, "");
    } catch (error) {
        if (error instanceof NotReady) {
            await stopTree(files);
        }
        throw error;
    }
}

class NotReady extends Error {}

type Wait = (what: string, check: () => Promise<boolean>) => Promise<void>;

/** A wait that says what for, ends when `signal` aborts, and fails when the cluster has ended or takes too long. */
function waiter(name: string, files: ClusterFiles, step: Step, signal: AbortSignal): Wait {
    const deadline = Date.now() + UP_WITHIN_MS;
    return async (what, check) => {
        for (let asked = 0; !(await check()); asked++) {
            if (asked === 0) {
                step.update(`waiting for ${what}`);
            }
            if (treeOf(files) === undefined || Date.now() > deadline) {
                const last = readFileSync(path.join(files.logs, "supervisor.log"), "utf8").trim().split("\n").at(-1);
                throw new NotReady(
                    `Cluster ${name} did not come up, waiting for ${what}. Its last event: ${last}. See the logs in ${files.logs}.`,
                );
            }
            await sleep(200, undefined, { signal });
        }
    };
}
