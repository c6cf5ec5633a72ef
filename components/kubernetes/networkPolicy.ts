import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { podsOf } from "../naming/labels";
import { GRAFANA_PODS, PROMETHEUS, prometheusPods } from "../naming/names";

/** Thanos components that connect to other pods. */
type ThanosClient =
    | "query"
    | "query-distributed"
    | "query-tenants"
    | "query-frontend"
    | "query-frontend-tenants"
    | "store"
    | "receive-router"
    | "receive-router-rule"
    | "rule";

/** Pods of the same namespace that connect to others: a Thanos component by its name, Prometheus, or the chart's Grafana. */
export type Client = ThanosClient | "prometheus" | "grafana";

/** Other pods, or addresses. */
export type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/**
 * Who may connect to a port: some pods and addresses, or `anywhere`: other clusters come through load balancers, whose addresses nobody knows beforehand.
 */
export type Clients = readonly (Client | Peer)[] | "anywhere";

/** The labels of a client's pods. `prometheus`: the name of the Prometheus object. */
function labelsOf(client: Client, prometheus: string): Record<string, string> {
    if (client === "prometheus") return prometheusPods(prometheus);
    if (client === "grafana") return GRAFANA_PODS;
    return podsOf(client satisfies ThanosClient);
}

const peerOf = (client: Client | Peer, prometheus: string): Peer =>
    typeof client === "string" ? { podSelector: { matchLabels: labelsOf(client, prometheus) } } : client;

/** A port, and who may connect to it, by TCP or by the protocol that is named. */
export type Door = readonly [port: number, from: Clients, protocol?: "UDP"];

/** The connections that pods accept, by port number. They refuse every other one, from the same namespace too. */
const ingressRules = ({
    clients,
    prometheus = PROMETHEUS,
}: Pick<NetworkPolicyArgs, "clients" | "prometheus">): k8s.types.input.networking.v1.NetworkPolicyIngressRule[] =>
    clients.map(([port, from, protocol = "TCP"]) => ({
        ports: [{ port, protocol }],
        ...(from !== "anywhere" && { from: from.map((client) => peerOf(client, prometheus)) }),
    }));

export interface NetworkPolicyArgs {
    /** Kubernetes namespace. */
    namespace: string;
    /** Labels of the policy. */
    labels: Record<string, string>;
    /** Labels of the pods that it protects. */
    pods: Record<string, string>;
    /** Who may connect to which of their ports. */
    clients: readonly Door[];
    /** Name of the Prometheus object whose pods are the client `prometheus`. @default the one that the stack installs */
    prometheus?: string | undefined;
}

/**
 * Lets some pods accept only the connections that the fleet needs. A cluster whose network plugin does not enforce policies ignores it. Policies add up: where
 * other pods need access, a policy of your own allows it. What pods connect to is not limited: only the user knows the addresses of stores and tracing.
 */
export const networkPolicy = (name: string, args: NetworkPolicyArgs, opts: pulumi.CustomResourceOptions) =>
    new k8s.networking.v1.NetworkPolicy(
        name,
        {
            metadata: { name, namespace: args.namespace, labels: args.labels },
            spec: { podSelector: { matchLabels: args.pods }, policyTypes: ["Ingress"], ingress: ingressRules(args) },
        },
        opts,
    );
