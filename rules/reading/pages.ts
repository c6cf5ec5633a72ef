import { admitsEverybody, type ExposedPage, isKnown, NO_LOGIN } from "../model";
import { parseArgv } from "./commandLine";
import type { Manifest } from "./manifest";
import { NotKnownError } from "./notKnown";
import { notKnown, type Process, processesOf, readYaml, type Surroundings } from "./process";
import { routesOf } from "./routes";
import { type Service, serviceNamed, serviceOf } from "./services";
import type { Container } from "./workload";

interface Fields {
    readonly metadata?: { readonly annotations?: Annotations };
    readonly spec?: { readonly ingressClassName?: string };
}

type Annotations = Readonly<Record<string, string>>;

/** Of the AWS Load Balancer Controller, and of ingress-nginx: the annotations that are read (their docs, guide/ingress/annotations.md and nginx-configuration/annotations.md). */
const ALB = "alb.ingress.kubernetes.io/";
const NGINX = "nginx.ingress.kubernetes.io/";

/** The pages that an Ingress or another route exposes: its hosts whose Services lead to Thanos, or to oauth2-proxy before Thanos. Pods that are not among the manifests are not known. */
export function pagesOf(manifest: Manifest, path: string, around: Surroundings): ExposedPage[] {
    return routesOf(manifest).flatMap(({ host, services, unread }): ExposedPage[] => {
        const { metadata, spec } = manifest.fields as Fields;
        const { annotations = {} } = metadata ?? {};
        const logins = services.flatMap((named) => {
            const service = serviceOf(named, around.manifests);
            return service === undefined ? [] : loginsOf(service, annotations, around);
        });
        if (logins.length === 0) return [];
        const login = logins.every((asked) => asked);
        const ingressClass = spec?.ingressClassName ?? annotations["kubernetes.io/ingress.class"] ?? "";
        const mayAsk = login ? undefined : (unread ?? unreadIn(ingressClass, annotations));
        if (mayAsk !== undefined) throw new NotKnownError(`${mayAsk} may decide who opens ${host}`);
        const reason = annotations[NO_LOGIN];
        return [{ path, host, login, ...(reason !== undefined && { reason }), sources: sourcesOf(ingressClass, annotations) }];
    });
}

/** Components that show metrics, or what they are stored in. Receive takes samples, and in a sidecar's pod Prometheus answers, which may ask by itself. */
const SHOWING = ["query", "query-frontend", "rule", "store", "compact", "tools"];

const shows = ({ component, line }: Process) => component !== "tools" || line.command.includes("web");

/** For each workload of Thanos that a Service leads to: whether something asks for a login before it. */
function loginsOf(service: Service, annotations: Annotations, around: Surroundings): boolean[] {
    return service.behind.flatMap(({ manifest, workload }): boolean[] => {
        const processes = processesOf(manifest, manifest.name, SHOWING, around).filter(shows);
        if (processes.length === 0) return workload.containers.some((one) => isBeforeThanos(one, workload.namespace, around)) ? [true] : [];
        if (asks(annotations, service)) return [true];
        const proxy = workload.containers.find(({ image = "" }) => PROXY.test(image));
        if (proxy !== undefined)
            throw new NotKnownError(`which container of its pods answers is not read, and ${proxy.image} may ask for a login`);
        return processes.map((process) => asksItself(process, annotations));
    });
}

/** A container beside Thanos that may be before it: kube-rbac-proxy, oauth-proxy, nginx. */
const PROXY = /(proxy|auth|nginx|envoy|caddy)[^/]*$/;
const OAUTH2_PROXY = /(^|\/)oauth2-proxy([:@]|$)/;
const UPSTREAMS = "OAUTH2_PROXY_UPSTREAMS";

/** Whether it is oauth2-proxy, and passes requests on to Thanos. Where its upstreams are in a file or not known, nobody gets past it all the same. */
function isBeforeThanos({ image = "", command = [], args = [], env = [] }: Container, namespace: string, around: Surroundings): boolean {
    if (!OAUTH2_PROXY.test(image)) return false;
    const byFlag = parseArgv([...command, ...args]).flags.get("upstream") ?? [];
    const byVariable = env.filter(({ name }) => name === UPSTREAMS).map(({ value = "" }) => value);
    return [...byFlag, ...byVariable]
        .join(",")
        .split(",")
        .some((url) => {
            const [, host = ""] = /^https?:\/\/([a-z0-9.-]+)/.exec(url) ?? [];
            const named = serviceNamed(host, namespace);
            const service = named && serviceOf(named, around.manifests);
            return service?.behind.some(({ manifest }) => processesOf(manifest, manifest.name, SHOWING, around).some(shows)) ?? false;
        });
}

/** Whether the controller asks: an ALB, whose annotations a Service may have, too; or ingress-nginx, for a login, a password or a client certificate. */
function asks(annotations: Annotations, service: Service): boolean {
    const alb = (key: string) => service.annotations[ALB + key] ?? annotations[ALB + key];
    const nginx = (key: string) => annotations[NGINX + key];
    const byAlb = ["oidc", "cognito"].includes(alb("auth-type") ?? "") && alb("auth-on-unauthenticated-request") !== "allow";
    const byPassword = ["basic", "digest"].includes(nginx("auth-type") ?? "") && nginx("auth-secret") !== undefined;
    const byCertificate = nginx("auth-tls-secret") !== undefined && (nginx("auth-tls-verify-client") ?? "on") === "on";
    return byAlb || nginx("auth-url") !== undefined || byPassword || byCertificate;
}

interface WebConfig {
    readonly basic_auth_users?: object | null;
    readonly tls_server_config?: { readonly client_auth_type?: string } | null;
}

/** Whether Thanos itself asks: for a password or a client certificate (exporter-toolkit, docs/web-configuration.md). */
function asksItself({ line, file }: Process, annotations: Annotations): boolean {
    if (line.flags.has("grpc-server-tls-client-ca") && (annotations[`${NGINX}backend-protocol`] ?? "").startsWith("GRPC"))
        throw new NotKnownError("--grpc-server-tls-client-ca may ask for a certificate");
    const config = file("http.config");
    if (config === undefined) return false;
    if (!isKnown(config)) throw new NotKnownError(`--http.config may ask for a login: ${config.notKnown}`);
    const { basic_auth_users: users, tls_server_config: tls } = (readYaml(config) ?? {}) as WebConfig;
    return Object.keys(users ?? {}).length > 0 || tls?.client_auth_type === "RequireAndVerifyClientCert";
}

/** Annotations of other controllers that may ask for a login, or admit some networks only: middlewares, plugins, policies. */
const MAY_ASK = /auth|oidc|saml|jwt|middleware|plugin|polic|iap|backend-config|white-?list|allow-?list|cidr/i;

/** What about an Ingress is not read, and may ask for a login. */
function unreadIn(ingressClass: string, annotations: Annotations): string | undefined {
    if (!/^$|nginx|alb/.test(ingressClass)) return `an Ingress of class ${ingressClass}`;
    return Object.keys(annotations).find((key) =>
        key.startsWith(NGINX) && key.endsWith("-snippet")
            ? /auth|allow|deny/.test(annotations[key] ?? "")
            : !key.startsWith(NGINX) && !key.startsWith(ALB) && MAY_ASK.test(key),
    );
}

/** The networks that an Ingress admits. `whitelist-` is the older name of `allowlist-`. */
function sourcesOf(ingressClass: string, annotations: Annotations): ExposedPage["sources"] {
    const alb = (key: string) => annotations[ALB + key];
    const listed =
        alb("inbound-cidrs") ?? annotations[`${NGINX}allowlist-source-range`] ?? annotations[`${NGINX}whitelist-source-range`] ?? "";
    const sources = listed.split(/[\s,]+/).filter((source) => source !== "");
    const isAlb = /alb/.test(ingressClass) || Object.keys(annotations).some((key) => key.startsWith(ALB));
    if (!isAlb) return sources;
    if (alb("security-groups") !== undefined) return notKnown("security groups of the ALB decide from where it is reached");
    // The default is internal: reached from the VPC and what is connected to it.
    return alb("scheme") !== "internet-facing" && admitsEverybody(sources)
        ? notKnown("the ALB is internal, so its VPC decides from where it is reached")
        : sources;
}
