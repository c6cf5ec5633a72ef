import type { Manifest } from "./manifest";
import type { ServiceName } from "./services";

/** A host name under which Services are reached from outside of their cluster. */
export interface Route {
    readonly host: string;
    readonly services: readonly ServiceName[];
    /** What may ask for a login before the Services, or admit some networks only, and is not read. */
    readonly unread?: string;
}

type List<T> = readonly T[] | undefined;

interface Backend {
    readonly service?: { readonly name?: string };
    /** Before networking.k8s.io/v1. */
    readonly serviceName?: string;
}

interface Fields {
    readonly metadata?: { readonly namespace?: string };
    readonly spec?: {
        // Ingress
        readonly backend?: Backend;
        readonly defaultBackend?: Backend;
        readonly rules?: List<{
            readonly host?: string;
            readonly http?: { readonly paths?: List<{ readonly backend?: Backend }> };
            // HTTPRoute
            readonly backendRefs?: List<{ readonly name?: string; readonly namespace?: string; readonly kind?: string }>;
        }>;
        // HTTPRoute
        readonly hostnames?: List<string>;
        // IngressRoute
        readonly routes?: List<{
            readonly match?: string;
            readonly services?: List<{ readonly name?: string; readonly namespace?: string; readonly kind?: string }>;
        }>;
    };
}

const EVERY_HOST = "*";

/** The hosts of an Ingress, of Traefik's IngressRoute, and of the Gateway API's HTTPRoute. None of another object. */
export function routesOf({ apiVersion, kind, fields }: Manifest): Route[] {
    const [group = ""] = apiVersion.split("/");
    const read = READERS.find((reader) => reader.kind === kind && reader.groups.includes(group));
    if (read === undefined) return [];
    const { metadata, spec } = fields as Fields;
    const { namespace = "default" } = metadata ?? {};
    return spec ? read.routes(spec, namespace) : [];
}

type Reader = (spec: NonNullable<Fields["spec"]>, namespace: string) => Route[];

const READERS: readonly { readonly kind: string; readonly groups: readonly string[]; readonly routes: Reader }[] = [
    { kind: "Ingress", groups: ["networking.k8s.io", "extensions"], routes: ofIngress },
    { kind: "IngressRoute", groups: ["traefik.io", "traefik.containo.us"], routes: ofIngressRoute },
    { kind: "HTTPRoute", groups: ["gateway.networking.k8s.io"], routes: ofHttpRoute },
];

function ofIngress(spec: NonNullable<Fields["spec"]>, namespace: string): Route[] {
    const servicesOf = (backends: readonly (Backend | undefined)[]) =>
        backends.flatMap((backend) => {
            const name = backend?.service?.name ?? backend?.serviceName;
            return name === undefined ? [] : [{ name, namespace }];
        });
    return [
        { host: EVERY_HOST, services: servicesOf([spec.defaultBackend ?? spec.backend]) },
        ...(spec.rules ?? []).map(({ host = EVERY_HOST, http }) => ({
            host,
            services: servicesOf((http?.paths ?? []).map(({ backend }) => backend)),
        })),
    ];
}

/** Its middlewares may ask, and so may those of the entry points, which are flags of Traefik. */
function ofIngressRoute(spec: NonNullable<Fields["spec"]>, namespace: string): Route[] {
    return (spec.routes ?? []).map(({ match = "", services }) => ({
        host: [...match.matchAll(/Host(?:SNI)?\(`([^`]+)`/g)].map(([, host]) => host).join(", ") || EVERY_HOST,
        services: servicesIn(services ?? [], namespace),
        unread: "middlewares of an IngressRoute and of its entry points",
    }));
}

/** Each implementation has policies of its own, which name a route or its gateway. */
function ofHttpRoute(spec: NonNullable<Fields["spec"]>, namespace: string): Route[] {
    return (spec.rules ?? []).map(({ backendRefs }) => ({
        host: (spec.hostnames ?? []).join(", ") || EVERY_HOST,
        services: servicesIn(backendRefs ?? [], namespace),
        unread: "policies of an HTTPRoute and of its gateway",
    }));
}

const servicesIn = (
    named: readonly { readonly name?: string; readonly namespace?: string; readonly kind?: string }[],
    own: string,
): ServiceName[] =>
    named.flatMap(({ name, namespace = own, kind = "Service" }) => (name === undefined || kind !== "Service" ? [] : [{ name, namespace }]));
