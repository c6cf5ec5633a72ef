import * as https from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

/** GET on an API server with a kubeconfig's credentials. Fails after `timeout` ms, for health checks that are repeated. */
async function get(kubeconfigFile: string, path: string, timeout = 3000): Promise<{ status: number; body: string }> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigFile);
    const options: https.RequestOptions = { signal: AbortSignal.timeout(timeout), agent: new https.Agent({ keepAlive: false }) };
    await config.applyToHTTPSOptions(options);
    const url = `${config.getCurrentCluster()?.server}${path}`;
    return new Promise((resolve, reject) => {
        const request = https.get(url, options, (response) => {
            let body = "";
            response.setEncoding("utf8");
            response.on("data", (chunk: string) => {
                body += chunk;
            });
            response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
            response.on("error", reject);
        });
        request.on("error", reject);
    });
}

/** The API server has finished starting: its own checks pass, RBAC's default rules are there. */
export async function isServing(kubeconfigFile: string): Promise<boolean> {
    return get(kubeconfigFile, "/readyz").then(
        ({ status }) => status === 200,
        () => false,
    );
}

/**
 * The node is Ready and kubelet has said so since `start` and within the last minute: the Ready of a cluster that has just been started
 * again is still the one of its earlier life. It says so by its lease, every 10 s, or sooner by the node's status when it starts.
 */
export async function isNodeReady(kubeconfigFile: string, node: string, start: number): Promise<boolean> {
    const [status, lease] = await Promise.all([
        getJson<Status>(kubeconfigFile, `/api/v1/nodes/${node}`),
        getJson<{ spec?: { renewTime?: string } }>(
            kubeconfigFile,
            `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}`,
        ),
    ]);
    const ready = conditionOf(status, "Ready");
    const said = [ready?.lastHeartbeatTime, lease?.spec?.renewTime].map((time) => Date.parse(time ?? "") || 0);
    return ready?.status === "True" && Math.max(...said) >= Math.max(start, Date.now() - 60_000);
}

/** A Deployment's newest pods serve. */
export async function isAvailable(kubeconfigFile: string, namespace: string, name: string): Promise<boolean> {
    const deployment = await getJson<Status & { metadata: { generation?: number } }>(
        kubeconfigFile,
        `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    );
    const { observedGeneration, updatedReplicas = 0 } = deployment?.status ?? {};
    return (
        observedGeneration === deployment?.metadata.generation &&
        updatedReplicas > 0 &&
        conditionOf(deployment, "Available")?.status === "True"
    );
}

interface Status {
    status?: {
        conditions?: { type: string; status: string; lastHeartbeatTime?: string }[];
        observedGeneration?: number;
        updatedReplicas?: number;
    };
}

const conditionOf = (object: Status | undefined, type: string) => object?.status?.conditions?.find((each) => each.type === type);

async function getJson<T>(kubeconfigFile: string, path: string): Promise<T | undefined> {
    const answer = await get(kubeconfigFile, path).catch(() => undefined);
    return answer?.status === 200 ? (JSON.parse(answer.body) as T) : undefined;
}
