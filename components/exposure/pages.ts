import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type PageName, pageHosts } from "../../config/exposure";
import type { ExposureConfig, ObserverConfig } from "../../config/schema";
import { isShown } from "../../config/stores";
import { streamsOf } from "../../config/streams";
import { secondsIn } from "../../rules/duration";
import { STREAM_LABEL } from "../../rules/model";
import { childOptions } from "../kubernetes/childOptions";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf } from "../naming/labels";
import { GRAFANA, GRAFANA_PODS, GRAFANA_PORT, GRAFANA_SERVICE_PORT, HTTP_PORT, loginName, serviceHost, thanosName } from "../naming/names";
import { healthAnnotations, ingressAnnotations, ingressSpec } from "./ingress";
import { COOKIE_KEY, HEALTHY, Oauth2Proxy } from "./oauth2Proxy";
import { ingressPeers } from "./visitors";

/** Pods that answer for a page, or for a path of it. */
export interface Backend {
    /** Name of the Service in front of them, and its port. */
    service: string;
    servicePort: number;
    /** Path that they answer for: `/`, or one without a slash at its end. */
    path: string;
    /** Labels of the pods, and their port. */
    pods: Record<string, string>;
    port: number;
    /** Path that answers 200 while they are healthy. */
    health: string;
}

/** A page that people open. */
export interface Page {
    name: PageName;
    /** DNS name. */
    host: string;
    backends: Backend[];
}

/** The streams whose blocks are shown, in the order of the fleet's. */
const shownStreams = (config: ObserverConfig): string[] => {
    const { bucketWeb } = config;
    if (bucketWeb === undefined) return [];
    return streamsOf(config)
        .map(({ name }) => name)
        .filter((stream) => isShown(bucketWeb, stream));
};

/** Path of the page that shows a stream's blocks. Its pods know it, and redirect to it from `/`. */
export const blocksPath = (stream: string) => `/${stream}`;

const thanos = { servicePort: HTTP_PORT, port: HTTP_PORT, health: "/-/healthy" };

/** Every page of an observer. The first page of blocks also answers for `/`. */
export function pagesOf(config: ObserverConfig): Page[] {
    const backends: Record<PageName, () => Backend[]> = {
        query: () => [{ ...thanos, service: thanosName("query-frontend"), path: "/", pods: podsOf("query-frontend") }],
        grafana: () => [
            {
                service: GRAFANA,
                servicePort: GRAFANA_SERVICE_PORT,
                path: "/",
                pods: GRAFANA_PODS,
                port: GRAFANA_PORT,
                health: "/api/health",
            },
        ],
        blocks: () =>
            shownStreams(config).map((stream, i) => ({
                ...thanos,
                service: thanosName(`bucket-web-${stream}`),
                path: i === 0 ? "/" : blocksPath(stream),
                pods: { ...podsOf("bucket-web"), [STREAM_LABEL]: stream },
            })),
    };
    return Object.entries(pageHosts(config)).map(([name, host]) => ({
        name: name as PageName,
        host,
        backends: backends[name as PageName](),
    }));
}

export interface PagesArgs {
    /** Kubernetes namespace. */
    namespace: string;
    exposure: ExposureConfig;
    pages: readonly Page[];
    /** How long Query may work on a query, a duration. */
    queryTimeout: string;
    /** Image of oauth2-proxy. */
    image: string;
    /** Annotations of an Ingress in this cloud. */
    annotations: Record<string, string>;
    /** How long pods of oauth2-proxy serve on after they have left their Service, in seconds. */
    drainSeconds: number;
    /** Nodes of oauth2-proxy. @default any node */
    placement?: Placement | undefined;
}

/** Seconds that an answer may take after Query has given up on a part of it. */
const MARGIN = 15;

/** The ingress before every page, and what asks people who they are. */
export class Pages extends pulumi.ComponentResource {
    constructor(name: string, args: PagesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:exposure:Pages", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, exposure, pages } = args;
        const { ingress, login } = exposure;
        const timeout = Math.ceil(secondsIn(args.queryTimeout)) + MARGIN;

        const cookieSecret = login.by === "oauth2-proxy" ? cookieKey(namespace, childOpts) : undefined;
        const serviceOf = (backend: Backend) =>
            new k8s.core.v1.Service(
                `${backend.service}-page`,
                {
                    metadata: {
                        name: `${backend.service}-page`,
                        namespace,
                        labels: PART_OF,
                        ...healthAnnotations(ingress, backend.health),
                    },
                    spec: { selector: backend.pods, ports: [{ name: "http", port: 80, targetPort: backend.port }] },
                },
                childOpts,
            ).metadata.name;
        const routes = pages.map((page) => ({
            host: page.host,
            paths:
                login.by === "oauth2-proxy" && cookieSecret
                    ? [
                          {
                              path: "/",
                              service: new Oauth2Proxy(
                                  loginName(page.name),
                                  {
                                      ...login,
                                      namespace,
                                      page: page.name,
                                      host: page.host,
                                      upstreams: page.backends.map((backend) => upstreamOf(backend, namespace)),
                                      timeout,
                                      cookieSecret,
                                      annotations: healthAnnotations(ingress, HEALTHY),
                                      image: args.image,
                                      clients: ingressPeers(exposure),
                                      drainSeconds: args.drainSeconds,
                                      placement: args.placement,
                                  },
                                  childOpts,
                              ).service,
                          },
                      ]
                    : page.backends.map((backend) => ({ path: backend.path, service: serviceOf(backend) })),
        }));
        if (login.by === "alb") mayReadSecret(login.clientSecret, namespace, childOpts);
        new k8s.networking.v1.Ingress(
            name,
            {
                metadata: {
                    name,
                    namespace,
                    labels: PART_OF,
                    annotations: { ...(ingress.controller === "alb" && args.annotations), ...ingressAnnotations(exposure, timeout) },
                },
                spec: ingressSpec(ingress, routes),
            },
            childOpts,
        );
        this.registerOutputs({});
    }
}

/** oauth2-proxy sends what begins with the path of this URL to it. */
export const upstreamOf = ({ service, servicePort, path }: Backend, namespace: string) =>
    `http://${serviceHost(service, namespace)}:${servicePort}${path.endsWith("/") ? path : `${path}/`}`;

/**
 * The key that encrypts the cookies, the same for all pages. 32 characters, since it has to be 16, 24 or 32 bytes. It is in the stack's state, encrypted, and stays
 * the same from update to update; a new one logs everybody out.
 */
function cookieKey(namespace: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
    const name = "login-cookie";
    const key = new random.RandomPassword(name, { length: 32, special: false }, opts).result;
    return new k8s.core.v1.Secret(name, { metadata: { name, namespace, labels: PART_OF }, stringData: { [COOKIE_KEY]: key } }, opts)
        .metadata.name;
}

/** The service account of the AWS Load Balancer Controller, as its chart and AWS's own instructions call it. */
const CONTROLLER = { kind: "ServiceAccount", name: "aws-load-balancer-controller", namespace: "kube-system" };

/** Lets the AWS Load Balancer Controller read the client's Secret, and no other: its chart gives it none (`clusterSecretsPermissions`). It watches the Secret by its name. */
function mayReadSecret(secret: string, namespace: string, opts: pulumi.CustomResourceOptions): void {
    const name = "login-client";
    const metadata = { name, namespace, labels: PART_OF };
    const role = new k8s.rbac.v1.Role(
        name,
        { metadata, rules: [{ apiGroups: [""], resources: ["secrets"], resourceNames: [secret], verbs: ["get", "list", "watch"] }] },
        opts,
    );
    new k8s.rbac.v1.RoleBinding(
        name,
        { metadata, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name }, subjects: [CONTROLLER] },
        opts,
    );
}
