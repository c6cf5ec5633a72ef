import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Page } from "../../kubernetes/page";
import { PART_OF, podsOf } from "../../naming/labels";

/**
 * The label by which the AWS Load Balancer Controller makes a pod wait until its load balancer calls it healthy. Without it a rollout replaces both pods of
 * a Service before the load balancer knows the new ones, which can take two minutes.
 */
export const READINESS_GATES = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" };

/** Tags in the format of the AWS Load Balancer Controller: `k=v,k2=v2`. */
const tagList = (tags: Record<string, string>) =>
    Object.entries(tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(",");

/**
 * Annotations that make a Service an internal network load balancer with pods as its targets: traffic takes no hop over a node, and the
 * client's TLS connection ends at Thanos, which checks the client's certificate. The controller copies no labels of the Service, so the
 * tags are repeated here.
 */
export const loadBalancerAnnotations = (tags: Record<string, string>): Record<string, string> => ({
    "service.beta.kubernetes.io/aws-load-balancer-type": "external",
    "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags": tagList(tags),
});

export interface PageIngressArgs extends Page {
    /** ARN of an ACM certificate. @default none: plain HTTP inside the VPC */
    certificate?: string | undefined;
    /** CIDR blocks from which the page may be opened. */
    cidrs: readonly string[];
    /** Tags of the load balancer. */
    tags: Record<string, string>;
}

/** Publishes the page that people open, behind an internal application load balancer, and returns its URL. */
export function pageIngress(name: string, args: PageIngressArgs, opts: pulumi.CustomResourceOptions): string {
    const metadata = { name, namespace: args.namespace, labels: PART_OF };
    const service = new k8s.core.v1.Service(
        name,
        { metadata, spec: { selector: podsOf(args.component), ports: [{ name: "http", port: args.port, targetPort: "http" }] } },
        opts,
    );
    new k8s.networking.v1.Ingress(
        name,
        {
            metadata: {
                ...metadata,
                annotations: {
                    "alb.ingress.kubernetes.io/scheme": "internal",
                    "alb.ingress.kubernetes.io/target-type": "ip",
                    "alb.ingress.kubernetes.io/healthcheck-path": "/-/healthy",
                    // By default everybody who can route to the VPC.
                    "alb.ingress.kubernetes.io/inbound-cidrs": args.cidrs.join(","),
                    "alb.ingress.kubernetes.io/tags": tagList(args.tags),
                    ...(args.certificate
                        ? {
                              "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
                              "alb.ingress.kubernetes.io/ssl-redirect": "443",
                              "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                              "alb.ingress.kubernetes.io/certificate-arn": args.certificate,
                          }
                        : { "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80}]' }),
                },
            },
            spec: {
                ingressClassName: "alb",
                rules: [
                    {
                        host: args.host,
                        http: {
                            paths: [
                                {
                                    path: "/",
                                    pathType: "Prefix",
                                    backend: { service: { name: service.metadata.name, port: { name: "http" } } },
                                },
                            ],
                        },
                    },
                ],
            },
        },
        opts,
    );
    return `${args.certificate ? "https" : "http"}://${args.host}`;
}
