import assert from "node:assert/strict";
import { thanosComponents } from "../../../../components/grafana/thanosComponents";
import { promqlError } from "../../../../config/promql";
import { allQueries, EVERYTHING, grafanaOf, panelsOf, queriesOf, sent } from "../../../support/dashboards";
import { assertGolden } from "../../../support/golden";

const dashboards = grafanaOf(EVERYTHING);

/** What a reader sees of the dashboards, as a text. */
const listing = dashboards
    .flatMap((dashboard) => [
        `# ${dashboard.title} (${dashboard.uid})`,
        ...(dashboard.templating?.list ?? []).map(({ name, query }) => `$${name} = ${query}`),
        ...panelsOf(dashboard).flatMap(({ row, panel }) => [
            "",
            `${row}: ${panel.title} [${panel.type}, ${panel.fieldConfig?.defaults.unit}]`,
            ...queriesOf(panel).map(({ expr, legendFormat }) => `    ${expr}${legendFormat ? `\n    -> ${legendFormat}` : ""}`),
        ]),
        "",
    ])
    .join("\n");

describe("the dashboards", () => {
    it("have the panels and queries of the golden file", () => assertGolden("dashboards.txt", listing));

    it("ask only what PromQL's parser takes, once the reader's choices are put in", () => {
        const queries = allQueries(dashboards);
        assert.ok(queries.length > 60, String(queries.length));
        assert.deepEqual(
            queries.flatMap(({ where, expr }) => {
                const error = promqlError(sent(expr));
                return error ? [`${where}: ${error.message}`] : [];
            }),
            [],
        );
    });

    it("leave no variable of a query without a value", () =>
        assert.deepEqual(
            allQueries(dashboards).filter(({ expr }) => sent(expr).includes("$")),
            [],
        ));

    it("use no variable that they do not have, and have none that they do not use", () => {
        for (const dashboard of dashboards) {
            const list = dashboard.templating?.list ?? [];
            const has = list.map(({ name }) => name);
            const texts = [...allQueries([dashboard]).map(({ expr }) => expr), ...list.map(({ query }) => String(query))];
            const used = texts.flatMap((text) => [...text.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? ""));
            assert.deepEqual([...new Set(used)].filter((name) => name !== "__rate_interval").sort(), [...has].sort(), dashboard.title);
        }
    });

    it("ask each series of the clusters that are chosen, of the observer, or of all for a number over the fleet", () => {
        const selectors = (expr: string) => [...expr.matchAll(/(\w*)\{([^}]*)\}/g)].map(([, metric, matchers]) => `${metric}{${matchers}}`);
        const free = allQueries(dashboards)
            .filter(({ expr }) => selectors(expr).some((selector) => !/\bcluster=(~"\$cluster"|"observer")/.test(selector)))
            .map(({ where }) => where);
        assert.deepEqual(free, ["Fleet / Overview: Now: Alerts that fire", "Fleet / Overview: Now: Samples per second"]);
    });

    it("name the metrics that they read: a query over every series would use up the memory of Query", () =>
        assert.deepEqual(
            allQueries(dashboards).filter(({ expr }) =>
                [...expr.matchAll(/(\w*)\{([^}]*)\}/g)].some(([, metric, matchers = ""]) => !metric && !/__name__=~?"\w/.test(matchers)),
            ),
            [],
        ));

    it("number their panels, and lay them out side by side", () => {
        for (const dashboard of dashboards) {
            const ids = (dashboard.panels ?? []).map(({ id }) => id);
            assert.deepEqual(
                ids,
                ids.map((_, i) => i + 1),
            );
            const taken = new Set<string>();
            for (const { panel } of panelsOf(dashboard)) {
                const { x, y, w, h } = panel.gridPos as NonNullable<typeof panel.gridPos>;
                assert.ok(x + w <= 24, `${panel.title} ends at column ${x + w}`);
                for (let column = x; column < x + w; column++)
                    for (let line = y; line < y + h; line++) {
                        assert.ok(!taken.has(`${column}/${line}`), `${panel.title} overlaps another panel`);
                        taken.add(`${column}/${line}`);
                    }
            }
        }
    });

    it("have panels about Receive and Rule only where these run", () => {
        const { receive: _, ...without } = EVERYTHING;
        const rows = (facts: typeof EVERYTHING) => thanosComponents(facts).rows.map(({ title }) => title);
        const always = ["Query Frontend", "Query", "Stores", "Compact", "Sidecars", "Pods"];
        assert.deepEqual(rows({ ...without, rule: false }), always);
        assert.deepEqual(
            rows(EVERYTHING).filter((title) => !always.includes(title)),
            ["Receive", "Rule"],
        );
        assert.deepEqual(
            allQueries(grafanaOf({ ...without, rule: false })).filter(({ expr }) =>
                /thanos_receive_|remote_storage|job="thanos-rule"/.test(expr),
            ),
            [],
        );
    });
});
