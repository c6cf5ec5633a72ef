/** The nodes that a pod may run on, in the fields of a pod spec. */
export interface Placement {
    /** Labels that a node must have. */
    nodeSelector: Record<string, string>;
    /** Taints that a node may have. */
    tolerations: { key: string; operator: "Equal"; value: string; effect: "NoSchedule" }[];
}
