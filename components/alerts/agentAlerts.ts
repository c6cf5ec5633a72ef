import { CLUSTER_LABEL } from "../../config/labels";
import { PROMETHEUS_SERVICE, prometheusClaims } from "../naming/names";
import type { Alert } from "./alert";
import { remoteWriteLosesSamples, volumeNearlyFull } from "./clusterAlerts";

/** Alerts about a cluster whose Prometheus is an agent, and evaluates nothing: Rule does, from what has arrived. */
export function agentAlerts(cluster: string): Alert[] {
    const ofCluster = `${CLUSTER_LABEL}="${cluster}"`;
    const labels = { [CLUSTER_LABEL]: cluster };
    return [
        agentBehind(cluster),
        { ...remoteWriteLosesSamples(`${ofCluster}, job="${PROMETHEUS_SERVICE}"`), labels },
        { ...volumeNearlyFull(`${ofCluster}, persistentvolumeclaim=~"${prometheusClaims(true)}.*"`), labels },
    ];
}

/** Query looks back 5 minutes, so a series that is further behind is absent. The agent's metrics about its queue are as late as everything else, and cannot say it. */
const agentBehind = (cluster: string): Alert => ({
    name: "FleetAgentBehind",
    expr: `absent(up{${CLUSTER_LABEL}="${cluster}"})`,
    for: "10m",
    severity: "critical",
    labels: { [CLUSTER_LABEL]: cluster },
    summary: "The newest samples of an agent are old.",
    description: `Receive has no sample of ${cluster} from the last 5 minutes. Its agents keep what they cannot send for prometheus.retention, and lose it then.`,
});
