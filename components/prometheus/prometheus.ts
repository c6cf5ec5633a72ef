import { CustomResource } from "@pulumi/kubernetes/apiextensions";
// By its file: the whole of helm/v3 takes 70 ms more to load.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { VERSIONS } from "../../upstream/versions";
import type { StreamAccess } from "../blocks/blocks";
import { childOptions } from "../kubernetes/childOptions";
import { PART_OF, THANOS } from "../naming/labels";
import { grpcPodsOf, KPS, SIDECAR_SERVICE } from "../naming/names";
import type { Endpoint } from "../thanos/endpoints";
import { type Tls, tlsSecret } from "../tls/tlsSecret";
import { kubePrometheusStackValues, type ValuesArgs } from "./values";

export interface PrometheusArgs extends Omit<ValuesArgs, "objectStore" | "annotations" | "remoteWrite"> {
    namespace: string;
    blocks: StreamAccess;
    /** Receive's address and the certificate for it, where this cluster also writes remotely. */
    remoteWrite?: { url: string; tls: Tls } | undefined;
    /** Chart reference or directory. */
    chart: string;
}

/** kube-prometheus-stack with a Thanos sidecar beside each Prometheus, and the ServiceMonitor that scrapes this project's own pods. */
export class Prometheus extends pulumi.ComponentResource {
    /** Every sidecar of this cluster. */
    readonly sidecars: Endpoint;

    constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:prometheus:Prometheus", name, {}, opts);
        const here = childOptions(this, opts);
        const { namespace, blocks } = args;
        const remoteWrite = args.remoteWrite && {
            url: args.remoteWrite.url,
            secret: tlsSecret("prometheus-remote-write-tls", { namespace, tls: args.remoteWrite.tls }, here).metadata.name,
        };

        // A Release and not a Chart: Helm's own rollback and hooks, one resource in the plan; the values are pure and tested instead (docs/adr/0005).
        const release = new Release(
            KPS,
            {
                name: KPS,
                chart: args.chart,
                // A directory has the version it has.
                ...(args.chart.includes("://") && { version: VERSIONS.kubePrometheusStack }),
                namespace,
                values: pulumi
                    .output({ objectStore: blocks.objectStore, annotations: blocks.annotations, remoteWrite })
                    .apply((made) => kubePrometheusStackValues({ ...args, ...made })),
                timeout: 900,
                maxHistory: 10,
            },
            pulumi.mergeOptions(here, { dependsOn: blocks.ready }),
        );

        new CustomResource(
            "thanos",
            {
                apiVersion: "monitoring.coreos.com/v1",
                kind: "ServiceMonitor",
                metadata: { name: "thanos", namespace, labels: PART_OF },
                spec: {
                    selector: { matchLabels: { ...PART_OF, ...THANOS } },
                    endpoints: [{ port: "http" }],
                },
            },
            // The chart brings the definition of ServiceMonitor.
            { parent: this, dependsOn: [release] },
        );

        this.sidecars = { everyPodOf: grpcPodsOf(SIDECAR_SERVICE, namespace) };
        this.registerOutputs({ sidecars: this.sidecars });
    }
}
