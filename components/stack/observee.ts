import * as pulumi from "@pulumi/pulumi";
import type { Mode, ObserveeConfig } from "../../config/schema";
import { Blocks } from "../blocks/blocks";
import type { Cloud } from "../cloud/cloud";
import { inNamespace } from "../kubernetes/namespace";
import { leafQueryHost } from "../naming/names";
import { Prometheus } from "../prometheus/prometheus";
import { Query } from "../thanos/query";
import type { FromObserver } from "./contract";
import { type Names, namesOf } from "./immutableSettings";

/** A cluster that is seen: Prometheus with sidecars that upload its blocks, a leaf Query in front of them, and remote write where its mode says so. */
export class Observee extends pulumi.ComponentResource {
    readonly outputs: { mode: Mode; leafQuery: string; names: Names };

    constructor(name: string, config: ObserveeConfig, observer: FromObserver, cloud: Cloud, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Observee", name, {}, opts);
        const { cluster, domain, namespace } = config;
        const { contract, own, access } = observer;
        const { leaf: leafTls, writer } = access.certificates;
        const here = inNamespace(this, namespace, cloud);

        const blocks = new Blocks(
            this,
            cloud,
            { namespace, stores: { [cluster]: access.objectStore }, ...(access.role && { roles: { [cluster]: access.role } }) },
            here,
        );

        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                namespace,
                storageClass: cloud.storageClass,
                cluster,
                chart: config.chart,
                placement: cloud.stateful,
                blocks: blocks.grant("prometheus", cluster),
                ...(writer && { remoteWrite: { url: contract.receiveUrl, tls: writer } }),
            },
            here,
        );

        const leaf = { host: leafQueryHost(cluster, domain), annotations: cloud.loadBalancer };
        // After the sidecars: a Query that finds none at its start looks again only half a minute later.
        new Query(
            "query",
            { ...config.query, namespace, endpoints: [prometheus.sidecars], leaf, tls: leafTls },
            { ...here, dependsOn: [...here.dependsOn, prometheus] },
        );

        this.outputs = { mode: own.mode, leafQuery: leaf.host, names: namesOf(config) };
        this.registerOutputs(this.outputs);
    }
}
