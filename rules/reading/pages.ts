import { type ExposedPage, NO_LOGIN } from "../model";
import type { Manifest } from "./manifest";
import { NotKnownError } from "./notKnown";
import { isA, workloadOf } from "./workload";

interface IngressFields {
    readonly metadata?: { readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: {
        readonly rules?: readonly {
            readonly host?: string;
            readonly http?: { readonly paths?: readonly { readonly backend?: { readonly service?: { readonly name?: string } } }[] };
        }[];
    };
}

interface ServiceFields {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
    readonly spec?: { readonly selector?: Readonly<Record<string, string>> };
}

const ALB = "alb.ingress.kubernetes.io";
const NGINX = "nginx.ingress.kubernetes.io";

/** Thanos, or what asks for a login before it, by its image. */
const BEHIND = /(^|\/)(thanos|oauth2-proxy)([:@]|$)/;

/** Middlewares of Traefik, which may ask for a login or admit some networks only. They are objects of Traefik's own. */
const TRAEFIK = "traefik.ingress.kubernetes.io/router.middlewares";

/** The pages that an Ingress exposes: its hosts whose Services lead to Thanos, or to oauth2-proxy. Pods that are not among the manifests are not known. */
export function pagesOf(manifest: Manifest, path: string, manifests: readonly Manifest[]): ExposedPage[] {
    if (!isA(manifest, "networking.k8s.io/v1", "Ingress")) return [];
    const { metadata, spec } = manifest.fields as IngressFields;
    const annotations = metadata?.annotations ?? {};
    const asks = annotations[`${ALB}/auth-type`] === "oidc" || annotations[`${NGINX}/auth-url`] !== undefined;
    const reason = annotations[NO_LOGIN];
    const sources = annotations[`${ALB}/inbound-cidrs`] ?? annotations[`${NGINX}/whitelist-source-range`] ?? "";
    return (spec?.rules ?? []).flatMap(({ host = "*", http }): ExposedPage[] => {
        const images = (http?.paths ?? []).flatMap(({ backend }) =>
            imagesBehind(backend?.service?.name ?? "", metadata?.namespace ?? "default", manifests),
        );
        if (!images.some((image) => BEHIND.test(image))) return [];
        const login = asks || images.every((image) => /oauth2-proxy/.test(image));
        if (!login && annotations[TRAEFIK] !== undefined)
            throw new NotKnownError(`middlewares of Traefik decide who opens ${host} (${annotations[TRAEFIK]})`);
        return [
            {
                path,
                host,
                login,
                ...(reason !== undefined && { reason }),
                sources: sources.split(",").filter((source) => source !== ""),
            },
        ];
    });
}

/** Images of the pods that a Service selects. */
function imagesBehind(service: string, namespace: string, manifests: readonly Manifest[]): string[] {
    const selectors = manifests
        .filter((manifest) => isA(manifest, "v1", "Service") || isA(manifest, "core/v1", "Service"))
        .map(({ fields }) => fields as ServiceFields)
        .filter(({ metadata }) => metadata?.name === service && (metadata.namespace ?? "default") === namespace)
        .map(({ spec }) => Object.entries(spec?.selector ?? {}));
    return manifests.flatMap((manifest) => {
        const workload = workloadOf(manifest);
        if (workload === undefined || workload.namespace !== namespace) return [];
        const { podLabels, containers } = workload;
        const isSelected = selectors.some(
            (selector) => selector.length > 0 && selector.every(([label, value]) => podLabels[label] === value),
        );
        return isSelected ? containers.flatMap(({ image }) => image ?? []) : [];
    });
}
