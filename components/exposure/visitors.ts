import type { PageName } from "../../config/exposure";
import type { ExposureConfig, ObserverConfig } from "../../config/schema";
import type { Clients, Peer } from "../kubernetes/networkPolicy";
import { loginPodsOf } from "../naming/labels";

/** The ingress: an ALB connects from its subnets, another controller from its own pods. */
export const ingressPeers = ({ ingress }: Pick<ExposureConfig, "ingress">): Peer[] =>
    ingress.controller === "alb"
        ? ingress.subnetCidrs.map((cidr) => ({ ipBlock: { cidr } }))
        : // Kubernetes itself gives every namespace the label with its name.
          [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": ingress.namespace } } }];

/** Grafana's pods in any namespace, by the label that its chart gives them. */
const ANY_GRAFANA: Peer = { namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "grafana" } } };

/**
 * Who connects to the pods of a page, besides Prometheus: oauth2-proxy, or the ingress where another one asks for the login. Grafana asks Query Frontend.
 * `isPublished`: Query Frontend has a load balancer of its own, as on a local machine.
 */
export function visitorsOf(
    page: PageName,
    { exposure, grafana }: Pick<ObserverConfig, "exposure" | "grafana">,
    isPublished: boolean,
): Clients {
    if (page === "query" && exposure === undefined && isPublished) return "anywhere";
    const people = exposure === undefined ? [] : exposure.login.by === "oauth2-proxy" ? [loginPeer(page)] : ingressPeers(exposure);
    const dashboards = page === "query" && grafana ? [grafana.server === "install" ? ("grafana" as const) : ANY_GRAFANA] : [];
    return [...people, ...dashboards];
}

const loginPeer = (page: PageName): Peer => ({ podSelector: { matchLabels: loginPodsOf(page) } });
