import type { Dashboard, Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { ALL, toGrafana } from "../../components/grafana/dashboard";
import { DASHBOARDS } from "../../components/grafana/dashboards";
import type { FleetFacts } from "../../components/grafana/facts";

/** A fleet with everything that has a panel. */
export const EVERYTHING: FleetFacts = {
    observer: "observer",
    namespace: "monitoring",
    clusters: 3,
    certificatesEnd: 2_000_000_000,
    queries: ["thanos-query"],
    stores: ["thanos-store-blue", "thanos-store-red"],
    compacts: ["thanos-compact-blue", "thanos-compact-red"],
    receive: { routers: ["thanos-receive-router"], ingesters: ["thanos-receive-ingester"], replicationFactor: 3 },
    rule: true,
};

/** Every dashboard of a fleet, as Grafana gets it. */
export const grafanaOf = (facts: FleetFacts): Dashboard[] => Object.entries(DASHBOARDS).map(([uid, of]) => toGrafana(uid, of(facts)));

const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === "row";

/** Panels in their order, each with the title of its row. */
export function panelsOf(dashboard: Dashboard): { row: string; panel: Panel }[] {
    let row = "";
    return (dashboard.panels ?? []).flatMap((panel) => {
        if (!isRow(panel)) return [{ row, panel }];
        row = panel.title ?? "";
        return [];
    });
}

/** The queries of a panel. */
export const queriesOf = (panel: Panel) => (panel.targets ?? []) as Dataquery[];

/** Every query of every dashboard, with where it is: `Fleet / Overview: Now: Clusters that answer`. */
export const allQueries = (dashboards: readonly Dashboard[]) =>
    dashboards.flatMap((dashboard) =>
        panelsOf(dashboard).flatMap(({ row, panel }) =>
            queriesOf(panel).map(({ expr, instant }) => ({
                where: `${dashboard.title}: ${row}: ${panel.title}`,
                expr,
                instant: instant === true,
            })),
        ),
    );

/** The variables of any dashboard. */
const VARIABLES = ["cluster", "namespace", "job"];

/** A query as Grafana sends it when everything is chosen. `rate` is what it puts for `$__rate_interval`. */
export const sent = (expr: string, rate = "2m"): string =>
    VARIABLES.reduce((text, variable) => text.replaceAll(`$${variable}`, ALL), expr.replaceAll("$__rate_interval", rate));
