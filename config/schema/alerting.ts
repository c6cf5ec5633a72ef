import { z } from "zod";
import { count, secretName } from "./common";

/** An Alertmanager outside of the stack. */
const external = z.strictObject({
    /** Its address, with a path if it has one: `https://alertmanager.example.com/prefix`. */
    url: z.url({
        protocol: /^https?$/,
        error: "is not an address. Write for instance https://alertmanager.example.com.",
    }),
    /** Secret with the authority that signed its certificate, key `ca.crt`. Without it, the authorities that Prometheus's image knows. */
    caSecret: secretName.optional(),
    /** Secret with a client certificate, keys `tls.crt` and `tls.key`. */
    certificateSecret: secretName.optional(),
    /** Secret with a bearer token, key `token`. */
    tokenSecret: secretName.optional(),
});

/** Alerts of a cluster: where they go, and where they lead. */
export const alerting = z.strictObject({
    /**
     * Who takes this cluster's alerts. `install`: an Alertmanager by the chart, in this cluster; `fleet`: the fleet's own, which the observer runs if it says
     * `fleet` too (docs/adr/0033); `external`: the ones in `external`; `off`: nobody, they can only be looked at.
     * @default "install"
     */
    alertmanager: z.enum(["install", "fleet", "external", "off"]).default("install"),
    /**
     * Secret with the configuration of the Alertmanager that this stack runs, key `alertmanager.yaml`: receivers and routes. Without it, Alertmanager tells
     * nobody.
     */
    configSecret: secretName.optional(),
    /**
     * Pods of the Alertmanager that this stack runs. Two hand each other their silences and what they have sent, so that these outlive a restart without a
     * volume.
     * @default 2
     */
    replicas: count.default(2),
    /**
     * Alertmanagers outside of the stack. Name every replica: each gets every alert, and they deduplicate among themselves.
     * @default []
     */
    external: z.array(external).default([]),
    /**
     * The folder with the pages of the project's alerts, a URL or a path: an alert's annotation `runbook_url` is its page there. Point it at your copy of the
     * repository.
     * @default "docs/runbooks"
     */
    runbooks: z.string().default("docs/runbooks"),
});

export type AlertingConfig = z.infer<typeof alerting>;
