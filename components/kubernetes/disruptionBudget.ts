import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Lets Kubernetes end one of these pods at a time, when it drains nodes. */
export const disruptionBudget = (
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    pods: Record<string, string>,
    opts: pulumi.CustomResourceOptions,
) => new k8s.policy.v1.PodDisruptionBudget(metadata.name, { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: pods } } }, opts);
