import * as pulumi from "@pulumi/pulumi";
import type { Mode, ObserveeConfig } from "../../config/schema";
import { alertRules } from "../alerts/alertRules";
import { BlockStorage } from "../blocks/blockStorage";
import type { Cloud } from "../cloud/cloud";
import { stackNamespace } from "../kubernetes/namespace";
import { leafQueryHost } from "../naming/names";
import { Prometheus } from "../prometheus/prometheus";
import { Query } from "../thanos/query";
import { alertsOfObservee } from "./alertsOf";
import type { ObserveeContract } from "./contract";
import { deployedNames, type ImmutableSettings } from "./immutableSettings";

export interface ObserveeOutputs {
    /** The mode that the observer's list gives this cluster. */
    mode: Mode;
    /** DNS name of the leaf Query. */
    leafQuery: string;
    /** The settings that must not change (immutableSettings.ts). */
    names: pulumi.Output<ImmutableSettings>;
}

/** A cluster that the observer sees: Prometheus, sidecars that upload its blocks, a leaf Query in front of the sidecars, and remote write in some modes. */
export class Observee extends pulumi.ComponentResource {
    readonly outputs: ObserveeOutputs;

    constructor(name: string, config: ObserveeConfig, observer: ObserveeContract, cloud: Cloud, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Observee", name, {}, opts);
        const { cluster: clusterName, domain, namespace } = config;
        const { contract, entry, access } = observer;
        const { stream = clusterName } = entry;
        const { leaf: leafTls, writer: writerTls } = access.certificates;
        const childOpts = stackNamespace(this, config, cloud);
        const tracing = config.tracing && { ...config.tracing, clusterName };

        const blocks = new BlockStorage(
            this,
            cloud,
            { namespace, stores: { [stream]: access.objectStore }, ...(access.role && { roles: { [stream]: access.role } }) },
            childOpts,
        );

        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                namespace,
                storageClass: cloud.storageClass,
                placement: cloud.stateful,
                nodesHaveZones: cloud.nodesHaveZones,
                tracing,
                generalPlacement: cloud.general,
                alerting: config.alerting,
                clusterName,
                chart: config.chart,
                blocks: blocks.grant("prometheus", stream),
                ...(writerTls && { remoteWrite: { url: contract.receiveUrl, tls: writerTls } }),
            },
            childOpts,
        );
        alertRules(
            { namespace, alerts: alertsOfObservee(config, access.certificates), runbooks: config.alerting.runbooks },
            { parent: this, provider: cloud.kubernetes, dependsOn: prometheus },
        );

        const leaf = { host: leafQueryHost(clusterName, domain), annotations: cloud.loadBalancer };
        new Query(
            "query",
            { ...config.query, namespace, placement: cloud.general, endpoints: [prometheus.sidecars], leaf, tracing, tls: leafTls },
            // After the sidecars, because a Query that finds none when it starts looks again only half a minute later.
            { ...childOpts, dependsOn: [...childOpts.dependsOn, prometheus] },
        );

        this.outputs = { mode: entry.mode, leafQuery: leaf.host, names: deployedNames(config, prometheus.volumes) };
        this.registerOutputs(this.outputs);
    }
}
