import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { AutoscaleConfig } from "../../config/schema";

/** Gives a Deployment more pods while those that it has use more CPU than the target, up to `maxReplicas`, and never fewer than `minReplicas`. */
export const autoscaler = (
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    { minReplicas, maxReplicas, cpuPercent }: AutoscaleConfig & { minReplicas: number },
    opts: pulumi.CustomResourceOptions,
) =>
    new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        metadata.name,
        {
            metadata,
            spec: {
                scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name },
                minReplicas,
                maxReplicas,
                metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: cpuPercent } } }],
            },
        },
        opts,
    );
