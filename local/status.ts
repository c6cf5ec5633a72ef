import { setTimeout as sleep } from "node:timers/promises";
import { clusterId, kubeConfig, loadBalancerAddress } from "../clients/kubernetes";
import { externalServiceName, thanosName } from "../components/naming/names";
import { SOURCE_TEXT } from "./clusterSources";
import { type ClusterName, NAMESPACE, type Target, targetList } from "./fleet/settings";
import { readFleetState, type SourceKind } from "./fleet/state";

/** The fleet on this machine, as `npm start -- --status` tells it. */
export interface FleetStatus {
    how: SourceKind;
    /** When its clusters were first used, as ISO 8601. */
    since: string;
    clusters: { name: ClusterName; server: string; answers: boolean }[];
    /** Where queries of all clusters are answered; absent while the observer does not say it. */
    frontend?: string;
}

const WITHIN_MS = 5000;

/** Looks up the fleet of the last run, and whether its clusters answer. Undefined if there is none. */
export async function fleetStatus(withinMs = WITHIN_MS): Promise<FleetStatus | undefined> {
    const state = await readFleetState();
    if (!state) return undefined;
    const { how, since, targets } = state;
    const soon = <T>(answer: Promise<T>) => Promise.race([answer.catch(() => undefined), sleep(withinMs, undefined, { ref: false })]);
    const clusters = targetList(targets).map(async ({ name, target }) => ({
        name,
        server: serverOf(target),
        answers: (await soon(Promise.resolve().then(() => clusterId(target)))) !== undefined,
    }));
    const frontend = await soon(frontendAddress(targets.observer));
    return { how, since, clusters: await Promise.all(clusters), ...(frontend !== undefined && { frontend }) };
}

/** URL of the observer's Query Frontend. */
export const frontendAddress = async (observer: Target): Promise<string> =>
    `http://${await loadBalancerAddress(observer, { name: externalServiceName(thanosName("query-frontend")), namespace: NAMESPACE })}`;

function serverOf(target: Target): string {
    try {
        return kubeConfig(target).getCurrentCluster()?.server ?? "no address";
    } catch {
        return `no kubeconfig ${target.kubeconfig}`;
    }
}

/** The status in lines. */
export function statusLines(status: FleetStatus | undefined): string[] {
    if (!status) return ["No fleet is on this machine. `npm start` makes one."];
    return [
        `${SOURCE_TEXT[status.how]}, since ${status.since}`,
        ...status.clusters.map(({ name, server, answers }) => `${name.padEnd(12)} ${server}   ${answers ? "answers" : "does not answer"}`),
        `Open         ${status.frontend ?? "nowhere yet: `npm start` goes on from where it stopped"}`,
    ];
}
