import { pageHosts } from "../../config/exposure";
import { hasTenants, ringsOf } from "../../config/rings";
import {
    type AutoscaleConfig,
    type CacheConfig,
    existingOf,
    type Mode,
    type ObserverConfig,
    STORES_BLOCKS,
    type StackConfig,
} from "../../config/schema";
import { isShown, storesOf } from "../../config/stores";
import { keepsBlocks, streamsOf } from "../../config/streams";
import { LOGIN_PODS, LOGIN_REQUESTS } from "../exposure/oauth2Proxy";
import { type PodRequests, requestsOf, sumOf } from "../kubernetes/podRequests";
import {
    ALERTMANAGER_SERVICE,
    FLEET_ALERTMANAGER,
    GRAFANA,
    KPS,
    loginName,
    MEMCACHED,
    OPERATOR,
    storeWorkloads,
    streamWorkload,
    thanosName,
} from "../naming/names";
import { ALERTMANAGER_REQUESTS } from "../prometheus/alertmanager";
import { GRAFANA_REQUESTS, GRAFANA_SIDECAR_REQUESTS } from "../prometheus/grafana";
import { SIDECAR_REQUESTS } from "../prometheus/values";
import { partsOf } from "../thanos/hashring";
import { queryComponents } from "./queryTiers";

/**
 * Every pod that a stack places in its cluster, from its configuration alone, so that it can be known before anything is created whether they fit.
 * `mode` is an observee's, as its observer has it.
 * tests/unit/components/stack/plannedPods.test.ts compares this with the registered resources.
 */
export function plannedPods(config: StackConfig, mode?: Mode): PodRequests[] {
    const { prometheus, query, alerting } = config;
    const agent = mode !== undefined && !STORES_BLOCKS[mode];
    // One that is kept runs already, with its operator and all that came with it.
    const kept = existingOf(config) !== undefined;
    const installed: PodRequests[] = [
        {
            name: "prometheus",
            replicas: prometheus.replicas,
            requests: agent ? requestsOf(prometheus) : sumOf([requestsOf(prometheus), requestsOf(SIDECAR_REQUESTS)]),
            volumes: true,
        },
        // The chart lets these two request nothing.
        { name: OPERATOR, replicas: 1, requests: { cpu: 0, memory: 0 }, volumes: false },
        ...(prometheus.kubeStateMetrics === "install"
            ? [{ name: `${KPS}-kube-state-metrics`, replicas: 1, requests: { cpu: 0, memory: 0 }, volumes: false }]
            : []),
        ...(alerting.alertmanager === "install" && !agent
            ? [{ name: ALERTMANAGER_SERVICE, replicas: alerting.replicas, requests: requestsOf(ALERTMANAGER_REQUESTS), volumes: false }]
            : []),
    ];
    return [
        ...(kept ? [] : installed),
        ...(agent ? [] : (config.role === "observer" ? queryComponents(config.query) : ["query"]).map((name) => queryPods(name, query))),
        ...(config.role === "observer" ? observerPods(config) : []),
    ];
}

function observerPods(config: ObserverConfig): PodRequests[] {
    const { query, receive, store, compact, queryFrontend, rule, bucketWeb, grafana, alerting } = config;
    const rings = ringsOf(config);
    return [
        ...(alerting.alertmanager === "fleet"
            ? [{ name: FLEET_ALERTMANAGER, replicas: alerting.replicas, requests: requestsOf(ALERTMANAGER_REQUESTS), volumes: false }]
            : []),
        {
            name: thanosName("query-frontend"),
            ...podsBetween(queryFrontend.replicas, queryFrontend.autoscale),
            requests: requestsOf(queryFrontend),
            volumes: false,
        },
        ...(query.tenancy
            ? [{ name: thanosName("query-frontend-tenants"), replicas: 1, requests: requestsOf(queryFrontend), volumes: false }]
            : []),
        ...memcachedPods(MEMCACHED.answers, queryFrontend.cache),
        ...memcachedPods(MEMCACHED.store, store.cache),
        ...storesOf(config).flatMap(({ stream, shards }) => [
            ...storeWorkloads(stream, shards).map((name) => ({
                name,
                replicas: store.replicas,
                requests: requestsOf(store),
                volumes: true,
            })),
            { name: streamWorkload("compact", stream), replicas: 1, requests: requestsOf(compact), volumes: true },
        ]),
        ...(grafana?.server === "install"
            ? [
                  {
                      name: GRAFANA,
                      replicas: 1,
                      requests: sumOf([GRAFANA_REQUESTS, GRAFANA_SIDECAR_REQUESTS, GRAFANA_SIDECAR_REQUESTS].map(requestsOf)),
                      volumes: false,
                  },
              ]
            : []),
        ...(bucketWeb
            ? streamsOf(config)
                  .filter(({ name }) => isShown(bucketWeb, name))
                  .map(({ name }) => ({
                      name: thanosName(`bucket-web-${name}`),
                      replicas: 1,
                      requests: requestsOf(bucketWeb),
                      volumes: false,
                  }))
            : []),
        ...(config.exposure?.login.by === "oauth2-proxy"
            ? Object.keys(pageHosts(config)).map((page) => ({
                  name: loginName(page),
                  replicas: LOGIN_PODS,
                  requests: requestsOf(LOGIN_REQUESTS),
                  volumes: false,
              }))
            : []),
        ...(rule ? [{ name: thanosName("rule"), replicas: rule.replicas, requests: requestsOf(rule), volumes: keepsBlocks(rule) }] : []),
        ...rings.flatMap((ring) =>
            partsOf(ring).map(({ name, pods }) => ({ name, replicas: pods, requests: requestsOf(ring), volumes: true })),
        ),
        ...(rings.some(({ records }) => records)
            ? [
                  {
                      name: thanosName("receive-router-rule"),
                      replicas: receive.routers,
                      requests: requestsOf({ cpu: receive.routerCpu, memory: receive.routerMemory }),
                      volumes: false,
                  },
              ]
            : []),
        ...(rings.some(hasTenants)
            ? [
                  {
                      name: thanosName("receive-router"),
                      ...podsBetween(receive.routers, receive.routerAutoscale),
                      requests: requestsOf({ cpu: receive.routerCpu, memory: receive.routerMemory }),
                      volumes: false,
                  },
              ]
            : []),
    ];
}

const queryPods = (component: string, query: StackConfig["query"]): PodRequests => ({
    name: thanosName(component),
    ...podsBetween(query.replicas, query.autoscale),
    requests: requestsOf(query),
    volumes: false,
});

const podsBetween = (fewest: number, autoscale: AutoscaleConfig | undefined) =>
    autoscale ? { replicas: autoscale.maxReplicas, fewest } : { replicas: fewest };

const memcachedPods = (name: string, cache: CacheConfig): PodRequests[] =>
    cache.type === "memcached" ? [{ name: thanosName(name), replicas: cache.replicas, requests: requestsOf(cache), volumes: false }] : [];
