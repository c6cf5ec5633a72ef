import { z } from "zod";
import { amount, labelName, namespace, positiveDuration, secretName } from "./common";

/**
 * Targets that a stack's Prometheus scrapes beside those of ServiceMonitors. The fields are those of the operator's ScrapeConfig (monitoring.coreos.com/v1alpha1,
 * v0.93) that fleets need on their way to Thanos. Credentials are in Secrets of the stack's namespace, which the operator reads; a Secret that is missing keeps
 * the operator from using that one ScrapeConfig (its alert is PrometheusOperatorRejectedResources).
 */

const url = z.url({ protocol: /^https?$/, error: "is not an address. Write for instance https://targets.example.com/prometheus." });
const text = z.string().min(1, "must not be empty.");

/** How Prometheus proves who it is, and whom it believes. */
const credentials = {
    /** Secret with the authority that signed the other side's certificate, key `ca.crt`. Without it, the authorities that Prometheus's image knows. */
    caSecret: secretName.optional(),
    /** Secret with a client certificate, keys `tls.crt` and `tls.key`. */
    certificateSecret: secretName.optional(),
    /** Secret with a bearer token, key `token`; of Consul, with its ACL token. */
    tokenSecret: secretName.optional(),
};
const basicAuth = {
    /** Secret with a user's name and password, keys `username` and `password` (type kubernetes.io/basic-auth). */
    basicAuthSecret: secretName.optional(),
};

/** Services that Consul knows. */
const consul = z.strictObject({
    /** Host and port of a Consul agent or server. */
    server: z.string().regex(/^[\w.-]+:\d+$/, "is not an address. Write host:port, for instance consul.example.com:8500."),
    /**
     * @default "http"
     */
    scheme: z.enum(["http", "https"]).default("http"),
    /** Consul's datacenter. Without it, that of the agent. */
    datacenter: text.optional(),
    /** The services whose instances are scraped, also a group of machines that is registered as one service (`group-1`). All of a Consul are never meant. */
    services: z.array(text).min(1),
    /**
     * Tags that an instance must have, all of them.
     * @default []
     */
    tags: z.array(text).default([]),
    ...credentials,
});

/** A server that answers a list of targets in JSON (Prometheus's HTTP service discovery). */
const http = z.strictObject({
    /** What Prometheus asks. */
    url,
    /**
     * Time between two questions, a duration.
     * @default "1m"
     */
    refreshInterval: positiveDuration("1m").default("1m"),
    ...credentials,
    ...basicAuth,
});

/** Objects of a Kubernetes cluster: of the stack's own, or of another one that has no Prometheus. */
const kubernetes = z.strictObject({
    /**
     * What is a target. `EndpointSlice`: the addresses behind Services; `Pod`: every port of the pods; `Node`: the kubelet of each node.
     * @default "EndpointSlice"
     */
    role: z.enum(["EndpointSlice", "Pod", "Node"]).default("EndpointSlice"),
    /**
     * Namespaces that are searched; an empty list is all.
     * @default []
     */
    namespaces: z.array(namespace).default([]),
    /** Label selector of these objects, as `kubectl -l` takes it: `app=shop,tier!=test`. An EndpointSlice has the labels of its Service. */
    selector: text.optional(),
    /** Name of the port that is scraped. Without it, every port. */
    port: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is not the name of a port. Use lower-case letters, digits and hyphens.")
        .optional(),
    /** API server of another cluster. Without it, the stack's own, as Prometheus's service account. */
    apiServer: url.optional(),
    ...credentials,
});

/** A change of a target's labels before it is scraped, or its refusal (Prometheus, `relabel_configs`). */
const relabeling = z.strictObject({
    /**
     * `replace`: writes `targetLabel`; `keep` and `drop`: take or leave the target where `regex` matches; `labelmap`: copies every label whose name matches.
     * @default "replace"
     */
    action: z.enum(["replace", "keep", "drop", "labelmap"]).default("replace"),
    /**
     * Labels whose values, joined by semicolons, `regex` is held against.
     * @default []
     */
    sourceLabels: z.array(labelName).default([]),
    /** Regular expression in RE2's syntax that has to match the whole value. Without it, everything. */
    regex: text.optional(),
    /** Label that `replace` writes. */
    targetLabel: labelName.optional(),
    /** What is written, `$1` for the first group of `regex`. Without it, `$1`. */
    replacement: z.string().optional(),
});

/** Targets and how they are scraped. Exactly one of `targets`, `consul`, `http` and `kubernetes` says where they are. */
export const scrapeConfig = z.strictObject({
    /** The label `job` of its series, and the name of the ScrapeConfig. */
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "is not a name. Use 1 to 63 lower-case letters, digits and hyphens."),
    /** Addresses of targets, `host:port`. */
    targets: z
        .array(
            z
                .string()
                .regex(
                    /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?$/,
                    "is not a target. Write host:port; scheme and path are settings of their own.",
                ),
        )
        .min(1)
        .optional(),
    /** Targets are the instances of services that Consul knows. */
    consul: consul.optional(),
    /** Targets are what an HTTP server lists. */
    http: http.optional(),
    /** Targets are objects of a Kubernetes cluster. */
    kubernetes: kubernetes.optional(),
    /**
     * The targets are Prometheus servers, and this one copies the newest sample of some of their series: federation. It fits a few hundred recorded series; a cluster
     * whose every sample is wanted is an observee. Name one of two replicas, since both have the same series.
     */
    federate: z
        .strictObject({
            /** Selectors of the series that are copied: `{__name__=~"job:.*"}`. */
            match: z.array(text).min(1),
        })
        .optional(),
    /** Only a part of the targets, by the hash of their addresses. Stacks with the same targets, the same `of` and each its own `index` scrape each target once. */
    shard: z
        .strictObject({
            /** Which part, from 0. */
            index: z.int().min(0),
            /** How many parts there are. */
            of: z.int().min(2).max(1000),
        })
        .optional(),
    /** Time between two scrapes, a duration. Without it, `prometheus.scrapeInterval`. */
    interval: positiveDuration("1m").optional(),
    /** How long a scrape may take, a duration. Without it, 10s, or the interval if that is shorter. */
    timeout: positiveDuration("10s").optional(),
    /**
     * @default "http"
     */
    scheme: z.enum(["http", "https"]).default("http"),
    /** Path of the metrics. Without it, `/metrics`, and `/federate` with `federate`. */
    path: z.string().startsWith("/", "does not begin with a slash.").optional(),
    ...credentials,
    ...basicAuth,
    /** Name in the targets' certificates, where it is not their address. */
    serverName: text.optional(),
    /**
     * Accepts every certificate, for kubelets that sign their own: anybody on the network path may read the token and write the answers.
     * @default false
     */
    insecureSkipVerify: z.boolean().default(false),
    /**
     * Most samples that a target may have: one with more is not scraped at all, and counts as down.
     * @default 100000
     */
    sampleLimit: amount.default(100_000),
    /**
     * Labels of every target.
     * @default {}
     */
    labels: z.record(labelName, z.string().min(1, "is empty. Write a value, or remove the label.")).default({}),
    /**
     * Changes of the targets' labels, after those that the settings above make.
     * @default []
     */
    relabelings: z.array(relabeling).default([]),
});

export type ScrapeConfig = z.infer<typeof scrapeConfig>;
