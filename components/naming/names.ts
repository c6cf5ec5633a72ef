/**
 * Every name that two clusters or two components have to agree on. Addresses are derived from the fleet's domain and the cluster's name,
 * which is how the observer can be built before its observees exist (docs/adr/0002).
 */

/** gRPC of a cluster's leaf Query. */
export const leafQueryHost = (cluster: string, domain: string) => `query.${cluster}.${domain}`;
/** Remote write of the observer's Receive. */
export const receiveHost = (domain: string) => `receive.${domain}`;
/** HTTP of the observer's Query Frontend: the one address for people and dashboards. */
export const queryFrontendHost = (domain: string) => `query.${domain}`;

export const GRPC_PORT = 10901;
export const HTTP_PORT = 10902;
export const REMOTE_WRITE_PORT = 19291;

/** Where observees write to. */
export const receiveUrl = (domain: string) => `https://${receiveHost(domain)}:${REMOTE_WRITE_PORT}/api/v1/receive`;

/** Added by the operator to every series of a Prometheus replica, and to its blocks. */
export const PROMETHEUS_REPLICA_LABEL = "prometheus_replica";
/** Added by each Receive ingester to what it holds. */
export const RECEIVE_REPLICA_LABEL = "receive_replica";
/** Query drops these labels to merge the copies of a series. */
export const REPLICA_LABELS = [PROMETHEUS_REPLICA_LABEL, RECEIVE_REPLICA_LABEL];
/** The external label that tells clusters apart; Receive announces its tenants under it too, so that both paths name a series alike (docs/adr/0003). */
export const CLUSTER_LABEL = "cluster";

/** A stream is what one cluster's Prometheus uploads: it has its own prefix in the bucket, its own Store and its own Compact. */
export const streamPrefix = (cluster: string) => cluster;

/** Name of the Thanos workload that works on one stream, and of its service account, which IAM roles trust: `thanos-store-blue`. */
export const streamWorkload = (component: "store" | "compact", stream: string) => `thanos-${component}-${stream}`;

/** Release name and `fullnameOverride` of kube-prometheus-stack; at most 26 characters, and part of every PVC's name: never change it. */
export const KPS = "kps";
export const PROMETHEUS_SERVICE_ACCOUNT = `${KPS}-prometheus`;
/** Headless Service of the chart in front of all sidecars. */
export const SIDECAR_SERVICE = `${KPS}-thanos-discovery`;

/** The StorageClass that kind and most local clusters have. */
export const LOCAL_STORAGE_CLASS = "standard";

/** DNS name by which Thanos finds every pod behind a headless Service's gRPC port, ready or not yet. */
export const grpcPodsOf = (service: string, namespace: string) => `dnssrv+_grpc._tcp.${service}.${namespace}.svc.cluster.local`;
