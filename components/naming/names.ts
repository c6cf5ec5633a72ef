/**
 * Every name that two clusters or two components have to agree on; labels and annotations of objects are in labels.ts, labels of samples in config/labels.ts.
 * Addresses are derived from the fleet's domain and the cluster's name, so the observer can be deployed before its observees exist (docs/adr/0002).
 */

/** DNS name of a cluster's leaf Query (gRPC). */
export const leafQueryHost = (clusterName: string, domain: string) => `query.${clusterName}.${domain}`;
/** DNS name of the observer's Receive (remote write). */
export const receiveHost = (domain: string) => `receive.${domain}`;

/** The name in the certificate of every pod of the fleet's Alertmanager. */
export const alertmanagerName = (domain: string) => `alertmanager.${domain}`;
/** DNS name of one pod of the fleet's Alertmanager. Each has its own: every alert has to reach every pod (docs/adr/0033). */
export const alertmanagerHost = (pod: number, domain: string) => `alertmanager-${pod}.${domain}`;

/** Port of every StoreAPI. */
export const GRPC_PORT = 10901;
/** Port of metrics, probes and the HTTP API of every Thanos component. */
export const HTTP_PORT = 10902;
/** Port of Receive for remote write. */
export const REMOTE_WRITE_PORT = 19291;

/** Name of the remote write to Receive: the label `remote_name` of its metrics. Users may add others. */
export const REMOTE_WRITE_NAME = "observer";
/** URL that observees write to. */
export const receiveUrl = (domain: string) => `https://${receiveHost(domain)}:${REMOTE_WRITE_PORT}/api/v1/receive`;

/** Name of a Thanos workload and of every object it consists of: `thanos-query`. */
export const thanosName = (component: string) => `thanos-${component}`;

/** Name of the Thanos workload that works on one stream: `thanos-store-blue`. */
export const streamWorkload = (component: "store" | "compact", stream: string) => thanosName(`${component}-${stream}`);
/** One shard of several, as names and labels have it, the first one `1of3`. */
export const shardName = (shard: number, shards: number) => `${shard + 1}of${shards}`;
/**
 * Names of a stream's Stores. Two shards and three have no name in common: what a Store serves depends on their number, so another number makes new Stores,
 * and the old ones answer until these are ready. The name of a stream begins with a letter, so none is taken for a shard.
 */
export const storeWorkloads = (stream: string, shards: number): string[] =>
    shards === 1
        ? [streamWorkload("store", stream)]
        : Array.from({ length: shards }, (_, shard) => thanosName(`store-${shardName(shard, shards)}-${stream}`));

/** What the ingesters of a ring are called, in their component label and in the names of their objects; `ring` is undefined for the shared one. */
export const ingesterComponent = (ring: string | undefined) => (ring === undefined ? "receive-ingester" : `receive-ingester-${ring}`);

/**
 * The components that hold the caches of Query Frontend and of all Stores. Not `store-cache`: that is the name of the Store of a stream called `cache`.
 */
export const MEMCACHED = { answers: "memcached-answers", store: "memcached-store" } as const;

/** Name of the Service that makes a workload reachable from outside its cluster. */
export const externalServiceName = (workload: string) => `${workload}-external`;

/** Name of the Secret with the certificate of a workload. */
export const tlsSecretName = (workload: string) => `${workload}-tls`;

/** Name of the Secret with the client certificate of Prometheus, which shows it to Receive. */
export const REMOTE_WRITE_TLS = tlsSecretName("prometheus-remote-write");

/** Name of the Secret with the objstore file of one stream. */
export const objectStoreSecretName = (stream: string) => thanosName(`objstore-${stream}`);

/**
 * Release name and `fullnameOverride` of kube-prometheus-stack. Never change it: it is part of the name of every persistent volume claim. The chart
 * allows 26 characters at most.
 */
export const KPS = "kps";
/** Name of the Prometheus object that the chart makes. */
export const PROMETHEUS = `${KPS}-prometheus`;
/** The label that the operator gives to the pods of a Prometheus object: its name (pkg/prometheus/server/statefulset.go). */
export const prometheusPods = (name: string) => ({ "operator.prometheus.io/name": name });
/** Service account of the Prometheus pods. */
export const PROMETHEUS_SERVICE_ACCOUNT = `${KPS}-prometheus`;
/** Service of the chart in front of all Prometheus pods. */
export const PROMETHEUS_SERVICE = `${KPS}-prometheus`;
/** Name of oauth2-proxy's pods before a page, and of every object that they consist of. */
export const loginName = (page: string) => `login-${page}`;
/** Deployment and Service of the chart's Grafana: its subchart names them by the release. */
export const GRAFANA = `${KPS}-grafana`;
/** Labels that the chart gives to Grafana's pod. */
export const GRAFANA_PODS = { "app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": KPS };
/** Port of Grafana's page, API and metrics, in its pod. */
export const GRAFANA_PORT = 3000;
/** Port of its Service. */
export const GRAFANA_SERVICE_PORT = 80;
/** Service of the chart in front of all Alertmanager pods. */
export const ALERTMANAGER_SERVICE = `${KPS}-alertmanager`;
/** The fleet's Alertmanager in the observer: its pods, their Service, and what the names of all its objects begin with. */
export const FLEET_ALERTMANAGER = "fleet-alertmanager";
/** Port of its page and API in its pods. */
export const ALERTMANAGER_PORT = 9093;
/**
 * Port of one of its pods at the load balancer of that pod. Each is another, because there are clusters that give all load balancers the same address: on a local
 * machine, the node's.
 */
export const alertmanagerPort = (pod: number) => 19093 + pod;
/** URL of one of its pods, as other clusters reach it. */
export const alertmanagerUrl = (pod: number, domain: string) => `https://${alertmanagerHost(pod, domain)}:${alertmanagerPort(pod)}`;
/** Names of its pods inside the observer. */
export const alertmanagerPods = (pods: number, namespace: string): string[] =>
    Array.from({ length: pods }, (_, pod) => `${FLEET_ALERTMANAGER}-${pod}.${serviceHost(FLEET_ALERTMANAGER, namespace)}`);
/** Name of the Secret with the client certificate that Prometheus and Rule show to it. */
export const ALERTS_TLS = tlsSecretName("alerts");

/** SRV name of all Alertmanager pods: the operator's own headless Service (its pkg/alertmanager/statefulset.go), and the chart's name for their port. */
export const alertmanagerPodsOf = (namespace: string) => `dnssrv+_http-web._tcp.${serviceHost("alertmanager-operated", namespace)}`;
/**
 * Name of the claim of one Prometheus pod, which the operator decides: `prometheus-<name>-db` is its template, `prometheus-<name>` its StatefulSet, and an
 * agent's begin with `prom-agent` (its pkg/prometheus/common.go).
 */
export const prometheusClaim = (ordinal: number, agent: boolean) => `${prometheusClaims(agent)}-${ordinal}`;
/** What the names of these claims begin with. */
export const prometheusClaims = (agent: boolean) => {
    const statefulSet = `${agent ? "prom-agent" : "prometheus"}-${KPS}-prometheus`;
    return `${statefulSet}-db-${statefulSet}`;
};
/** Port of Prometheus's own page and API. */
export const PROMETHEUS_PORT = 9090;
/** URL of Prometheus's own API inside its cluster: the chart's Service in front of all replicas. */
export const prometheusUrl = (namespace: string) => `http://${serviceHost(PROMETHEUS_SERVICE, namespace)}:${PROMETHEUS_PORT}`;
/** Headless Service of the chart in front of all sidecars. */
export const SIDECAR_SERVICE = `${KPS}-thanos-discovery`;
/** Headless Service of this project in front of the sidecars of a Prometheus that it did not install. */
export const EXISTING_SIDECARS = thanosName("sidecar");
/** Deployment and Service of the chart's operator. */
export const OPERATOR = `${KPS}-operator`;
/** The container of Prometheus in every pod that an operator makes, of servers and agents alike (its pkg/prometheus). ServiceMonitors make it a label. */
export const PROMETHEUS_CONTAINER = "prometheus";

/** The StorageClass of kind, of the built clusters, and of most local clusters. */
export const LOCAL_STORAGE_CLASS = "standard";
/** The StorageClass that a stack creates on AWS where the user names none. No common name, which an existing StorageClass might have. */
export const AWS_STORAGE_CLASS = "thanos-fleet";

/** The service account that a component runs as when it works on a stream. Its IAM role trusts this account and no other. */
export function serviceAccountOf(component: "store" | "compact" | "prometheus" | "receive" | "rule", stream: string): string {
    if (component === "prometheus") return PROMETHEUS_SERVICE_ACCOUNT;
    if (component === "rule") return thanosName(component);
    // The ring that uploads to a stream has its name.
    return component === "receive" ? thanosName(ingesterComponent(stream)) : streamWorkload(component, stream);
}

/** DNS name of a Service inside its cluster. */
export const serviceHost = (service: string, namespace: string) => `${service}.${namespace}.svc.cluster.local`;

/** SRV name by which Thanos finds every pod behind the gRPC port of a headless Service. */
export const grpcPodsOf = (service: string, namespace: string) => `dnssrv+_grpc._tcp.${serviceHost(service, namespace)}`;
