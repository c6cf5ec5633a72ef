import assert from "node:assert/strict";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { DASHBOARDS } from "../../components/grafana/dashboards";
import { HISTORY_SERIES } from "../../local/history";
import { allQueries, sent } from "../support/dashboards";
import { eventually } from "../support/eventually";
import { core, frontend, NAMESPACE } from "../support/runningFleet";

/**
 * Panels with a query that has no data here: the kubelet of a cluster that is built on this machine has neither the names of containers nor the network of pods, since cAdvisor
 * sees only the cgroups. One of them that has data fails the test: it is to be taken off this list.
 */
const OF_CONTAINERS =
    /^Fleet \/ Workloads: (Clusters: (CPU|Memory|CPU in use|Memory in use|Network, received)|Namespaces and pods: (CPU by namespace|Memory by namespace|Pods with the most (CPU|memory)))$/;

/** The files of the ConfigMaps with a label, as a Grafana's sidecar finds them. */
async function found(label: string): Promise<Record<string, string>> {
    const { items } = await (await core("observer")).listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: `${label}=1` });
    return Object.assign({}, ...items.map(({ data }) => data)) as Record<string, string>;
}

/** How many series Query Frontend returns. Grafana, too, sends a form. */
async function seriesOf(base: string, path: "query" | "query_range", form: Record<string, string>): Promise<number> {
    const response = await fetch(`${base}/api/v1/${path}`, { method: "POST", body: new URLSearchParams(form) });
    const { status, error, data } = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } };
    assert.equal(status, "success", `${form.query}: ${error}`);
    return data?.result.length ?? 0;
}

describe("the dashboards of the fleet", () => {
    let dashboards: Dashboard[];
    let base: string;
    before(async () => {
        base = await frontend();
        dashboards = Object.values(await found("grafana_dashboard")).map((json) => JSON.parse(json) as Dashboard);
    });

    it("are in the observer, where a Grafana finds them by their label", () =>
        assert.deepEqual(dashboards.map(({ uid }) => uid).sort(), Object.keys(DASHBOARDS).sort()));

    it("ask a data source that exists", async () => {
        const [source] = Object.values(await found("grafana_datasource"));
        const [, service = "", port] = source?.match(/url: http:\/\/([^.]+)\.monitoring\.svc\.cluster\.local:(\d+)/) ?? [];
        const { spec } = await (await core("observer")).readNamespacedService({ name: service, namespace: NAMESPACE });
        assert.ok(
            spec?.ports?.some((one) => String(one.port) === port),
            `${service} has no port ${port}`,
        );
    });

    it("offer values for each choice", async () => {
        for (const { templating } of dashboards)
            for (const { name, query } of templating?.list ?? []) {
                const series = String(query).match(/^label_values\((.*), \w+\)$/)?.[1] ?? "";
                const answer = await fetch(`${base}/api/v1/label/${name}/values?${new URLSearchParams({ "match[]": sent(series) })}`);
                const { data } = (await answer.json()) as { data: string[] };
                assert.ok(data.length > 0, String(query));
            }
    });

    it("have data in every panel whose metric can be here", async () => {
        const queries = allQueries(dashboards);
        assert.ok(queries.length > 60, String(queries.length));
        const expected = new Set(queries.map(({ where }) => where).filter((where) => OF_CONTAINERS.test(where)));
        await eventually("data in every other panel", 300, async () => {
            // Stores are asked for old samples only.
            await seriesOf(base, "query", { query: `count(last_over_time(${HISTORY_SERIES[1]}[40d]))` });
            const end = Math.floor(Date.now() / 1000);
            const empty = new Set<string>();
            for (const { where, expr, instant } of queries) {
                const query = sent(expr);
                const count = instant
                    ? await seriesOf(base, "query", { query, time: String(end) })
                    : await seriesOf(base, "query_range", { query, start: String(end - 600), end: String(end), step: "30" });
                if (count === 0) empty.add(where);
            }
            assert.deepEqual(empty, expected);
        });
    });
});
