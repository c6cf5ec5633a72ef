import { z } from "zod";
import { count, cpu, duration, size, volumeSize } from "./common";

/** The Prometheus of a cluster, with its Thanos sidecars. */
export const prometheus = z.strictObject({
    /**
     * Prometheus pods that scrape the same targets. Two, so that a restart leaves no gap.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * How long Prometheus keeps blocks on its own disk, a duration. At least three blocks (docs/components/sidecar.md of Thanos); a day survives a night without S3.
     * @default "24h"
     */
    retention: duration("24h").default("24h"),
    /**
     * Length of the blocks that Prometheus cuts and the sidecar uploads, a duration. Thanos expects 2h; shorten it for a demonstration only.
     * @default "2h"
     */
    blockDuration: duration("2h").default("2h"),
    /**
     * Time between two scrapes of a target, a duration.
     * @default "30s"
     */
    scrapeInterval: duration("30s").default("30s"),
    /**
     * Persistent volume of each Prometheus, a size in Gi or Ti. It may grow, where the StorageClass lets volumes expand. Blocks may fill four fifths of it.
     * @default "50Gi"
     */
    storage: volumeSize.default("50Gi"),
    /**
     * Memory of each Prometheus, a size.
     * @default "4Gi"
     */
    memory: size.default("4Gi"),
    /**
     * CPU that each Prometheus requests. There is no limit: what nobody else uses is free to take.
     * @default "500m"
     */
    cpu: cpu.default("500m"),
    /**
     * Whether the stack installs node-exporter. `unmanaged` where the cluster has one: it holds port 9100 of each node, so a second one never starts. Its own
     * ServiceMonitor or PodMonitor is found in any namespace.
     * @default "install"
     */
    nodeExporter: z.enum(["install", "unmanaged"]).default("install"),
});

export type PrometheusConfig = z.infer<typeof prometheus>;
