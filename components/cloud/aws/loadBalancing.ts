/**
 * The label by which the AWS Load Balancer Controller makes a pod wait until its load balancer calls it healthy. Without it a rollout replaces both pods of
 * a Service before the load balancer knows the new ones, which can take two minutes.
 */
export const READINESS_GATES = { "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled" };

/**
 * A network load balancer sends new connections to a target for about two minutes after its deregistration has begun, whatever its deregistration delay is
 * (kubernetes-sigs/aws-load-balancer-controller#2366, #3270).
 */
export const DRAIN_SECONDS = 150;

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

/** The same for an application load balancer, of an Ingress. */
export const ingressTags = (tags: Record<string, string>): Record<string, string> => ({ "alb.ingress.kubernetes.io/tags": tagList(tags) });
