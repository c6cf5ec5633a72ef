import assert from "node:assert/strict";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { kubeConfig as kubeConfigOf, loadBalancerAddress } from "../../clients/kubernetes";
import { type ClusterName, NAMESPACE, type Target } from "../../local/fleet/settings";
import { readFleetState } from "../../local/fleet/state";
import { findTools } from "../../local/offline/findTools";
import type { ToolName } from "../../local/offline/tools/catalogue";
import { quiet } from "./quiet";

/** How tests reach the fleet that the last `npm start` deployed. */

export { NAMESPACE };

/** Kubeconfig and context of a cluster. */
export async function targetOf(name: ClusterName): Promise<Target> {
    const lastRun = await readFleetState();
    assert.ok(lastRun, "no fleet is running: npm start has left no clusters.json");
    const target = lastRun.targets[name];
    assert.ok(target, `the running fleet has no cluster ${name}: \`npm start -- --agents\` makes yellow and green`);
    return target;
}

/** Address (`host:port`) that other clusters, and this machine, reach a Service by. */
export const serviceAddress = async (cluster: ClusterName, service: string) =>
    loadBalancerAddress(await targetOf(cluster), { name: service, namespace: NAMESPACE });

/** Base URL of the observer's Query Frontend. */
export const frontend = async () => `http://${await serviceAddress("observer", "thanos-query-frontend-external")}`;

export const kubeConfig = async (name: ClusterName) => kubeConfigOf(await targetOf(name));
export const core = async (name: ClusterName) => (await kubeConfig(name)).makeApiClient(CoreV1Api);
export const apps = async (name: ClusterName) => (await kubeConfig(name)).makeApiClient(AppsV1Api);

/** Paths of tools that `npm start` uses; a tool that is not there is downloaded or built. */
export const tools = <N extends ToolName>(...names: N[]) => findTools(names, quiet, new AbortController().signal);
