import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { stringify } from "yaml";
import type { GrafanaConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import { type Clients, networkPolicy } from "../kubernetes/networkPolicy";
import { PART_OF } from "../naming/labels";
import { GRAFANA, GRAFANA_PODS, GRAFANA_PORT } from "../naming/names";
import type { GrafanaServer } from "../prometheus/grafana";
import { toGrafana } from "./dashboard";
import { DASHBOARDS } from "./dashboards";
import { dataSources } from "./dataSource";
import type { FleetFacts } from "./facts";

export interface GrafanaArgs extends Omit<GrafanaConfig, "scrapeInterval"> {
    /** Kubernetes namespace. */
    namespace: string;
    /** The longest time between two scrapes of a target in the fleet, a duration. */
    scrapeInterval: string;
    /** URL of its page, and whether everybody who opens it has logged in. @default none */
    page?: GrafanaServer["page"];
    /** Who opens it. */
    visitors: Clients;
    /** What the dashboards depend on. */
    facts: pulumi.Input<FleetFacts>;
}

/**
 * The fleet's dashboards and their data source, as ConfigMaps with the labels that the sidecars of Grafana's chart look for, and what the chart's Grafana needs
 * to read them. The chart itself runs the server (components/prometheus/grafana.ts, docs/adr/0024).
 */
export class Grafana extends pulumi.ComponentResource {
    /** What the chart needs for its Grafana. `undefined`: it installs none. */
    readonly server: pulumi.Output<GrafanaServer> | undefined;

    constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:grafana:Grafana", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, scrapeInterval } = args;
        const installed = args.server === "install";

        configMap(
            "grafana-data-source",
            {
                namespace,
                label: "grafana_datasource",
                file: "thanos.yaml",
                content: stringify(dataSources({ namespace, scrapeInterval, isDefault: installed })),
            },
            childOpts,
        );
        for (const [uid, dashboard] of Object.entries(DASHBOARDS))
            configMap(
                `grafana-${uid}`,
                {
                    namespace,
                    label: "grafana_dashboard",
                    file: `${uid}.json`,
                    content: pulumi.output(args.facts).apply((facts) => JSON.stringify(toGrafana(uid, dashboard(facts)))),
                },
                childOpts,
            );

        this.server = installed
            ? pulumi.output({
                  namespace,
                  adminSecret: args.adminSecret ?? adminSecret(namespace, childOpts),
                  role: sidecarRole(namespace, childOpts),
                  page: args.page,
              })
            : undefined;
        if (installed)
            networkPolicy(
                GRAFANA,
                {
                    namespace,
                    labels: PART_OF,
                    pods: GRAFANA_PODS,
                    clients: [[GRAFANA_PORT, args.visitors === "anywhere" ? "anywhere" : [...args.visitors, "prometheus"]]],
                },
                childOpts,
            );
        this.registerOutputs({});
    }
}

/** A ConfigMap with one file, which a sidecar finds by its label. The values of both labels are the chart's. */
const configMap = (
    name: string,
    { namespace, label, file, content }: { namespace: string; label: string; file: string; content: pulumi.Input<string> },
    opts: pulumi.CustomResourceOptions,
) =>
    new k8s.core.v1.ConfigMap(
        name,
        { metadata: { name, namespace, labels: { ...PART_OF, [label]: "1" } }, data: { [file]: content } },
        opts,
    );

/** A Secret with a password that is made once: it is in the stack's state, encrypted, and stays the same from update to update. */
function adminSecret(namespace: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
    const name = "grafana-admin";
    const password = new random.RandomPassword(name, { length: 32, special: false }, opts).result;
    const secret = new k8s.core.v1.Secret(
        name,
        { metadata: { name, namespace, labels: PART_OF }, stringData: { "admin-user": "admin", "admin-password": password } },
        opts,
    );
    return secret.metadata.name;
}

/** What Grafana's sidecars may read. The chart's own Role lets them read every Secret of the namespace, among them the keys of the bucket. */
const sidecarRole = (namespace: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> =>
    new k8s.rbac.v1.Role(
        GRAFANA,
        {
            metadata: { name: GRAFANA, namespace, labels: PART_OF },
            rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }],
        },
        opts,
    ).metadata.name;
