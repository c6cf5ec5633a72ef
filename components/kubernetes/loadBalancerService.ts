import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { PART_OF, publishedAs } from "../naming/labels";

export interface LoadBalancerServiceArgs {
    /** Kubernetes namespace. */
    namespace: string;
    /** Labels of the pods that answer. */
    pods: Record<string, string>;
    /** DNS name that ExternalDNS publishes for the load balancer. */
    host: string;
    /** Port numbers, by the name of the pods' port. */
    ports: Record<string, number>;
    /** Annotations that the cloud's load balancer controller reads. */
    annotations: Record<string, string>;
}

/** A Service that other clusters reach: an internal load balancer with a DNS name. */
export function loadBalancerService(name: string, args: LoadBalancerServiceArgs, opts: pulumi.CustomResourceOptions): k8s.core.v1.Service {
    return new k8s.core.v1.Service(
        name,
        {
            metadata: {
                name,
                namespace: args.namespace,
                labels: PART_OF,
                annotations: { ...publishedAs(args.host), ...args.annotations },
            },
            spec: {
                type: "LoadBalancer",
                selector: args.pods,
                ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
            },
        },
        opts,
    );
}
