import { z } from "zod";
import { labelKey, labelValue, objectName } from "./common";

/** A taint that nodes may have, as in a pod spec. */
const toleration = z.strictObject({
    /** The taint's key. */
    key: labelKey,
    /**
     * `Equal`: the taint has this `value`; `Exists`: it may have any.
     * @default "Equal"
     */
    operator: z.enum(["Equal", "Exists"]).default("Equal"),
    /** The taint's value. */
    value: labelValue.optional(),
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
    priorityClassName: objectName("a PriorityClass").optional(),
    /**
     * Labels that a node must have, of every pod but node-exporter's.
     * @default {}
     */
    nodeSelector: z.record(labelKey, labelValue).default({}),
    /**
     * Taints that a node may have. node-exporter runs on every node anyway.
     * @default []
     */
    tolerations: z.array(toleration).default([]),
});

export type PodsConfig = z.infer<typeof pods>;
