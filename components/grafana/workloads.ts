import { CLUSTER_LABEL } from "../../config/labels";
import { kubelets } from "../alerts/alert";
import { type DashboardSpec, graph, stat, top } from "./dashboard";
import { CHOSEN, CLUSTERS } from "./facts";

/** Label matchers of containers, without the sums of their pods, which cAdvisor has too. */
const CONTAINERS = `${kubelets("/metrics/cadvisor")}, ${CHOSEN}, namespace=~"$namespace", container!=""`;
const MACHINES = `${kubelets("/metrics/cadvisor")}, ${CHOSEN}`;
const KUBELETS = `${kubelets("/metrics")}, ${CHOSEN}`;
/** Label matchers of kube-state-metrics, which the chart's rules find by this job, too. */
const OBJECTS = `job="kube-state-metrics", ${CHOSEN}`;

const cpu = (by: string) => `sum by (${by}) (rate(container_cpu_usage_seconds_total{${CONTAINERS}}[$__rate_interval]))`;
const memory = (by: string) => `sum by (${by}) (container_memory_working_set_bytes{${CONTAINERS}})`;
const BY_CLUSTER = CLUSTER_LABEL;
const BY_NAMESPACE = `${CLUSTER_LABEL}, namespace`;
const BY_POD = `${CLUSTER_LABEL}, namespace, pod`;

/** What runs in the clusters, and what it uses. */
export const workloads = (): DashboardSpec => ({
    title: "Fleet / Workloads",
    variables: [CLUSTERS, { name: "namespace", of: `container_memory_working_set_bytes{${CHOSEN}}` }],
    rows: [
        {
            title: "Clusters",
            panels: [
                stat(
                    "CPU in use",
                    "percentunit",
                    `sum(rate(container_cpu_usage_seconds_total{${CONTAINERS}}[$__rate_interval])) / sum(machine_cpu_cores{${MACHINES}})`,
                ),
                stat(
                    "Memory in use",
                    "percentunit",
                    `sum(container_memory_working_set_bytes{${CONTAINERS}}) / sum(machine_memory_bytes{${MACHINES}})`,
                ),
                stat("Cores", "none", `sum(machine_cpu_cores{${MACHINES}})`),
                stat("Memory", "bytes", `sum(machine_memory_bytes{${MACHINES}})`),
                stat("Nodes", "none", `count(machine_memory_bytes{${MACHINES}})`),
                stat("Pods that run", "none", `sum(kubelet_running_pods{${KUBELETS}})`),
                graph("CPU", "none", cpu(BY_CLUSTER), "{{cluster}}", { note: "Cores in use." }),
                graph("Memory", "bytes", memory(BY_CLUSTER), "{{cluster}}"),
                graph("Pods that run", "none", `sum by (${BY_CLUSTER}) (kubelet_running_pods{${KUBELETS}})`, "{{cluster}}"),
                graph(
                    "Network, received",
                    "Bps",
                    `sum by (${BY_CLUSTER}) (rate(container_network_receive_bytes_total{${MACHINES}, namespace=~"$namespace"}[$__rate_interval]))`,
                    "{{cluster}}",
                ),
            ],
        },
        {
            title: "Namespaces and pods",
            panels: [
                graph("CPU by namespace", "none", `topk(15, ${cpu(BY_NAMESPACE)})`, "{{cluster}} {{namespace}}"),
                graph("Memory by namespace", "bytes", `topk(15, ${memory(BY_NAMESPACE)})`, "{{cluster}} {{namespace}}"),
                top("Pods with the most CPU", "none", `topk(15, ${cpu(BY_POD)})`, "{{cluster}} {{namespace}} {{pod}}"),
                top("Pods with the most memory", "bytes", `topk(15, ${memory(BY_POD)})`, "{{cluster}} {{namespace}} {{pod}}"),
                top(
                    "Fullest volumes",
                    "percentunit",
                    `topk(15, 1 - min by (${BY_NAMESPACE}, persistentvolumeclaim) (kubelet_volume_stats_available_bytes{${KUBELETS}, namespace=~"$namespace"} / kubelet_volume_stats_capacity_bytes{${KUBELETS}, namespace=~"$namespace"}))`,
                    "{{cluster}} {{namespace}} {{persistentvolumeclaim}}",
                ),
            ],
        },
        {
            title: "Objects (from kube-state-metrics)",
            panels: [
                graph(
                    "Pods that do not run",
                    "none",
                    `sum by (${CLUSTER_LABEL}, phase) (kube_pod_status_phase{${OBJECTS}, namespace=~"$namespace", phase=~"Pending|Failed|Unknown"})`,
                    "{{cluster}} {{phase}}",
                ),
                graph(
                    "Restarts of containers within an hour",
                    "none",
                    `topk(15, sum by (${BY_NAMESPACE}) (increase(kube_pod_container_status_restarts_total{${OBJECTS}, namespace=~"$namespace"}[1h])))`,
                    "{{cluster}} {{namespace}}",
                ),
                graph(
                    "Pods that Deployments lack",
                    "none",
                    `sum by (${BY_NAMESPACE}) (kube_deployment_spec_replicas{${OBJECTS}, namespace=~"$namespace"} - kube_deployment_status_replicas_available{${OBJECTS}, namespace=~"$namespace"})`,
                    "{{cluster}} {{namespace}}",
                ),
                graph(
                    "Requested of what nodes have",
                    "percentunit",
                    `sum by (${CLUSTER_LABEL}, resource) (kube_pod_container_resource_requests{${OBJECTS}, resource=~"cpu|memory"}) / sum by (${CLUSTER_LABEL}, resource) (kube_node_status_allocatable{${OBJECTS}, resource=~"cpu|memory"})`,
                    "{{cluster}} {{resource}}",
                ),
            ],
        },
    ],
});
