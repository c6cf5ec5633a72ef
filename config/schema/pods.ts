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

/** Where pods run, which go first, and where their images come from, in a cluster with rules of its own: Thanos, Prometheus with all that its chart installs, memcached. */
export const pods = z.strictObject({
    /**
     * Registry that every image is pulled from, with a path if it has one: a mirror that keeps the images' repositories. `mirror.example.com/pull` has
     * `mirror.example.com/pull/thanos/thanos`. Without it, each image comes from its own registry. Add-ons of AWS are not pods of the stack.
     */
    imageRegistry: z
        .string()
        .regex(
            /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(\/[a-z0-9._-]+)*$/,
            "is not a registry. Write a host and a path, without https://: mirror.example.com/pull.",
        )
        .optional(),
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
