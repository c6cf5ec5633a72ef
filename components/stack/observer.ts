import * as pulumi from "@pulumi/pulumi";
import { type ObserverConfig, WRITES_REMOTELY } from "../../config/schema";
import { VERSIONS } from "../../upstream/versions";
import { Blocks } from "../blocks/blocks";
import type { Cloud, Stores } from "../cloud/cloud";
import { inNamespace } from "../kubernetes/namespace";
import { GRPC_PORT, leafQueryHost, receiveUrl } from "../naming/names";
import { Prometheus } from "../prometheus/prometheus";
import { Compact } from "../thanos/compact";
import type { Endpoint } from "../thanos/endpoints";
import { Query } from "../thanos/query";
import { QueryFrontend } from "../thanos/queryFrontend";
import { Receive } from "../thanos/receive";
import { Store } from "../thanos/store";
import { Certificates } from "../tls/certificates";
import { CONTRACT_VERSION, type ContractOutputs } from "./contract";
import { type Names, namesOf } from "./immutableSettings";

/** The cluster that sees all others: Thanos, fed by every cluster's blocks, every observee's leaf Query, and remote write. */
export class Observer extends pulumi.ComponentResource {
    readonly outputs: ContractOutputs & { queryFrontend: string; certificatesEnd: pulumi.Output<string>; names: Names };

    constructor(name: string, config: ObserverConfig, cloud: Cloud, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Observer", name, {}, opts);
        const { cluster, domain, namespace, observees, objectStore } = config;
        const here = inNamespace(this, namespace, cloud);
        const where = { namespace, storageClass: cloud.storageClass, placement: cloud.stateful };

        const certificates = new Certificates("certificates", { ...config.certificates, cluster, domain, observees }, { parent: this });

        const members = [{ name: cluster }, ...observees];
        const { stores: objectStores, roles }: Stores = objectStore
            ? { stores: Object.fromEntries(members.map((member) => [member.name, objectStore])), roles: {} }
            : cloud.makeStores("blocks", members, here);
        const blocks = new Blocks(this, cloud, { namespace, stores: objectStores }, here);

        const streams = members.map((member) => member.name);
        const stores = streams.map(
            (stream) => new Store(`store-${stream}`, { ...config.store, ...where, stream, blocks: blocks.grant("store", stream) }, here),
        );
        for (const stream of streams) {
            new Compact(`compact-${stream}`, { ...config.compact, ...where, stream, blocks: blocks.grant("compact", stream) }, here);
        }

        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                ...where,
                cluster,
                chart: config.chart,
                blocks: blocks.grant("prometheus", cluster),
            },
            here,
        );

        const tenants = observees.filter((o) => WRITES_REMOTELY[o.mode]).map((o) => o.name);
        // A ring without tenants would take everybody's writes: where nobody may write, there is no Receive.
        const receives =
            tenants.length > 0
                ? [
                      new Receive(
                          "receive",
                          {
                              ...config.receive,
                              ...where,
                              domain,
                              tenants,
                              loadBalancer: cloud.loadBalancer,
                              tls: certificates.observer.receive,
                          },
                          here,
                      ),
                  ]
                : [];

        const leaves: Endpoint[] = observees.map((o) => {
            const serverName = leafQueryHost(o.name, domain);
            return { anyOneOf: `dns+${serverName}:${GRPC_PORT}`, serverName };
        });
        const query = new Query(
            "query",
            {
                ...config.query,
                namespace,
                tls: certificates.observer.reader,
                endpoints: [prometheus.sidecars, ...[...receives, ...stores].map((part) => part.endpoint), ...leaves],
            },
            here,
        );
        const frontend = new QueryFrontend(
            "query-frontend",
            { ...config.queryFrontend, namespace, domain, downstream: query.url, expose: cloud.exposePage },
            here,
        );

        this.outputs = {
            contract: pulumi.output({
                version: CONTRACT_VERSION,
                domain,
                thanos: VERSIONS.thanos,
                observees: observees.map(({ name, mode, account = cloud.contractFacts.account }) => ({
                    name,
                    mode,
                    ...(account && { account }),
                })),
                receiveUrl: receiveUrl(domain),
                ...(cloud.contractFacts.rolePath !== undefined && { rolePath: cloud.contractFacts.rolePath }),
            }),
            access: pulumi.secret(
                Object.fromEntries(
                    observees.map(({ name }) => [
                        name,
                        {
                            objectStore: objectStores[name],
                            certificates: certificates.observees[name],
                            ...(roles[name] && { role: roles[name] }),
                        },
                    ]),
                ),
            ) as ContractOutputs["access"],
            queryFrontend: frontend.host,
            certificatesEnd: certificates.end,
            names: namesOf(config),
        };
        this.registerOutputs(this.outputs);
    }
}
