import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { PART_OF } from "./workload";

export interface ExposedArgs {
    namespace: string;
    component: string;
    /** DNS name that ExternalDNS publishes for it. */
    host: string;
    ports: Record<string, number>;
}

/** A Service that other clusters reach: an internal load balancer with a DNS name. The annotations are those of the AWS Load Balancer Controller. */
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
                    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
                    "service.beta.kubernetes.io/aws-load-balancer-type": "external",
                    "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
                },
            },
            spec: {
                type: "LoadBalancer",
                selector: { "app.kubernetes.io/name": "thanos", "app.kubernetes.io/component": args.component },
                ports: Object.entries(args.ports).map(([port, number]) => ({ name: port, port: number, targetPort: port })),
            },
        },
        opts,
    );
}
