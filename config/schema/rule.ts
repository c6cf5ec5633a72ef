import { z } from "zod";
import { clusterName, count, cpu, duration, positiveDuration, size, volumeSize } from "./common";

/** Rule: evaluates rules over the whole fleet. What a single cluster can evaluate belongs into that cluster's Prometheus (docs/adr/0023). */
export const rule = z.strictObject({
    /**
     * Rule files as Prometheus has them, as paths that begin at `Pulumi.yaml`. They are checked before anything is changed (config/ruleFiles.ts); the plan also asks
     * promtool and Thanos about them, where they are on PATH (plan/ruleTools.ts). A group may say `partial_response_strategy: warn`; all others are not evaluated
     * while a source that they need is missing. The fleet's own alerts about agents come besides.
     * @default []
     */
    files: z.array(z.string()).default([]),
    /**
     * Makes Rule stateless: it keeps no blocks and writes what it records to Receive, to the ring that uploads to this stream (docs/adr/0030). It may be a stream of
     * agents, or one of its own: `{name: recorded, writers: [], receiveUploads: true}` in `streams`. Not set: Rule is stateful, with blocks of its own, which it
     * uploads to the stream `rule`.
     */
    stream: clusterName.optional(),
    /**
     * Pods. Two evaluate the same rules, and Alertmanager gets one alert of them.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * Time between two evaluations of a group that says no other `interval`, a duration.
     * @default "1m"
     */
    evaluationInterval: positiveDuration("1m").default("1m"),
    /**
     * How far in the past a group is evaluated that says no other `query_offset`, a duration: longer than samples take to arrive from another cluster.
     * @default "30s"
     */
    queryOffset: duration("30s").default("30s"),
    /**
     * How long Rule keeps its own blocks on its disk, a duration. At least three blocks; two days survive a day without S3. A stateless one keeps none.
     * @default "48h"
     */
    retention: duration("48h").default("48h"),
    /**
     * Persistent volume of each pod, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand. A stateless Rule has none.
     * @default "10Gi"
     */
    storage: volumeSize.default("10Gi"),
    /**
     * Memory of each pod, a size.
     * @default "1Gi"
     */
    memory: size.default("1Gi"),
    /**
     * CPU that each pod requests.
     * @default "100m"
     */
    cpu: cpu.default("100m"),
});

export type RuleConfig = z.infer<typeof rule>;
