import type { Placement } from "../kubernetes/placement";
import { type AlertmanagerAddress, type AlertTargets, alertmanagerSecrets, alertmanagerTls } from "../tls/alertmanagerFiles";

/** What each Alertmanager pod requests. */
export const ALERTMANAGER_REQUESTS = { cpu: "10m", memory: "128Mi" };

/**
 * The part of the chart's values about the Alertmanager in this cluster. The chart points Prometheus at it. The operator drops the replica label from alerts
 * (prometheus-operator, pkg/prometheus/promcfg.go), so that both Prometheus send the same alert, and Alertmanager notifies once.
 */
export function alertmanagerValues(
    { alertmanager, configSecret, replicas }: AlertTargets,
    annotations: Record<string, string>,
    placement: Placement | undefined,
) {
    if (alertmanager !== "install") return { enabled: false };
    return {
        enabled: true,
        // The operator passes by what lacks its annotation.
        annotations,
        ...(replicas > 1 && { podDisruptionBudget: { enabled: true, minAvailable: 1 } }),
        alertmanagerSpec: {
            replicas,
            ...(configSecret && { useExistingSecret: true, configSecret }),
            ...placement,
            resources: { requests: ALERTMANAGER_REQUESTS, limits: { memory: ALERTMANAGER_REQUESTS.memory } },
        },
    };
}

/** Folder in which the operator mounts the Secrets of `prometheusSpec.secrets` (its pkg/prometheus/common.go). */
const SECRETS = "/etc/prometheus/secrets";

/** The part of `prometheusSpec` about Alertmanagers that the chart does not install: others, or the fleet's. */
export function externalAlertmanagers({ external }: AlertTargets) {
    if (external.length === 0) return {};
    const secrets = alertmanagerSecrets(external);
    return { ...(secrets.length > 0 && { secrets }), additionalAlertManagerConfigs: external.map(configOf) };
}

/** An Alertmanager as Prometheus's configuration has it. Prometheus rereads the files. */
function configOf(address: AlertmanagerAddress) {
    const { url, tokenSecret } = address;
    const { protocol, host, pathname } = new URL(url);
    const tls = alertmanagerTls(address, SECRETS);
    return {
        scheme: protocol.slice(0, -1),
        ...(pathname !== "/" && { path_prefix: pathname }),
        static_configs: [{ targets: [host] }],
        ...(Object.keys(tls).length > 0 && { tls_config: tls }),
        ...(tokenSecret && { authorization: { credentials_file: `${SECRETS}/${tokenSecret}/token` } }),
    };
}
