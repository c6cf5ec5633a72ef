import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Mode, ObserveeConfig } from "../config/schema";
import { awsCloud } from "./aws/cloud";
import { Blocks } from "./blocks";
import type { Cloud } from "./cloud";
import type { Contract, Keys } from "./contract";
import { localCloud } from "./local/cloud";
import { leafQueryHost, PROMETHEUS_SERVICE_ACCOUNT } from "./names";
import { Prometheus } from "./prometheus/prometheus";
import { Query } from "./thanos/query";

/** A cluster that is seen: Prometheus with sidecars that upload its blocks, a leaf Query in front of them, and remote write where its mode says so. */
export class Observee extends pulumi.ComponentResource {
    readonly outputs: { mode: Mode; leafQuery: string };

    constructor(
        name: string,
        config: ObserveeConfig,
        observer: { contract: Contract; keys?: Keys },
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("thanos-fleet:index:Observee", name, {}, opts);
        const { cluster, domain, namespace, storageClass } = config;
        const { contract, keys } = observer;
        const mode = contract.observees.find((o) => o.name === cluster)?.mode ?? "sidecar";
        const cloud: Cloud = config.cloud === "aws" ? awsCloud(config.aws, { parent: this }) : localCloud(config, { parent: this });
        const space = new k8s.core.v1.Namespace(namespace, { metadata: { name: namespace } }, { parent: this, provider: cloud.kubernetes });
        const here = { parent: this, providers: [cloud.kubernetes], dependsOn: [space] };

        const blocks = new Blocks(this, cloud, { ...contract.objectStore, ...(keys && { keys }) }, namespace, here);

        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                namespace,
                storageClass,
                cluster,
                chart: config.chart,
                blocks: blocks.grant("prometheus", "write", cluster, PROMETHEUS_SERVICE_ACCOUNT),
                ...(mode === "sidecar-remote-write" && { remoteWriteUrl: contract.receiveUrl }),
            },
            here,
        );

        const leaf = { host: leafQueryHost(cluster, domain) };
        // After the sidecars: a Query that finds none at its start looks again only half a minute later.
        new Query(
            "query",
            { ...config.query, namespace, endpoints: [prometheus.sidecars], leaf },
            { ...here, dependsOn: [space, prometheus] },
        );

        this.outputs = { mode, leafQuery: leaf.host };
        this.registerOutputs(this.outputs);
    }
}
