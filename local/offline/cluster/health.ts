import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoordinationV1Api, CoreV1Api, Health, KubeConfig } from "@kubernetes/client-node";

/** Of one check; callers repeat checks. */
const TIMEOUT_MS = 3000;

/** The library opens a connection for each request, so no check hangs on a kept-alive one to an API server that has restarted. */
function load(kubeconfigFile: string): KubeConfig {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    return config;
}

/** The API server has finished starting: its own checks pass, RBAC's default rules are there. */
export async function isServing(kubeconfigFile: string): Promise<boolean> {
    return (await answerOf(() => new Health(load(kubeconfigFile)).readyz({ signal: AbortSignal.timeout(TIMEOUT_MS) }))) ?? false;
}

/**
 * The node is Ready and kubelet has reported since `start` (ms since 1970) and within the last minute: right after a restart, the Ready
 * condition is still the one from before. Kubelet reports by its lease, every 10 s, or sooner by the node's status when it starts.
 */
export async function isNodeReady(kubeconfigFile: string, node: string, start: number): Promise<boolean> {
    const [status, lease] = await Promise.all([
        answerOf(() => load(kubeconfigFile).makeApiClient(CoreV1Api).readNode({ name: node })),
        answerOf(() =>
            load(kubeconfigFile).makeApiClient(CoordinationV1Api).readNamespacedLease({ name: node, namespace: "kube-node-lease" }),
        ),
    ]);
    const ready = status?.status?.conditions?.find(({ type }) => type === "Ready");
    // `renewTime` is a string at runtime, against its type: the library has no model for V1MicroTime (1.3.0, ObjectSerializer).
    const reports = [ready?.lastHeartbeatTime, lease?.spec?.renewTime].map((time) => new Date(time ?? 0).getTime());
    return ready?.status === "True" && Math.max(...reports) >= Math.max(start, Date.now() - 60_000);
}

/** The pods of a Deployment's current template serve. */
export async function isAvailable(kubeconfigFile: string, namespace: string, name: string): Promise<boolean> {
    const deployment = await answerOf(() => load(kubeconfigFile).makeApiClient(AppsV1Api).readNamespacedDeployment({ name, namespace }));
    const { observedGeneration, updatedReplicas = 0, conditions = [] } = deployment?.status ?? {};
    return (
        deployment !== undefined &&
        observedGeneration === deployment.metadata?.generation &&
        updatedReplicas > 0 &&
        conditions.some(({ type, status }) => type === "Available" && status === "True")
    );
}

/**
 * What the API server answers, or undefined where it refuses, cannot be reached or takes too long. The library's typed requests take no
 * AbortSignal (1.3.0, dist/gen/http/isomorphic-fetch.js), so a late request is abandoned; the API server ends it after a minute.
 */
async function answerOf<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
        return await Promise.race([request(), sleep(TIMEOUT_MS, undefined, { ref: false })]);
    } catch {
        return undefined;
    }
}
