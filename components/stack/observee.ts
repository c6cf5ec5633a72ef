import * as pulumi from "@pulumi/pulumi";
import type { Mode, ObserveeConfig } from "../../config/schema";
import { THANOS_IMAGE } from "../../upstream/versions";
import { alertRules } from "../alerts/alertRules";
import { configInfo } from "../alerts/configInfo";
import { BlockStorage, type StreamAccess } from "../blocks/blockStorage";
import type { Cloud } from "../cloud/cloud";
import { imageFrom } from "../kubernetes/imageFrom";
import { stackNamespace } from "../kubernetes/namespace";
import { leafQueryHost } from "../naming/names";
import type { ExistingPrometheus } from "../prometheus/existingPrometheus";
import { Prometheus } from "../prometheus/prometheus";
import { Query } from "../thanos/query";
import { alertTargets } from "../tls/alertmanagerFiles";
import { alertsOfObservee } from "./alertsOf";
import type { ObserveeContract } from "./contract";
import { deployedNames, type ImmutableSettings } from "./immutableSettings";

export interface ObserveeOutputs {
    /** The mode that the observer's list gives this cluster. */
    mode: Mode;
    /** DNS name of the leaf Query. Absent with an agent. */
    leafQuery?: string;
    /** Hash of the configuration of Prometheus, which it says itself when it has it. Absent with an agent, and with a Prometheus that is kept. */
    configHash?: pulumi.Output<string>;
    /** The settings that must not change (immutableSettings.ts). */
    names: pulumi.Output<ImmutableSettings>;
}

/**
 * A cluster that the observer sees: Prometheus, sidecars that upload its blocks, a leaf Query in front of the sidecars, and remote write in some modes. In mode
 * `agent` only a Prometheus agent and remote write: Receive uploads, and the observer evaluates rules.
 */
export class Observee extends pulumi.ComponentResource {
    readonly outputs: ObserveeOutputs;

    /** `kept`: the Prometheus that the cluster has already. Without it, the stack installs one. */
    constructor(
        name: string,
        config: ObserveeConfig,
        observer: ObserveeContract,
        cloud: Cloud,
        kept?: ExistingPrometheus,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("thanos-fleet:index:Observee", name, {}, opts);
        const { cluster: clusterName, domain, namespace } = config;
        const { contract, entry, access } = observer;
        const { leaf: leafTls, writer: remoteWriteTls, alerts: alertsTls } = access.certificates;
        const childOpts = stackNamespace(this, config, cloud);
        const tracing = config.tracing && { ...config.tracing, clusterName };
        const { existing } = config.prometheus;
        const thanos = {
            image: imageFrom(config.pods.imageRegistry, THANOS_IMAGE),
            tracing,
            drainSeconds: cloud.drainSeconds,
            prometheus: existing?.name,
        };

        const prometheus =
            kept ??
            new Prometheus(
                "prometheus",
                {
                    ...config.prometheus,
                    namespace,
                    storageClass: cloud.storageClass,
                    placement: cloud.stateful,
                    nodesHaveZones: cloud.nodesHaveZones,
                    tracing,
                    generalPlacement: cloud.general,
                    pods: config.pods,
                    alerting: alertTargets(config.alerting, domain, contract.alertmanagers ?? []),
                    alertsTls: config.alerting.alertmanager === "fleet" ? alertsTls : undefined,
                    clusterName,
                    chart: config.chart,
                    blocks: this.blocksOf(config, observer, cloud, childOpts),
                    ...(remoteWriteTls && { remoteWrite: { url: contract.receiveUrl, tls: remoteWriteTls } }),
                },
                childOpts,
            );
        const configHash = prometheus instanceof Prometheus ? prometheus.configHash : undefined;
        const host = leafQueryHost(clusterName, domain);
        // An agent evaluates no rule and answers no query.
        if (leafTls) {
            const afterPrometheus = { parent: this, provider: cloud.kubernetes, dependsOn: prometheus };
            alertRules(
                {
                    namespace,
                    alerts: pulumi.output(kept?.facts).apply((facts) => alertsOfObservee(config, access.certificates, facts)),
                    runbooks: config.alerting.runbooks,
                    labels: kept?.labelsFor("ruleSelector"),
                },
                afterPrometheus,
            );
            if (configHash) configInfo({ namespace, configHash }, afterPrometheus);
            const leaf = { host, annotations: cloud.loadBalancer };
            new Query(
                "query",
                { ...config.query, namespace, placement: cloud.general, endpoints: [prometheus.sidecars], leaf, ...thanos, tls: leafTls },
                // After the sidecars, because a Query that finds none when it starts looks again only half a minute later.
                { ...childOpts, dependsOn: [...childOpts.dependsOn, prometheus] },
            );
        }

        this.outputs = {
            mode: entry.mode,
            ...(leafTls && { leafQuery: host, ...(configHash && { configHash }) }),
            names: deployedNames(config, prometheus.volumes),
        };
        this.registerOutputs(this.outputs);
    }

    /** Access to this cluster's stream, for its sidecars. None with an agent. */
    private blocksOf(
        { cluster, namespace }: ObserveeConfig,
        { entry: { stream = cluster }, access: { objectStore, role } }: ObserveeContract,
        cloud: Cloud,
        opts: pulumi.ComponentResourceOptions,
    ): StreamAccess | undefined {
        if (objectStore === undefined) return undefined;
        const args = { namespace, stores: { [stream]: objectStore }, ...(role && { roles: { [stream]: role } }) };
        return new BlockStorage(this, cloud, args, opts).grant("prometheus", stream);
    }
}
