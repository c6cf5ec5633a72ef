/** One-node Kubernetes clusters on this machine: the real programs, each cluster in its own Linux namespaces. */

export { downClusters } from "./downClusters";
export { acceptBridgeTraffic, checkReachability } from "./firewall";
export { loadImage } from "./loadImage";
export type { Cluster, ClusterSpec, ClusterTools } from "./spec";
export { upCluster } from "./upCluster";
