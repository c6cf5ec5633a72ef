import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PageName } from "../../config/exposure";
import type { Oauth2ProxyConfig } from "../../config/schema";
import { goTime } from "../../rules/duration";
import { childOptions } from "../kubernetes/childOptions";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { hardenedPod } from "../kubernetes/hardenedPod";
import { networkPolicy, type Peer } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { loginPodsOf, PART_OF } from "../naming/labels";
import { loginName } from "../naming/names";

export interface Oauth2ProxyFlags extends Omit<Oauth2ProxyConfig, "by" | "clientSecret"> {
    page: PageName;
    /** DNS name of the page. */
    host: string;
    /** URLs of the pods behind it. The path of each decides which requests it gets. */
    upstreams: readonly string[];
    /** Seconds that an answer may take. */
    timeout: number;
}

export interface Oauth2ProxyArgs extends Oauth2ProxyFlags, Pick<Oauth2ProxyConfig, "clientSecret"> {
    /** Kubernetes namespace. */
    namespace: string;
    image: string;
    /** Name of the Secret with the key of the cookies. */
    cookieSecret: pulumi.Input<string>;
    /** Annotations of its Service, as part of the metadata. */
    annotations: { annotations?: Record<string, pulumi.Input<string>> };
    /** Who connects to it: the ingress. */
    clients: readonly Peer[];
    /** How long its pods serve on after they have left their Service, in seconds (docs/adr/0040). */
    drainSeconds: number;
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
}

/** Folder of the client's Secret, whose keys are those that an ALB reads. */
export const CLIENT_DIR = "/etc/oauth2-proxy/client";
/** Folder of the key of the cookies. */
export const COOKIE_DIR = "/etc/oauth2-proxy/cookie";
/** File with the key of the cookies, and its key in the Secret. */
export const COOKIE_KEY = "cookie-secret";

const PORT = 4180;
/** User of the official image. */
const USER_ID = 65532;
/** Two, so that a drained node logs nobody out: each pod reads the cookies of the other. */
export const LOGIN_PODS = 2;
/** Path that answers 200 to everybody while a pod is healthy. */
export const HEALTHY = "/ping";
/** What each pod requests. */
export const LOGIN_REQUESTS = { cpu: "20m", memory: "64Mi" };

/**
 * Flags of `oauth2-proxy` before a page (v7.15). Not `--reverse-proxy`: it would believe headers of whoever connects, and needs none of them, since it is told its own
 * address.
 */
export const oauth2ProxyFlags = (args: Oauth2ProxyFlags): string[] => [
    `--http-address=0.0.0.0:${PORT}`,
    ...args.upstreams.map((url) => `--upstream=${url}`),
    // 30 seconds by default: less than a query may take.
    `--upstream-timeout=${args.timeout}s`,
    "--provider=oidc",
    `--oidc-issuer-url=${args.issuer}`,
    `--client-secret-file=${CLIENT_DIR}/clientSecret`,
    `--redirect-url=https://${args.host}/oauth2/callback`,
    ...(args.scope ? [`--scope=${args.scope}`] : []),
    "--code-challenge-method=S256",
    // By default a token that was issued for another login is accepted.
    "--insecure-oidc-skip-nonce=false",
    // Both have to fit. oauth2-proxy insists on a domain.
    ...(args.emailDomains.length > 0 ? args.emailDomains : ["*"]).map((domain) => `--email-domain=${domain}`),
    ...args.groups.map((group) => `--allowed-group=${group}`),
    `--cookie-secret-file=${COOKIE_DIR}/${COOKIE_KEY}`,
    // Browsers take a cookie of this name from this host only, by HTTPS only.
    "--cookie-name=__Host-login",
    "--cookie-samesite=lax",
    `--cookie-expire=${goTime(args.session)}`,
    // The cookie holds who has logged in, and not the issuer's tokens: no page needs them, and they can be larger than a cookie may be.
    "--session-cookie-minimal",
    "--skip-provider-button",
    // Requests of programs, and of the pages' scripts when the session has ended, get 401 instead of a redirect to the login page.
    "--api-route=/api/",
    "--silence-ping-logging",
    // For programs that read Query Frontend's API. Bucket web has no such API, and Grafana would take a bearer token for one of its own.
    ...(args.bearerTokens && args.page === "query" ? ["--skip-jwt-bearer-tokens", "--bearer-token-login-fallback=false"] : []),
];

/** oauth2-proxy before one page: it passes on requests of people who have logged in, and sends all others to the issuer. */
export class Oauth2Proxy extends pulumi.ComponentResource {
    /** Name of its Service, whose port is called `http`. */
    readonly service: pulumi.Output<string>;

    constructor(name: string, args: Oauth2ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:exposure:Oauth2Proxy", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, page } = args;
        const workload = loginName(page);
        const selector = loginPodsOf(page);
        const labels = { ...selector, ...PART_OF };
        const metadata = { name: workload, namespace, labels };

        const account = new k8s.core.v1.ServiceAccount(workload, { metadata, automountServiceAccountToken: false }, childOpts);
        this.service = new k8s.core.v1.Service(
            workload,
            { metadata: { ...metadata, ...args.annotations }, spec: { selector, ports: [{ name: "http", port: 80, targetPort: "http" }] } },
            childOpts,
        ).metadata.name;
        networkPolicy(workload, { namespace, labels, pods: selector, clients: [[PORT, args.clients]] }, childOpts);
        disruptionBudget(metadata, selector, childOpts);
        new k8s.apps.v1.Deployment(
            workload,
            {
                metadata,
                spec: {
                    replicas: LOGIN_PODS,
                    selector: { matchLabels: selector },
                    strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } },
                    template: hardenedPod({
                        name: "oauth2-proxy",
                        image: args.image,
                        args: oauth2ProxyFlags(args),
                        // There is no flag for a file with it.
                        env: [
                            {
                                name: "OAUTH2_PROXY_CLIENT_ID",
                                valueFrom: { secretKeyRef: { name: args.clientSecret, key: "clientID" } },
                            },
                        ],
                        userId: USER_ID,
                        ports: { http: PORT },
                        probes: {
                            readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 5, timeoutSeconds: 5 },
                            livenessProbe: {
                                httpGet: { path: HEALTHY, port: "http" },
                                periodSeconds: 30,
                                timeoutSeconds: 10,
                                failureThreshold: 4,
                            },
                        },
                        resources: LOGIN_REQUESTS,
                        gracePeriod: 30,
                        drainSeconds: args.drainSeconds,
                        serviceAccountName: account.metadata.name,
                        labels,
                        replicaSelector: selector,
                        placement: args.placement,
                        files: [
                            { name: "client", mountPath: CLIENT_DIR, secret: args.clientSecret },
                            { name: "cookie", mountPath: COOKIE_DIR, secret: args.cookieSecret },
                        ],
                    }),
                },
            },
            childOpts,
        );
        this.registerOutputs({});
    }
}
