/** Why a workload does not get ready, in the words of its pods. Pure, except that the reader of logs and events is passed in. */

import type { KubeObject } from "./readiness";
import { type Bag, isBag } from "./secretValues";

const list = (value: unknown): Bag[] => (Array.isArray(value) ? value.filter(isBag) : []);

export interface ContainerTrouble {
    container: string;
    /** `ImagePullBackOff: Back-off pulling image "x"` */
    reason: string;
    /** Has it run before, so that its previous log says more? */
    crashed: boolean;
}

/** What holds up one pod; empty when it is ready or only starting. */
export function podTrouble(pod: KubeObject): ContainerTrouble[] {
    const containers = [...list(pod.status?.initContainerStatuses), ...list(pod.status?.containerStatuses)];
    return containers.flatMap((c) => {
        const state = isBag(c.state) ? c.state : {};
        const last = isBag(c.lastState) && isBag(c.lastState.terminated) ? c.lastState.terminated : undefined;
        const now = isBag(state.waiting)
            ? state.waiting
            : isBag(state.terminated) && state.terminated.exitCode !== 0
              ? state.terminated
              : undefined;
        if (now === undefined || now.reason === "ContainerCreating" || now.reason === "PodInitializing") return [];
        const detail =
            now.message ?? (last && `last exit code ${last.exitCode}`) ?? (now.exitCode !== undefined && `exit code ${now.exitCode}`);
        return [
            { container: String(c.name), reason: detail ? `${now.reason}: ${detail}` : String(now.reason), crashed: last !== undefined },
        ];
    });
}

/** Why a pod is not on a node yet. */
export function unscheduled(pod: KubeObject): string | undefined {
    const scheduled = list(pod.status?.conditions).find((c) => c.type === "PodScheduled");
    return scheduled?.status === "False" ? `${scheduled.reason}: ${scheduled.message}` : undefined;
}

export interface Reader {
    pods(namespace: string, labels: Record<string, string>): Promise<KubeObject[]>;
    warnings(object: KubeObject): Promise<string[]>;
    lastLogLine(pod: KubeObject, container: string, previous: boolean): Promise<string>;
}

/** Three pods say as much as thirty. */
const MOST = 3;

/** Lines for an error message: what the pods with these labels complain about, else the warnings on the object itself. */
export async function explain(read: Reader, object: KubeObject, labels: Record<string, string> | undefined): Promise<string[]> {
    const pods = labels === undefined ? [] : await read.pods(object.metadata.namespace ?? "default", labels);
    const lines: string[] = [];
    for (const pod of pods) {
        if (lines.length >= MOST) break;
        const place = unscheduled(pod);
        if (place !== undefined) lines.push(`pod ${pod.metadata.name}: ${place}`);
        for (const trouble of podTrouble(pod)) {
            const log = trouble.crashed ? await read.lastLogLine(pod, trouble.container, true) : "";
            lines.push(
                `pod ${pod.metadata.name}, container ${trouble.container}: ${trouble.reason}${log === "" ? "" : ` (last log line: ${log})`}`,
            );
        }
    }
    if (lines.length > 0) return lines;
    const around = [object, ...pods.slice(0, MOST)];
    const warnings = [...new Set((await Promise.all(around.map((o) => read.warnings(o)))).flat())];
    const pending = pods
        .filter((pod) => !isReady(pod))
        .map((pod) => `pod ${pod.metadata.name} is ${pod.status?.phase ?? "unknown"} and not ready`);
    return [...warnings, ...pending].slice(0, MOST);
}

const isReady = (pod: KubeObject) => list(pod.status?.conditions).some((c) => c.type === "Ready" && c.status === "True");
