import { mebibytesOf } from "../../config/size";

/** CPU in thousandths of a core, and memory in MiB. */
export interface Requests {
    cpu: number;
    memory: number;
}

/** What the scheduler needs to know of the pods of one workload. */
export interface PodRequests {
    /** Name of the workload. */
    name: string;
    /** Number of pods, or the most where it changes with the load. */
    replicas: number;
    /** The fewest pods, where their number changes with the load. @default `replicas` */
    fewest?: number;
    /** Requests of each pod: the sum of its containers. */
    requests: Requests;
    /** Whether the pods have persistent volumes: they run on the nodes that are kept for such pods. */
    volumes: boolean;
}

/** Reads quantities as config/schema/common.ts checks them: `250m` or `2`, `512Mi` or `4Gi`. */
export const requestsOf = ({ cpu, memory }: { cpu: string; memory: string }): Requests => ({
    cpu: cpu.endsWith("m") ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000,
    memory: mebibytesOf(memory),
});

export const sumOf = (requests: readonly Requests[]): Requests =>
    requests.reduce((sum, { cpu, memory }) => ({ cpu: sum.cpu + cpu, memory: sum.memory + memory }), { cpu: 0, memory: 0 });
