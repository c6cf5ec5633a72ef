/** The nodes that a pod may run on, in the fields of a pod spec. */
export interface Placement {
    nodeSelector: Record<string, string>;
    tolerations: { key: string; operator: "Equal"; value: string; effect: "NoSchedule" }[];
}
