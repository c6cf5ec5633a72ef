import { z } from "zod";
import { arn, cidr, domain, namespace, objectName, positiveDuration, secretName } from "./common";

/** How people reach the pages of the observer: through an ingress, with TLS, from some networks, after a login (docs/adr/0029). */

/** An issuer of OpenID Connect, and what it serves. Over plain HTTP only on the same machine, where nobody listens. */
const issuerUrl = z
    .string()
    .regex(
        /^(https:\/\/[\w.-]+(:\d+)?|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(\/[\w./~-]*)?$/,
        "is not the address of an issuer: whoever reads along could log in as anybody. Write https://...",
    );

/** DNS names of the pages, where they are not below the fleet's domain. */
const hosts = z.strictObject({
    /**
     * Query Frontend.
     * @default query.<domain>
     */
    query: domain.optional(),
    /**
     * Grafana, where the stack installs it.
     * @default grafana.<domain>
     */
    grafana: domain.optional(),
    /**
     * The pages of `bucketWeb`, each under the name of its stream.
     * @default blocks.<domain>
     */
    blocks: domain.optional(),
});

/** An application load balancer of AWS. */
const alb = z.strictObject({
    controller: z.literal("alb"),
    /**
     * IngressClass of the AWS Load Balancer Controller.
     * @default "alb"
     */
    class: objectName("an IngressClass").default("alb"),
    /**
     * `internal`: reachable inside the VPC and from what is connected to it; `internet-facing`: from the Internet.
     * @default "internal"
     */
    scheme: z.enum(["internal", "internet-facing"]).default("internal"),
    /** ARN of the ACM certificate for every page. */
    certificate: arn("acm", "[a-z0-9-]+:\\d{12}:certificate/.+", "arn:aws:acm:eu-west-1:111111111111:certificate/0a1b"),
    /** CIDR blocks of the load balancer's subnets: pods accept connections from there only. */
    subnetCidrs: z.array(cidr()).min(1),
});

/** A controller that reads the annotations of ingress-nginx. */
const nginx = z.strictObject({
    controller: z.literal("nginx"),
    /**
     * Its IngressClass.
     * @default "nginx"
     */
    class: objectName("an IngressClass").default("nginx"),
    /**
     * Namespace of its pods: pods accept connections from there only.
     * @default "ingress-nginx"
     */
    namespace: namespace.default("ingress-nginx"),
    /** Secret with the certificate for every page, keys `tls.crt` and `tls.key`. */
    tlsSecret: secretName.optional(),
    /** ClusterIssuer by which cert-manager makes a certificate for each page instead. */
    clusterIssuer: objectName("a ClusterIssuer").optional(),
});

/** What both ways of logging in ask for. */
const openIdConnect = {
    /** The issuer, as it is written in its tokens. */
    issuer: issuerUrl,
    /** Secret with the client that the issuer knows, keys `clientID` and `clientSecret`. The stack reads none of it. */
    clientSecret: secretName,
    /** What is asked of the issuer, with spaces. Without it, `openid email profile`, and `groups` where `groups` are set. */
    scope: z
        .string()
        .regex(/^openid( [\w.:/-]+)*$/, "is not a scope of OpenID Connect. Begin with openid: openid email profile.")
        .optional(),
    /**
     * How long a login holds, a duration of at most 7d. Who has left the company meanwhile gets in until it ends.
     * @default "12h"
     */
    session: positiveDuration("12h").default("12h"),
};

/** oauth2-proxy before each page, two pods of it. It keeps sessions in an encrypted cookie, so there is no store to run. */
const oauth2Proxy = z.strictObject({
    by: z.literal("oauth2-proxy"),
    ...openIdConnect,
    /**
     * Domains of email addresses: others are refused. `*` is any.
     * @default []
     */
    emailDomains: z.array(z.string().regex(/^(\*|[a-z0-9-]+(\.[a-z0-9-]+)+)$/, "is not a domain of email addresses.")).default([]),
    /**
     * Groups, by the claim `groups`: who is in none of them is refused.
     * @default []
     */
    groups: z.array(z.string().min(1)).default([]),
    /**
     * Whether Query Frontend also answers requests with an id token of this issuer and client in their `Authorization: Bearer`, for programs. Domains and groups
     * apply to it, too.
     * @default false
     */
    bearerTokens: z.boolean().default(false),
});

/** The ALB itself. It checks neither domains nor groups: who may open the pages is what the issuer decides for this client. */
const albLogin = z.strictObject({
    by: z.literal("alb"),
    ...openIdConnect,
    /** The issuer's `authorization_endpoint`: an ALB does not look it up. */
    authorizationEndpoint: issuerUrl,
    /** Its `token_endpoint`. */
    tokenEndpoint: issuerUrl,
    /** Its `userinfo_endpoint`. */
    userInfoEndpoint: issuerUrl,
});

/** Nobody asks who it is. */
const noLogin = z.strictObject({
    by: z.literal("nobody"),
    /** Why that is safe here. It is an annotation of the Ingress. */
    reason: z.string().min(10, "is no reason. Write what authenticates people instead."),
});

export const exposure = z.strictObject({
    /** DNS names of the pages. */
    hosts: hosts.prefault({}),
    /** CIDR blocks from which the pages may be opened. */
    sourceRanges: z.array(cidr()).min(1),
    /** What accepts connections, and where its certificate is. */
    ingress: z.discriminatedUnion("controller", [alb, nginx], "is not a controller. Write alb or nginx."),
    /** Who asks people who they are. */
    login: z.discriminatedUnion("by", [oauth2Proxy, albLogin, noLogin], "is not a login. Write oauth2-proxy, alb or nobody."),
});

export type ExposureConfig = z.infer<typeof exposure>;
export type Oauth2ProxyConfig = z.infer<typeof oauth2Proxy>;
