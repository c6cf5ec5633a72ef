/** Whole one-node Kubernetes clusters on this machine, from real programs, each in its own Linux namespaces. */

export { serveLoadBalancers } from "../../services/loadBalancers";
export type { DnsHosts } from "./addons";
export { downClusters } from "./downClusters";
export { loadImage } from "./loadImage";
export { type Cluster, type ClusterSpec, type ClusterTools, DEBIAN_PACKAGES } from "./spec";
export { upCluster } from "./upCluster";
