/** Whole one-node Kubernetes clusters on this machine, from real programs, each in its own Linux namespaces. */
export type { DnsHosts } from "./addons";
export { downClusters } from "./down";
export { loadImage } from "./images";
export { serveLoadBalancers } from "./load-balancers";
export { type Cluster, type ClusterSpec, type ClusterTools, DEBIAN_PACKAGES } from "./spec";
export { upCluster } from "./up";
