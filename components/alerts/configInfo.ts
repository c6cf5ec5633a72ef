import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { CONFIG_INFO } from "../../config/ruleFiles";
import { PART_OF } from "../naming/labels";

export interface ConfigInfoArgs {
    /** Kubernetes namespace. */
    namespace: string;
    /** Hash of the configuration of the Prometheus that the stack installs. */
    configHash: pulumi.Input<string>;
}

/**
 * A rule by which Prometheus records the hash of its configuration. The operator sets Prometheus up after the update of the stack has ended. Once this rule is
 * evaluated, it has begun, since the rule is updated after the Prometheus object: gates of a rollout wait for it. Create it after the release.
 */
export function configInfo({ namespace, configHash }: ConfigInfoArgs, opts: pulumi.CustomResourceOptions): void {
    new CustomResource(
        "config-info",
        {
            apiVersion: "monitoring.coreos.com/v1",
            kind: "PrometheusRule",
            metadata: { name: "thanos-fleet-config", namespace, labels: PART_OF },
            spec: {
                groups: [
                    {
                        name: "thanos-fleet-config",
                        rules: [{ record: CONFIG_INFO, expr: "vector(1)", labels: { config_hash: configHash } }],
                    },
                ],
            },
        },
        opts,
    );
}
