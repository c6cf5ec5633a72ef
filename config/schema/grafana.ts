import { z } from "zod";
import { positiveDuration, secretName } from "./common";

/** Dashboards of the fleet, and Grafana to look at them (docs/adr/0024). */
export const grafana = z.strictObject({
    /**
     * Whether the stack installs Grafana. `unmanaged` where the cluster has one: the dashboards and the data source are ConfigMaps in the stack's namespace, with
     * the labels `grafana_dashboard` and `grafana_datasource`, by which the sidecars of Grafana's chart find them.
     * @default "install"
     */
    server: z.enum(["install", "unmanaged"]).default("install"),
    /** Secret with the administrator's name and password, keys `admin-user` and `admin-password`. Without it, a password is made, in the Secret `grafana-admin`. */
    adminSecret: secretName.optional(),
    /**
     * The longest time between two scrapes of a target in any cluster, a duration. Where it is shorter than that, rates over short times are empty.
     * @default this cluster's `prometheus.scrapeInterval`
     */
    scrapeInterval: positiveDuration("30s").optional(),
});

export type GrafanaConfig = z.infer<typeof grafana>;
