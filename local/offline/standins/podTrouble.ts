/** Why a workload does not become ready, as its pods report it. */
import { isMap } from "../../../rules/isMap";
import { type KubeObject, objectsIn } from "./readiness";

interface ContainerTrouble {
    container: string;
    /** As in `ImagePullBackOff: Back-off pulling image "x"`. */
    reason: string;
    /** It has run before, so its previous log says more. */
    crashed: boolean;
}

/** What keeps a pod's containers from running; empty when they run or are only starting. */
export function podTrouble(pod: KubeObject): ContainerTrouble[] {
    const containers = [...objectsIn(pod.status?.initContainerStatuses), ...objectsIn(pod.status?.containerStatuses)];
    return containers.flatMap((c) => {
        const state = isMap(c.state) ? c.state : {};
        const last = isMap(c.lastState) && isMap(c.lastState.terminated) ? c.lastState.terminated : undefined;
        const now = isMap(state.waiting)
            ? state.waiting
            : isMap(state.terminated) && state.terminated.exitCode !== 0
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

/** Why a pod is not scheduled to a node. */
function unscheduled(pod: KubeObject): string | undefined {
    const scheduled = objectsIn(pod.status?.conditions).find((c) => c.type === "PodScheduled");
    return scheduled?.status === "False" ? `${scheduled.reason}: ${scheduled.message}` : undefined;
}

/** Reads from a cluster what explains a pod's trouble. */
export interface PodReader {
    pods(namespace: string, labels: Record<string, string>): Promise<KubeObject[]>;
    warnings(object: KubeObject): Promise<string[]>;
    lastLogLine(pod: KubeObject, container: string, previous: boolean): Promise<string>;
}

/** Three pods say as much as thirty. */
const MAX_LINES = 3;

/** Lines for an error message: the trouble of the pods with these labels; where there is none, the warning events of object and pods. */
export async function explainTrouble(read: PodReader, object: KubeObject, labels: Record<string, string> | undefined): Promise<string[]> {
    const pods = labels === undefined ? [] : await read.pods(object.metadata.namespace ?? "default", labels);
    const lines: string[] = [];
    for (const pod of pods) {
        if (lines.length >= MAX_LINES) break;
        const why = unscheduled(pod);
        if (why !== undefined) lines.push(`pod ${pod.metadata.name}: ${why}`);
        for (const trouble of podTrouble(pod)) {
            const log = trouble.crashed ? await read.lastLogLine(pod, trouble.container, true) : "";
            lines.push(
                `pod ${pod.metadata.name}, container ${trouble.container}: ${trouble.reason}${log === "" ? "" : ` (last log line: ${log})`}`,
            );
        }
    }
    if (lines.length > 0) return lines;
    const around = [object, ...pods.slice(0, MAX_LINES)];
    const warnings = [...new Set((await Promise.all(around.map((o) => read.warnings(o)))).flat())];
    const pending = pods
        .filter((pod) => !isReady(pod))
        .map((pod) => `pod ${pod.metadata.name} is ${pod.status?.phase ?? "unknown"} and not ready`);
    return [...warnings, ...pending].slice(0, MAX_LINES);
}

const isReady = (pod: KubeObject) => objectsIn(pod.status?.conditions).some((c) => c.type === "Ready" && c.status === "True");
