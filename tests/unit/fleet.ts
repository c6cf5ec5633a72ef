import { type Run, runInProcess } from "../../cli/inProcess";
import { asText } from "../../cli/stackFile";

/** The fleet that the unit tests build, in the clouds they build it in. */

const common = { domain: "fleet.test", namespace: "monitoring" };
const clouds = {
    local: { cloud: "local", kubeconfig: "/kubeconfig", storageClass: "standard", chart: "/charts/kube-prometheus-stack" },
    aws: { cloud: "aws" },
};
export type CloudName = keyof typeof clouds;

const OBSERVEES = [
    { name: "blue", mode: "sidecar" },
    { name: "red", mode: "sidecar-remote-write" },
];

export const observerConfig = (cloud: CloudName, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...common,
    ...clouds[cloud],
    role: "observer",
    cluster: "observer",
    observees: OBSERVEES,
    ...(cloud === "aws" && {
        aws: {
            region: "eu-west-1",
            eksCluster: "eks-observer",
            bucket: "blocks-of-the-fleet",
            nodeGroup: { subnetIds: ["subnet-0a", "subnet-0b"] },
        },
    }),
    ...more,
});

export const observeeConfig = (cluster: string, cloud: CloudName, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...common,
    ...clouds[cloud],
    role: "observee",
    cluster,
    observer: "organization/thanos-fleet/observer",
    ...(cloud === "aws" && { aws: { region: "eu-west-1", eksCluster: `eks-${cluster}` } }),
    ...more,
});

/** A stack is built once and looked at by many tests. */
const built = new Map<string, Promise<Run>>();
function once(key: string, build: () => Promise<Run>): Promise<Run> {
    const run = built.get(key) ?? build();
    built.set(key, run);
    return run;
}

export const buildObserver = (cloud: CloudName) => once(`observer ${cloud}`, () => runInProcess("observer", asText(observerConfig(cloud))));

export async function buildObservee(cluster: string, cloud: CloudName) {
    const observer = await buildObserver(cloud);
    return once(`${cluster} ${cloud}`, () => runInProcess(cluster, asText(observeeConfig(cluster, cloud)), () => observer.outputs));
}
