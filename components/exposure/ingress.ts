import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ExposureConfig } from "../../config/schema";
import { secondsIn } from "../../rules/duration";
import { NO_LOGIN } from "../../rules/model";
import { withAnnotations } from "../kubernetes/annotations";

/** The longest that an ALB waits for an answer, in seconds. */
const ALB_LONGEST_WAIT = 4000;

/** Annotations of the Ingress, which its controller reads. `timeout`: seconds that an answer may take. */
export function ingressAnnotations(
    { ingress, login, sourceRanges }: Omit<ExposureConfig, "hosts">,
    timeout: number,
): Record<string, string> {
    const reason: Record<string, string> = login.by === "nobody" ? { [NO_LOGIN]: login.reason } : {};
    if (ingress.controller === "nginx")
        return {
            ...reason,
            "nginx.ingress.kubernetes.io/whitelist-source-range": sourceRanges.join(","),
            "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
            // A minute by default: less than a query may take.
            "nginx.ingress.kubernetes.io/proxy-read-timeout": String(timeout),
            // 4k by default: less than the headers with a login's cookies, which would be answered with 502.
            "nginx.ingress.kubernetes.io/proxy-buffer-size": "16k",
            ...(ingress.clusterIssuer && { "cert-manager.io/cluster-issuer": ingress.clusterIssuer }),
        };
    return {
        ...reason,
        "alb.ingress.kubernetes.io/scheme": ingress.scheme,
        "alb.ingress.kubernetes.io/target-type": "ip",
        // By default everybody who can route to it.
        "alb.ingress.kubernetes.io/inbound-cidrs": sourceRanges.join(","),
        "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
        "alb.ingress.kubernetes.io/ssl-redirect": "443",
        "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "alb.ingress.kubernetes.io/certificate-arn": ingress.certificate,
        // A minute by default.
        "alb.ingress.kubernetes.io/load-balancer-attributes": `idle_timeout.timeout_seconds=${Math.min(timeout, ALB_LONGEST_WAIT)}`,
        ...(login.by === "alb" && {
            "alb.ingress.kubernetes.io/auth-type": "oidc",
            "alb.ingress.kubernetes.io/auth-idp-oidc": JSON.stringify({
                issuer: login.issuer,
                authorizationEndpoint: login.authorizationEndpoint,
                tokenEndpoint: login.tokenEndpoint,
                userInfoEndpoint: login.userInfoEndpoint,
                secretName: login.clientSecret,
            }),
            "alb.ingress.kubernetes.io/auth-on-unauthenticated-request": "authenticate",
            "alb.ingress.kubernetes.io/auth-scope": login.scope ?? "openid email profile",
            "alb.ingress.kubernetes.io/auth-session-timeout": String(Math.ceil(secondsIn(login.session))),
        }),
    };
}

/** The annotations of a Service behind an ALB: where the ALB asks whether a pod is healthy. */
export const healthAnnotations = ({ controller }: ExposureConfig["ingress"], path: string) =>
    withAnnotations(controller === "alb" ? { "alb.ingress.kubernetes.io/healthcheck-path": path } : {});

/** A host, and the Service behind each of its paths. */
export interface Route {
    host: string;
    paths: readonly { path: string; service: pulumi.Input<string> }[];
}

/** The rest of the Ingress. Every Service has a port `http`. */
export const ingressSpec = (ingress: ExposureConfig["ingress"], routes: readonly Route[]): k8s.types.input.networking.v1.IngressSpec => ({
    ingressClassName: ingress.class,
    ...(ingress.controller === "nginx" && {
        tls: ingress.tlsSecret
            ? [{ hosts: routes.map(({ host }) => host), secretName: ingress.tlsSecret }]
            : // Where cert-manager puts the certificate of each.
              routes.map(({ host }) => ({ hosts: [host], secretName: `${host}-tls` })),
    }),
    rules: routes.map(({ host, paths }) => ({
        host,
        http: {
            paths: paths.map(({ path, service }) => ({
                path,
                pathType: "Prefix",
                backend: { service: { name: service, port: { name: "http" } } },
            })),
        },
    })),
});
