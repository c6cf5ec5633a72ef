import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { PART_OF, THANOS_PODS } from "../naming/labels";

export interface ThanosServiceMonitorArgs {
    /** Kubernetes namespace. */
    namespace: string;
    /** Labels of the object, by which a Prometheus may choose. @default those of every object of this project */
    labels?: pulumi.Input<Record<string, string>>;
}

/** Lets Prometheus scrape every Thanos pod of the stack. The label `job` is the name of the pods' Service. */
export const thanosServiceMonitor = ({ namespace, labels = PART_OF }: ThanosServiceMonitorArgs, opts: pulumi.CustomResourceOptions) =>
    new CustomResource(
        "thanos",
        {
            apiVersion: "monitoring.coreos.com/v1",
            kind: "ServiceMonitor",
            metadata: { name: "thanos", namespace, labels },
            spec: {
                selector: { matchLabels: { ...PART_OF, ...THANOS_PODS } },
                endpoints: [{ port: "http" }],
            },
        },
        opts,
    );
