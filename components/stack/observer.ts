import * as pulumi from "@pulumi/pulumi";
import { type PageName, pageHosts } from "../../config/exposure";
import { ringsOf } from "../../config/rings";
import { readRuleFiles } from "../../config/ruleFiles";
import { activeOf, type ObserverConfig } from "../../config/schema";
import { isShown, storesOf } from "../../config/stores";
import { keepsBlocks, RULE_STREAM, streamsOf, uploadsItself } from "../../config/streams";
import { ALERTMANAGER_IMAGE, MEMCACHED_IMAGE, OAUTH2_PROXY_IMAGE, THANOS_IMAGE } from "../../upstream/versions";
import { alertRules, ownRules } from "../alerts/alertRules";
import { configInfo } from "../alerts/configInfo";
import { BlockStorage } from "../blocks/blockStorage";
import type { Cloud, Stores } from "../cloud/cloud";
import { blocksPath, Pages, pagesOf } from "../exposure/pages";
import { visitorsOf } from "../exposure/visitors";
import { Grafana } from "../grafana/grafana";
import { imageFrom } from "../kubernetes/imageFrom";
import { stackNamespace } from "../kubernetes/namespace";
import { ALERTMANAGER_PORT, alertmanagerPods, MEMCACHED, prometheusUrl } from "../naming/names";
import { FleetAlertmanager } from "../prometheus/fleetAlertmanager";
import { Prometheus } from "../prometheus/prometheus";
import { BucketWeb } from "../thanos/bucketWeb";
import { sharedCache } from "../thanos/caches";
import { Compact } from "../thanos/compact";
import { leafQueryEndpoint } from "../thanos/endpoints";
import { QueryFrontend } from "../thanos/queryFrontend";
import { Receive } from "../thanos/receive";
import { Rule, ruleEndpoint } from "../thanos/rule";
import { Store } from "../thanos/store";
import { ToolKit } from "../thanos/toolKit";
import { alertTargets } from "../tls/alertmanagerFiles";
import { Certificates } from "../tls/certificates";
import { alertsOfObserver, alertsOfRule } from "./alertsOf";
import { accessOf, type ContractOutputs, contractOf } from "./contract";
import { factsOf } from "./dashboardsOf";
import { deployedNames, type ImmutableSettings } from "./immutableSettings";
import { queryTiers, topQuery } from "./queryTiers";

export interface ObserverOutputs extends ContractOutputs {
    /** DNS name of Query Frontend's page. */
    queryFrontend: string;
    /** When the first certificate of the fleet expires (RFC 3339). */
    certificatesEnd: pulumi.Output<string>;
    /** Hash of the configuration of Prometheus, which it says itself when it has it. */
    configHash: pulumi.Output<string>;
    /** The settings that must not change (immutableSettings.ts). */
    names: pulumi.Output<ImmutableSettings>;
}

/** The cluster that sees all others: Thanos, fed by every cluster's blocks, every observee's leaf Query, and remote write. */
export class Observer extends pulumi.ComponentResource {
    readonly outputs: ObserverOutputs;

    constructor(name: string, config: ObserverConfig, cloud: Cloud, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Observer", name, {}, opts);
        const { cluster: clusterName, domain, namespace, observees, objectStore } = config;
        const childOpts = stackNamespace(this, config, cloud);
        const volumes = { storageClass: cloud.storageClass, placement: cloud.stateful };
        const tracing = config.tracing && { ...config.tracing, clusterName };
        const { imageRegistry } = config.pods;
        const thanos = { image: imageFrom(imageRegistry, THANOS_IMAGE), tracing, drainSeconds: cloud.drainSeconds };

        const active = activeOf(observees);
        const certificates = new Certificates(
            "certificates",
            { ...config.certificates, clusterName, domain, observees: active, alertmanager: config.alerting.alertmanager === "fleet" },
            { parent: this },
        );

        const streams = streamsOf(config);
        const objectStores: Stores = objectStore
            ? {
                  stores: Object.fromEntries(streams.map(({ name: stream, prefix }) => [stream, { ...objectStore, prefix }])),
                  roles: {},
              }
            : cloud.makeStores("blocks", streams, childOpts);
        const blocks = new BlockStorage(this, cloud, { namespace, stores: objectStores.stores }, childOpts);

        const { exposure } = config;
        const hosts = pageHosts(config);
        const visitors = (page: PageName) => visitorsOf(page, config, cloud.exposePage !== undefined);
        const urlOf = (host: string | undefined) => (exposure && host ? `https://${host}` : undefined);
        const grafanaUrl = urlOf(hosts.grafana);

        const grafana =
            config.grafana &&
            new Grafana(
                "grafana",
                {
                    ...config.grafana,
                    namespace,
                    scrapeInterval: config.grafana.scrapeInterval ?? config.prometheus.scrapeInterval,
                    facts: certificates.firstExpiry.apply((end) => factsOf(config, end)),
                    page: grafanaUrl === undefined ? undefined : { url: grafanaUrl, hasLogin: exposure?.login.by !== "nobody" },
                    visitors: visitors("grafana"),
                },
                childOpts,
            );
        const { alertmanager } = certificates.observer;
        const ownPods = alertmanagerPods(config.alerting.replicas, namespace).map((pod) => `https://${pod}:${ALERTMANAGER_PORT}`);
        const alerting = alertTargets(config.alerting, domain, ownPods);
        const prometheus = new Prometheus(
            "prometheus",
            {
                ...config.prometheus,
                ...volumes,
                nodesHaveZones: cloud.nodesHaveZones,
                tracing,
                generalPlacement: cloud.general,
                pods: config.pods,
                alerting,
                alertsTls: alertmanager?.client,
                namespace,
                clusterName,
                chart: config.chart,
                blocks: blocks.grant("prometheus", clusterName),
                grafana: grafana?.server,
            },
            childOpts,
        );
        const afterPrometheus = { parent: this, provider: cloud.kubernetes, dependsOn: prometheus };
        alertRules(
            {
                namespace,
                alerts: certificates.firstExpiry.apply((end) => alertsOfObserver(config, end)),
                runbooks: config.alerting.runbooks,
            },
            afterPrometheus,
        );
        configInfo({ namespace, configHash: prometheus.configHash }, afterPrometheus);

        if (alertmanager)
            new FleetAlertmanager(
                "fleet-alertmanager",
                {
                    ...config.alerting,
                    namespace,
                    domain,
                    tls: alertmanager.server,
                    loadBalancer: cloud.loadBalancer,
                    image: imageFrom(imageRegistry, ALERTMANAGER_IMAGE),
                    placement: cloud.general,
                    prometheus,
                },
                childOpts,
            );

        const rings = ringsOf(config);
        const receive: Receive | undefined =
            rings.length === 0
                ? undefined
                : new Receive(
                      "receive",
                      {
                          ...config.receive,
                          ...volumes,
                          namespace,
                          domain,
                          rings,
                          blocksOf: (stream) => blocks.grant("receive", stream),
                          loadBalancer: cloud.loadBalancer,
                          routerPlacement: cloud.general,
                          metaMonitoring: prometheusUrl(namespace),
                          tls: certificates.observer.receive,
                          ...thanos,
                      },
                      childOpts,
                  );

        const general = { namespace, placement: cloud.general };
        const memcached = { ...general, image: imageFrom(imageRegistry, MEMCACHED_IMAGE) };
        const storeCache = sharedCache(MEMCACHED.store, config.store.cache, { ...memcached, client: "store" }, childOpts);
        const readers = storesOf(config).map((ofStream) => ({ ...ofStream, blocks: blocks.grant("store", ofStream.stream) }));
        const stores = readers.map(
            (ofStream) =>
                new Store(
                    `store-${ofStream.stream}`,
                    {
                        ...config.store,
                        ...volumes,
                        ...ofStream,
                        namespace,
                        cache: storeCache,
                        ...thanos,
                    },
                    { ...childOpts, dependsOn: [...childOpts.dependsOn, ...(storeCache?.ready ?? [])] },
                ),
        );

        const compacts = streams.map(
            ({ name: stream, retention, uploader }) =>
                new Compact(
                    `compact-${stream}`,
                    {
                        ...config.compact,
                        ...volumes,
                        retention,
                        namespace,
                        stream,
                        receiveUploads: uploader === "receive",
                        ...thanos,
                        blocks: blocks.grant("compact", stream),
                    },
                    // After its Stores in an update: a newer Compact may write blocks that an older Store cannot read.
                    { ...childOpts, dependsOn: [...childOpts.dependsOn, ...stores.filter((_, i) => readers[i]?.stream === stream)] },
                ),
        );

        const { bucketWeb, tools } = config;
        if (bucketWeb)
            for (const { stream, blocks: access } of readers.filter((reader) => isShown(bucketWeb, reader.stream)))
                new BucketWeb(
                    `bucket-web-${stream}`,
                    {
                        ...bucketWeb,
                        ...general,
                        stream,
                        blocks: access,
                        path: exposure && blocksPath(stream),
                        visitors: visitors("blocks"),
                        ...thanos,
                    },
                    childOpts,
                );
        if (tools.length > 0)
            for (const { name: stream, retention } of streams)
                new ToolKit(`tools-${stream}`, { ...config.compact, ...general, image: thanos.image, retention, stream, tools }, childOpts);

        const leafQueries = active.filter(uploadsItself).map((observee) => leafQueryEndpoint(observee.name, domain));
        const query = queryTiers(
            {
                config,
                ...general,
                tls: certificates.observer.reader,
                ...thanos,
                sources: [
                    prometheus.sidecars,
                    ...(receive?.endpoints ?? []),
                    ...(config.rule ? [ruleEndpoint(namespace)] : []),
                    ...stores.flatMap(({ endpoints }) => endpoints),
                ],
                leafQueries,
            },
            // Query is told of a new Store when that has loaded its blocks: otherwise answers would carry a warning for up to two minutes. When the number of shards
            // changes, the old Stores answer meanwhile, because Pulumi deletes them at the end of the update.
            { ...childOpts, dependsOn: [...childOpts.dependsOn, ...stores] },
        );
        const answersCache = sharedCache(
            MEMCACHED.answers,
            config.queryFrontend.cache,
            { ...memcached, client: "query-frontend" },
            childOpts,
        );
        const frontend = new QueryFrontend(
            "query-frontend",
            {
                ...config.queryFrontend,
                ...general,
                cache: answersCache,
                ...thanos,
                downstream: query.url,
                page: urlOf(hosts.query),
                expose: cloud.exposePage && { host: hosts.query, by: cloud.exposePage },
                visitors: visitors("query"),
            },
            childOpts,
        );
        if (exposure)
            new Pages(
                "pages",
                {
                    ...general,
                    exposure,
                    pages: pagesOf(config),
                    queryTimeout: config.query.timeout,
                    image: imageFrom(imageRegistry, OAUTH2_PROXY_IMAGE),
                    annotations: cloud.ingress,
                    drainSeconds: cloud.drainSeconds,
                },
                childOpts,
            );

        // After Query, which finds Rule by its DNS name: the two ask each other, so only one can be created with the other at hand.
        const rule: Rule | undefined =
            config.rule &&
            new Rule(
                "rule",
                {
                    ...config.rule,
                    storageClass: cloud.storageClass,
                    placement: keepsBlocks(config.rule) ? cloud.stateful : cloud.general,
                    namespace,
                    files: [...readRuleFiles(config.rule.files), ...ownRules(alertsOfRule(config), config.alerting.runbooks)],
                    blockDuration: config.prometheus.blockDuration,
                    alerting,
                    query: topQuery(config.query),
                    page: frontend.url,
                    ...thanos,
                    blocks: keepsBlocks(config.rule) ? blocks.grant("rule", RULE_STREAM) : undefined,
                },
                childOpts,
            );

        this.outputs = {
            contract: contractOf(config, cloud.contractFacts),
            access: accessOf(config, objectStores, certificates.observees),
            queryFrontend: new URL(frontend.url).hostname,
            certificatesEnd: certificates.firstExpiry,
            configHash: prometheus.configHash,
            names: deployedNames(
                config,
                [prometheus, ...(receive ? [receive] : []), ...stores, ...compacts, ...(rule ? [rule] : [])].flatMap(
                    (part) => part.volumes,
                ),
            ),
        };
        this.registerOutputs(this.outputs);
    }
}
