import type { Placement } from "../kubernetes/placement";

/** What the chart needs for its Grafana. */
export interface GrafanaServer {
    /** Kubernetes namespace of the dashboards. */
    namespace: string;
    /** Secret with the administrator's name and password, keys `admin-user` and `admin-password`. */
    adminSecret: string;
    /** Role of the sidecars that look for dashboards and data sources. */
    role: string;
    /** URL of its page, and whether everybody who opens it has logged in elsewhere. @default undefined: nobody opens it but by `kubectl port-forward` */
    page?: { url: string; hasLogin: boolean } | undefined;
}

/** What Grafana requests, and each of its two sidecars. */
export const GRAFANA_REQUESTS = { cpu: "100m", memory: "512Mi" };
export const GRAFANA_SIDECAR_REQUESTS = { cpu: "10m", memory: "128Mi" };

const requesting = (requests: { cpu: string; memory: string }) => ({ resources: { requests, limits: { memory: requests.memory } } });

/**
 * The part of the chart's values about Grafana (chart 88, whose subchart is grafana 12.11). Nothing is kept in a volume: dashboards and data sources are
 * ConfigMaps, and what a user makes by hand is gone with the pod.
 */
export function grafanaValues(server: GrafanaServer | undefined, placement: Placement | undefined) {
    if (server === undefined) return { enabled: false };
    const { namespace, adminSecret, role, page } = server;
    // The chart's sidecars look into every namespace, and at Secrets too.
    const found = { searchNamespace: namespace, resource: "configmap" };
    return {
        enabled: true,
        admin: { existingSecret: adminSecret },
        rbac: { namespaced: true, useExistingRole: role },
        sidecar: {
            ...requesting(GRAFANA_SIDECAR_REQUESTS),
            // The chart's own dashboards expect one Prometheus, and get a choice of cluster.
            dashboards: { ...found, multicluster: { global: { enabled: true } } },
            // The data source would be the Prometheus of this cluster only.
            datasources: { ...found, defaultDatasourceEnabled: false },
        },
        ...requesting(GRAFANA_REQUESTS),
        ...placement,
        ...(page && {
            "grafana.ini": {
                server: { root_url: page.url },
                // Everybody who has passed the login in front of Grafana is an anonymous viewer, who sees every dashboard. Grafana could take the name from a header of the
                // login instead, but where no NetworkPolicy is enforced any pod could send the administrator's name. An anonymous viewer learns nothing that
                // the same pod could not ask Query Frontend.
                ...(page.hasLogin && { "auth.anonymous": { enabled: true, org_role: "Viewer" } }),
            },
        }),
        testFramework: { enabled: false },
        // Where the user adds a volume: the chart would let root take it over, which the namespace may refuse, and `fsGroup` does the same.
        initChownData: { enabled: false },
    };
}
