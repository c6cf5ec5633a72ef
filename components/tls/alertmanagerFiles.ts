import type { AlertingConfig } from "../../config/schema";
import { ALERTS_TLS, alertmanagerName } from "../naming/names";
import { TLS_FILES } from "./tlsSecret";

type ExternalAlertmanager = AlertingConfig["external"][number];

/** An Alertmanager outside of the cluster, or a pod of the fleet's. */
export interface AlertmanagerAddress extends ExternalAlertmanager {
    /** The name in its certificate, where that is not the address. */
    serverName?: string;
}

/** Where the alerts of a cluster go, with the addresses of the fleet's Alertmanager if they go there. */
export interface AlertTargets extends Omit<AlertingConfig, "external"> {
    external: readonly AlertmanagerAddress[];
}

/** What senders need for the fleet's Alertmanager, whose pods all have one certificate. */
export const fleetAccess = (domain: string): Omit<AlertmanagerAddress, "url"> => ({
    serverName: alertmanagerName(domain),
    caSecret: ALERTS_TLS,
    certificateSecret: ALERTS_TLS,
});

/** Where the alerts of a cluster go. `urls`: every pod of the fleet's Alertmanager, as this cluster reaches them. */
export const alertTargets = (alerting: AlertingConfig, domain: string, urls: readonly string[]): AlertTargets =>
    alerting.alertmanager === "fleet" ? { ...alerting, external: urls.map((url) => ({ url, ...fleetAccess(domain) })) } : alerting;

/** Names of the Secrets with what these Alertmanagers ask for. */
export const alertmanagerSecrets = (external: AlertTargets["external"]): string[] => [
    ...new Set(
        external.flatMap(({ caSecret, certificateSecret, tokenSecret }) =>
            [caSecret, certificateSecret, tokenSecret].filter((name) => name !== undefined),
        ),
    ),
];

/** The TLS settings of an Alertmanager, for Prometheus and Thanos alike. `secrets`: the folder in which each Secret is a folder. */
export const alertmanagerTls = ({ caSecret, certificateSecret, serverName }: Omit<AlertmanagerAddress, "url">, secrets: string) => ({
    ...(caSecret && { ca_file: `${secrets}/${caSecret}/${TLS_FILES.ca}` }),
    ...(certificateSecret && {
        cert_file: `${secrets}/${certificateSecret}/${TLS_FILES.cert}`,
        key_file: `${secrets}/${certificateSecret}/${TLS_FILES.key}`,
    }),
    ...(serverName && { server_name: serverName }),
});
