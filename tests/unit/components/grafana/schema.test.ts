import assert from "node:assert/strict";
import { join } from "node:path";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import ts from "typescript";
import { EVERYTHING, grafanaOf, panelsOf } from "../../../support/dashboards";
import { ROOT } from "../../../support/root";

/**
 * Grafana publishes the schema of its dashboards as types: @grafana/schema, in the version of each Grafana, made from the same sources as its server's checks.
 * The SDK that builds the dashboards has another version and its own types, so here the finished JSON is written out as TypeScript, and the compiler compares.
 */
const PRELUDE = `
import type { Dashboard, GraphFieldConfig } from "@grafana/schema";
import type { Options as stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type { Options as timeseries } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type { Options as bargauge } from "@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
/** JSON has texts where the schema has enums. */
type Json<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
`;

/** What the compiler says against a dashboard as the Dashboard of Grafana, and against what its schema leaves open: the options of each kind of panel. */
function mistakes(dashboards: readonly object[], panels: readonly Panel[]): string[] {
    const source = [
        PRELUDE,
        ...dashboards.map((dashboard) => `(${JSON.stringify(dashboard)}) satisfies Json<Dashboard>;`),
        ...panels.map(({ type, options }) => `(${JSON.stringify(options)}) satisfies Json<Partial<${type}>>;`),
        ...panels.map(({ fieldConfig }) => `(${JSON.stringify(fieldConfig?.defaults.custom ?? {})}) satisfies Json<GraphFieldConfig>;`),
    ].join("\n");
    const file = join(ROOT, "tests", "dashboards.generated.ts");
    const options: ts.CompilerOptions = {
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
        ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => path === file || fileExists(path);
    host.getSourceFile = (path, ...rest) =>
        path === file ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest);
    return ts
        .getPreEmitDiagnostics(ts.createProgram([file], options, host))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("Grafana's own schema", () => {
    const dashboards = grafanaOf(EVERYTHING);
    const panels = dashboards.flatMap((dashboard) => panelsOf(dashboard).map(({ panel }) => panel));

    it("takes every dashboard, and the options of every panel", () => {
        assert.deepEqual([...new Set(panels.map(({ type }) => type))].sort(), ["bargauge", "stat", "timeseries"]);
        assert.deepEqual(mistakes(dashboards, panels), []);
    });

    it("refuses what is misspelt or of a wrong type", () => {
        const [dashboard] = dashboards as [(typeof dashboards)[0]];
        const [panel] = panels as [Panel];
        const found = mistakes(
            [
                { ...dashboard, panells: [] },
                { ...dashboard, graphTooltip: "crosshair" },
            ],
            [
                { ...panel, options: { ...panel.options, colorMode: "pink" } },
                { ...panel, fieldConfig: { defaults: { custom: { fillOpacity: "10" } }, overrides: [] } },
            ],
        );
        assert.deepEqual(
            found.map((message) => message.match(/panells|DashboardCursorSync|"pink"|'string' is not assignable to type 'number/)?.[0]),
            ["panells", "DashboardCursorSync", '"pink"', "'string' is not assignable to type 'number"],
        );
    });
});
