import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Dashboard, Panel as GrafanaPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import { DATA_SOURCE } from "./dataSource";

/** A query of a panel: PromQL, in which `$cluster` and its like stand for what the reader has chosen, and a name for each series that it returns. */
export interface Query {
    expr: string;
    /** The series' name, with its labels as `{{label}}`. */
    legend: string;
}

/** How a panel shows its queries. `stat`: one number, of now. `top`: a bar for each series, of now. `graph`: lines over time. */
export interface Panel {
    as: "stat" | "top" | "graph";
    title: string;
    /** Unit by its id in Grafana (packages/grafana-data/src/valueFormats/categories.ts). */
    unit: string;
    queries: readonly Query[];
    /** What a reader needs to know besides the title. @default nothing */
    note?: string | undefined;
    /** A stat is red below this number, or from it on. @default it has no colour */
    bad?: { below: number } | { from: number };
}

export interface Row {
    title: string;
    panels: readonly Panel[];
}

/** What the reader chooses on top of a dashboard; all values, until then. */
export interface Variable {
    name: string;
    /** Series whose label of that name gives the values. */
    of: string;
}

export interface DashboardSpec {
    title: string;
    variables: readonly Variable[];
    rows: readonly Row[];
}

type Rest = Partial<Pick<Panel, "note" | "bad">>;

export const stat = (title: string, unit: string, expr: string, rest: Rest = {}): Panel => ({
    as: "stat",
    title,
    unit,
    queries: [{ expr, legend: "" }],
    ...rest,
});
export const top = (title: string, unit: string, expr: string, legend: string, rest: Rest = {}): Panel => ({
    as: "top",
    title,
    unit,
    queries: [{ expr, legend }],
    ...rest,
});
export const graph = (title: string, unit: string, expr: string, legend: string, rest: Rest = {}): Panel => ({
    as: "graph",
    title,
    unit,
    queries: [{ expr, legend }],
    ...rest,
});

/** What a chosen "All" is in a matcher: every value but none, also of clusters that the list of values lacks. */
export const ALL = ".+";

/** How large panels are, in the 24 columns of a dashboard. */
const SIZE = { stat: { w: 4, h: 4 }, top: { w: 12, h: 10 }, graph: { w: 12, h: 8 } } as const;

/** The dashboard as Grafana's JSON. `uid` is part of its address. */
export function toGrafana(uid: string, { title, variables, rows }: DashboardSpec): Dashboard {
    const sdk = loadSdk();
    const dashboard = new sdk.DashboardBuilder(title)
        .uid(uid)
        .tags(["thanos-fleet"])
        .time({ from: "now-6h", to: "now" })
        .refresh("1m")
        .timezone("browser")
        .tooltip(sdk.DashboardCursorSync.Crosshair)
        .readonly();
    for (const { name, of } of variables)
        dashboard.withVariable(
            new sdk.QueryVariableBuilder(name)
                .datasource(DATA_SOURCE)
                .query(`label_values(${of}, ${name})`)
                .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
                .sort(sdk.VariableSort.AlphabeticalAsc)
                .multi(true)
                .includeAll(true)
                .allValue(ALL)
                .current({ text: "All", value: "$__all" }),
        );
    let id = 0;
    for (const { title: rowTitle, panels } of rows) {
        dashboard.withRow(new sdk.RowBuilder(rowTitle).id(++id));
        for (const panel of panels) dashboard.withPanel(panelOf(panel, ++id, sdk));
    }
    return withoutIntervals(dashboard.build());
}

/** The SDK gives every variable the fields of those that are times, which Grafana's schema does not have elsewhere (its `defaultVariableModel`). */
const withoutIntervals = (dashboard: Dashboard): Dashboard => ({
    ...dashboard,
    templating: {
        list: (dashboard.templating?.list ?? []).map(({ auto: _, auto_min: _min, auto_count: _count, ...variable }) => variable),
    },
});

function panelOf(panel: Panel, id: number, sdk: Sdk): Builder<GrafanaPanel> {
    const { as, title, unit, queries, note, bad } = panel;
    const { w, h } = SIZE[as];
    const builder = as === "graph" ? graphBuilder(sdk) : as === "top" ? topBuilder(sdk) : statBuilder(sdk);
    builder.id(id).title(title).datasource(DATA_SOURCE).unit(unit).span(w).height(h);
    if (note) builder.description(note);
    if (bad) builder.thresholds(thresholdsOf(bad, sdk)).colorScheme(new sdk.FieldColorBuilder().mode(sdk.FieldColorModeId.Thresholds));
    for (const [i, { expr, legend }] of queries.entries()) {
        const query = new sdk.DataqueryBuilder()
            .refId(String.fromCharCode("A".charCodeAt(0) + i))
            .expr(expr)
            .legendFormat(legend);
        builder.withTarget(as === "graph" ? query.range() : query.instant());
    }
    return builder;
}

const graphBuilder = (sdk: Sdk) =>
    new sdk.TimeseriesBuilder()
        .min(0)
        .fillOpacity(10)
        .showPoints(sdk.VisibilityMode.Never)
        .legend(
            new sdk.VizLegendOptionsBuilder()
                .displayMode(sdk.LegendDisplayMode.Table)
                .placement(sdk.LegendPlacement.Bottom)
                .showLegend(true)
                .calcs(["lastNotNull", "max"]),
        )
        .tooltip(new sdk.VizTooltipOptionsBuilder().mode(sdk.TooltipDisplayMode.Multi).sort(sdk.SortOrder.Descending));

const newest = (sdk: Sdk) => new sdk.ReduceDataOptionsBuilder().calcs(["lastNotNull"]);

const topBuilder = (sdk: Sdk) =>
    new sdk.BarGaugeBuilder()
        .min(0)
        .displayMode(sdk.BarGaugeDisplayMode.Basic)
        .orientation(sdk.VizOrientation.Horizontal)
        .reduceOptions(newest(sdk));

const statBuilder = (sdk: Sdk) => new sdk.StatBuilder().graphMode(sdk.BigValueGraphMode.None).reduceOptions(newest(sdk));

function thresholdsOf(bad: NonNullable<Panel["bad"]>, sdk: Sdk) {
    const [value, first, then] = "below" in bad ? [bad.below, "red", "green"] : [bad.from, "green", "red"];
    return new sdk.ThresholdsConfigBuilder().mode(sdk.ThresholdsMode.Absolute).steps([
        { value: null, color: first },
        { value, color: then },
    ]);
}

type Sdk = ReturnType<typeof loadSdk>;

/** Loaded when the first dashboard is built: a stack without dashboards starts a tenth of a second earlier. */
function loadSdk() {
    const { PanelBuilder: StatBuilder } =
        require("@grafana/grafana-foundation-sdk/stat") as typeof import("@grafana/grafana-foundation-sdk/stat");
    const { PanelBuilder: TimeseriesBuilder } =
        require("@grafana/grafana-foundation-sdk/timeseries") as typeof import("@grafana/grafana-foundation-sdk/timeseries");
    const { PanelBuilder: BarGaugeBuilder } =
        require("@grafana/grafana-foundation-sdk/bargauge") as typeof import("@grafana/grafana-foundation-sdk/bargauge");
    return {
        ...(require("@grafana/grafana-foundation-sdk/dashboard") as typeof import("@grafana/grafana-foundation-sdk/dashboard")),
        ...(require("@grafana/grafana-foundation-sdk/common") as typeof import("@grafana/grafana-foundation-sdk/common")),
        ...(require("@grafana/grafana-foundation-sdk/prometheus") as typeof import("@grafana/grafana-foundation-sdk/prometheus")),
        StatBuilder,
        TimeseriesBuilder,
        BarGaugeBuilder,
    };
}
