import type { PodsConfig } from "../../config/schema";

/** The nodes that a pod may run on, in the fields of a pod spec. */
export interface Placement {
    /** Labels that a node must have. */
    nodeSelector: Record<string, string>;
    /** Taints that a node may have. */
    tolerations: {
        key: string;
        operator: "Equal" | "Exists";
        value?: string | undefined;
        effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
    }[];
    /** Which pods go first where there is no room for all. @default the cluster's default */
    priorityClassName?: string;
}

/** The nodes of a cloud, with what the user says of every pod. */
export function placementOf(
    ofCloud: Placement | undefined,
    { nodeSelector, tolerations, priorityClassName }: PodsConfig,
): Placement | undefined {
    if (Object.keys(nodeSelector).length === 0 && tolerations.length === 0 && priorityClassName === undefined) return ofCloud;
    return {
        nodeSelector: { ...ofCloud?.nodeSelector, ...nodeSelector },
        tolerations: [...(ofCloud?.tolerations ?? []), ...tolerations],
        ...(priorityClassName && { priorityClassName }),
    };
}
