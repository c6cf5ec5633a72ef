import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObserverConfig } from "../config/schema";
import { VERSIONS } from "../config/versions";
import { awsCloud } from "./aws/cloud";
import { Blocks } from "./blocks";
import type { Cloud } from "./cloud";
import { CONTRACT_VERSION, type ContractOutputs } from "./contract";
import { localCloud } from "./local/cloud";
import { GRPC_PORT, leafQueryHost, PROMETHEUS_SERVICE_ACCOUNT, receiveUrl } from "./names";
import { Prometheus } from "./prometheus/prometheus";
import { Compact } from "./thanos/compact";
import type { Endpoint } from "./thanos/endpoints";
import { Query } from "./thanos/query";
import { QueryFrontend } from "./thanos/queryFrontend";
import { Receive } from "./thanos/receive";
import { Store } from "./thanos/store";

/** The cluster that sees all others: Thanos, fed by every cluster's blocks, every observee's leaf Query, and remote write. */
export class Observer extends pulumi.ComponentResource {
    readonly outputs: ContractOutputs & { queryFrontend: string };

    constructor(name: string, config: ObserverConfig, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Observer", name, {}, opts);
        const { cluster, domain, namespace, storageClass, observees } = config;
        const cloud: Cloud = config.cloud === "aws" ? awsCloud(config.aws, { parent: this }) : localCloud(config, { parent: this });
        const space = new k8s.core.v1.Namespace(namespace, { metadata: { name: namespace } }, { parent: this, provider: cloud.kubernetes });
        const here = { parent: this, providers: [cloud.kubernetes], dependsOn: [space] };
        const where = { namespace, storageClass };

        const blocks = new Blocks(this, cloud, cloud.makeBucket("blocks", here), namespace, here);

        const streams = [cluster, ...observees.map((o) => o.name)];
        const stores = streams.map((stream) => {
            const name = `store-${stream}`;
            return new Store(
                name,
                { ...config.store, ...where, stream, blocks: blocks.grant(name, "read", stream, `thanos-${name}`) },
                here,
            );
        });
        for (const stream of streams) {
            const name = `compact-${stream}`;
            new Compact(name, { ...config.compact, ...where, stream, blocks: blocks.grant(name, "own", stream, `thanos-${name}`) }, here);
        }

        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                ...where,
                cluster,
                chart: config.chart,
                blocks: blocks.grant("prometheus", "write", cluster, PROMETHEUS_SERVICE_ACCOUNT),
            },
            here,
        );

        const tenants = observees.filter((o) => o.mode === "sidecar-remote-write").map((o) => o.name);
        // A ring without tenants would take everybody's writes: where nobody may write, there is no Receive.
        const receives = tenants.length > 0 ? [new Receive("receive", { ...config.receive, ...where, domain, tenants }, here)] : [];

        const leaves: Endpoint[] = observees.map((o) => ({ anyOneOf: `dns+${leafQueryHost(o.name, domain)}:${GRPC_PORT}` }));
        const query = new Query(
            "query",
            {
                ...config.query,
                namespace,
                endpoints: [prometheus.sidecars, ...[...receives, ...stores].map((part) => part.endpoint), ...leaves],
            },
            here,
        );
        const frontend = new QueryFrontend("query-frontend", { ...config.queryFrontend, namespace, domain, downstream: query.url }, here);

        const { keys, ...objectStore } = blocks.store;
        this.outputs = {
            contract: pulumi.output({
                version: CONTRACT_VERSION,
                domain,
                thanos: VERSIONS.thanos,
                observees,
                receiveUrl: receiveUrl(domain),
                objectStore,
            }),
            ...(keys && { keys: pulumi.secret(keys) }),
            queryFrontend: frontend.host,
        };
        this.registerOutputs(this.outputs);
    }
}
