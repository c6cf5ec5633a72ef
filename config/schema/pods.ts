import { z } from "zod";

const label = z.string().regex(/^([\w.-]+\/)?[\w.-]{1,63}$/, "stands under a name that is no label. Write for instance example.com/pool.");

/** A taint that nodes may have, as in a pod spec. */
const toleration = z.strictObject({
    /** The taint's key. */
    key: label,
    /**
     * `Equal`: the taint has this `value`; `Exists`: it may have any.
     * @default "Equal"
     */
    operator: z.enum(["Equal", "Exists"]).default("Equal"),
    /** The taint's value. */
    value: z.string().optional(),
    /** What the taint does. Without it, every effect is tolerated. */
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
});

/** Where pods run, and which go first, in a cluster with rules of its own: Thanos, Prometheus with all that its chart installs, memcached. */
export const pods = z.strictObject({
    /** PriorityClass of every pod. Without it, the cluster's default. */
    priorityClassName: z.string().min(1, "must not be empty.").optional(),
    /**
     * Labels that a node must have, of every pod but node-exporter's.
     * @default {}
     */
    nodeSelector: z.record(label, z.string()).default({}),
    /**
     * Taints that a node may have. node-exporter runs on every node anyway.
     * @default []
     */
    tolerations: z.array(toleration).default([]),
});

export type PodsConfig = z.infer<typeof pods>;
