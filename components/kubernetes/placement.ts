/** Where pods are put. */
export interface Placement {
    nodeSelector: Record<string, string>;
    tolerations: { key: string; operator: "Equal"; value: string; effect: "NoSchedule" }[];
}
