import { isKnown, type Known, type Source } from "../model";
import type { Variable } from "./workload";

/** Fields of a pod that are another one in each. */
const BY_POD =
    /^(metadata\.(name|uid)|status\.podIPs?|metadata\.labels\['(statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index)'\])$/;

/** Fields of a pod that are the same in all of a workload. Others, as the name of its node, may be another one in each. */
const SHARED = /^(metadata\.namespace|metadata\.(labels|annotations)\[.*\]|spec\.serviceAccountName)$/;

export interface Label {
    readonly name: string;
    /** A variable of the container in it is written as Kubernetes does: `$(POD_NAME)`. */
    readonly value: string;
}

/** What a source of blocks has for external labels. */
export function externalLabels(
    labels: readonly Label[],
    variable: (name: string) => Variable | undefined,
): Pick<Source, "replicaLabels" | "externalLabels"> {
    const differing = replicaLabels(labels, variable);
    if (!isKnown(differing) || differing.length > 0) return { replicaLabels: differing };
    const sorted = labels.map(({ name, value }) => [name, value]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
    return { replicaLabels: differing, externalLabels: JSON.stringify(sorted) };
}

/** Labels whose value is another one in each pod. `variable` finds one of the container. */
function replicaLabels(labels: readonly Label[], variable: (name: string) => Variable | undefined): Known<string[]> {
    const found = labels.map(({ name, value }) => ({ name, differs: differsByPod(value, variable) }));
    const unclear = found.find(({ differs }) => differs === undefined);
    const differing = found.filter(({ differs }) => differs === true).map(({ name }) => name);
    return unclear !== undefined && differing.length === 0
        ? { notKnown: `nobody can tell from its manifest whether its label ${unclear.name} is another one in each pod` }
        : differing;
}

function differsByPod(value: string, variable: (name: string) => Variable | undefined): boolean | undefined {
    const names = [...value.matchAll(/\$\(([^)]*)\)/g)].map(([, name = ""]) => name);
    const differs = names.map((name) => {
        const { value: fixed, valueFrom } = variable(name) ?? {};
        const field = valueFrom?.fieldRef?.fieldPath ?? "";
        if (BY_POD.test(field)) return true;
        return fixed !== undefined || SHARED.test(field) ? false : undefined;
    });
    if (differs.includes(true)) return true;
    return differs.includes(undefined) || /[$]|\{\{/.test(value.replace(/\$\([^)]*\)/g, "")) ? undefined : false;
}
