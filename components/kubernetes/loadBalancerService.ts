import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { PART_OF, podsOf } from "../naming/labels";

export interface ExposedArgs {
    namespace: string;
    component: string;
    /** DNS name that ExternalDNS publishes for it. */
    host: string;
    ports: Record<string, number>;
    /** What the cloud wants to know of a load balancer. */
    annotations: Record<string, string>;
}

/** A Service that other clusters reach: an internal load balancer with a DNS name. */
export function exposed(name: string, args: ExposedArgs, opts: pulumi.CustomResourceOptions): k8s.core.v1.Service {
    return new k8s.core.v1.Service(
        name,
        {
            metadata: {
                name,
                namespace: args.namespace,
                labels: PART_OF,
                annotations: {
                    "external-dns.alpha.kubernetes.io/hostname": args.host,
                    ...args.annotations,
                },
            },
            spec: {
                type: "LoadBalancer",
                selector: podsOf(args.component),
                ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
            },
        },
        opts,
    );
}
