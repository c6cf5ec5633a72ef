import assert from "node:assert/strict";
import { parse } from "yaml";
import { factsOf } from "../../../components/stack/dashboardsOf";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { problemsOf } from "../../support/problemsOf";
import { observerConfig } from "../../support/testFleet";

const build = (query: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    runInProcess("observer", toEngineConfig(observerConfig("local", { query, ...more })));
const RULE = { rule: { files: ["tests/support/rules/fleet.yml"] } };

const propsOf = (run: Run, kind: string, name: string) => {
    const found = run.resources.find((r) => r.name === name && r.type.endsWith(`:${kind}`));
    assert.ok(found, `${kind} ${name}`);
    return found.props;
};
const podOf = (run: Run, name: string) =>
    (
        propsOf(run, "Deployment", name).spec as {
            template: { spec: { containers: { args: string[] }[]; volumes: { secret?: { secretName: string } }[] } };
        }
    ).template.spec;
const flagsOf = (run: Run, name: string) => podOf(run, name).containers[0]?.args ?? [];
/** Services and hosts that a Query asks. */
const asks = (run: Run, name: string): string[] => {
    const file = (propsOf(run, "ConfigMap", name).data as Record<string, string>)["endpoints.yml"] ?? "";
    return (parse(file).endpoints as { address: string }[]).map(
        ({ address }) => /[^.]+(?=\.(?:monitoring|blue|red)\b)|(?<=query\.)\w+/.exec(address)?.[0] ?? address,
    );
};
/** Who may connect, by port. */
const clients = (run: Run, name: string) => {
    const { ingress } = propsOf(run, "NetworkPolicy", name).spec as {
        ingress: { ports: { port: number }[]; from?: { podSelector: { matchLabels: Record<string, string> } }[] }[];
    };
    return Object.fromEntries(
        ingress.map(({ ports, from }) => [
            ports[0]?.port,
            from?.map(({ podSelector }) => podSelector.matchLabels["app.kubernetes.io/component"] ?? "prometheus") ?? "anywhere",
        ]),
    );
};
const ruleAsks = (run: Run) =>
    (propsOf(run, "Service", "thanos-rule-query").spec as { selector: Record<string, string> }).selector["app.kubernetes.io/component"];
const downstream = (run: Run, frontend: string) =>
    flagsOf(run, frontend)
        .find((flag) => flag.startsWith("--query-frontend.downstream-url="))
        ?.split("//")[1]
        ?.split(".")[0];

describe("a distributed Query", () => {
    it("asks leaf Queries, and a Query in front of the observer's own sources", async () => {
        const run = await build({ mode: "distributed" }, RULE);
        const usual = asks(await build({}, RULE), "thanos-query");
        const [inner, ...leaves] = asks(run, "thanos-query-distributed");
        assert.equal(inner, "thanos-query");
        assert.deepEqual([...asks(run, "thanos-query"), ...leaves], usual);
        assert.equal(leaves.length, 2);
    });

    it("answers people and Rule, and alone has the certificate that leaf Queries want to see", async () => {
        const run = await build({ mode: "distributed" }, RULE);
        assert.deepEqual([downstream(run, "thanos-query-frontend"), ruleAsks(run)], ["thanos-query-distributed", "query-distributed"]);
        assert.deepEqual(clients(run, "thanos-query-distributed"), { 10902: ["query-frontend", "rule", "prometheus"] });
        assert.deepEqual(clients(run, "thanos-query"), { 10901: ["query-distributed"], 10902: ["prometheus"] });
        const secrets = (name: string) => podOf(run, name).volumes.flatMap(({ secret }) => (secret ? [secret.secretName] : []));
        assert.deepEqual([secrets("thanos-query-distributed"), secrets("thanos-query")], [["thanos-query-distributed-tls"], []]);
    });

    it("is refused where no leaf Query is", () =>
        assert.deepEqual(
            problemsOf(observerConfig("local", { query: { mode: "distributed" }, observees: [{ name: "green", mode: "agent" }] })),
            ["query.mode: is distributed, but no observee has a leaf Query: there is nothing to distribute to. Write local."],
        ));
});

describe("the dashboards' facts", () => {
    it("name every Query and every router of Receive that there is", () => {
        const facts = (more: Record<string, unknown>) => {
            const { queries, receive } = factsOf(loadConfig(observerConfig("local", more)) as ObserverConfig, "");
            return [...queries, ...(receive?.routers ?? [])];
        };
        assert.deepEqual(facts({}), ["thanos-query", "thanos-receive-router"]);
        const recorded = { rule: { ...RULE.rule, stream: "recorded" }, streams: [{ name: "recorded", writers: [], receiveUploads: true }] };
        assert.deepEqual(facts({ query: { mode: "distributed", tenancy: true }, ...recorded }), [
            "thanos-query",
            "thanos-query-distributed",
            "thanos-query-tenants",
            "thanos-receive-router",
            "thanos-receive-router-rule",
        ]);
    });
});

describe("tenancy", () => {
    it("is a way of its own, to which nobody may connect, with a cache that no other request fills", async () => {
        const run = await build({ tenancy: true }, { ...RULE, queryFrontend: { replicas: 2, cache: { type: "memcached" } } });
        assert.deepEqual(asks(run, "thanos-query-tenants"), ["thanos-query"]);
        assert.deepEqual(clients(run, "thanos-query-tenants"), { 10902: ["query-frontend-tenants", "prometheus"] });
        assert.deepEqual(clients(run, "thanos-query-frontend-tenants"), { 10902: ["prometheus"] });
        assert.equal(downstream(run, "thanos-query-frontend-tenants"), "thanos-query-tenants");
        const cache = (name: string) => JSON.stringify(run.resources.find((r) => r.name === `${name}-start`)?.secrets);
        assert.match(cache("thanos-query-frontend-tenants"), /IN-MEMORY/);
        assert.match(cache("thanos-query-frontend"), /MEMCACHED/);
        assert.equal((propsOf(run, "Deployment", "thanos-query-frontend-tenants").spec as { replicas: number }).replicas, 1);
        const exposed = run.resources.filter(({ name }) => name.startsWith("thanos-query-frontend") && name.endsWith("-external"));
        assert.deepEqual(
            exposed.map(({ name }) => name),
            ["thanos-query-frontend-external"],
        );
    });

    it("leaves people, dashboards and Rule what they have: every cluster", async () => {
        const run = await build({ tenancy: true }, RULE);
        assert.deepEqual([downstream(run, "thanos-query-frontend"), ruleAsks(run)], ["thanos-query", "query"]);
        assert.deepEqual(clients(run, "thanos-query"), {
            10901: ["query-tenants"],
            10902: ["query-frontend", "rule", "prometheus"],
        });
        for (const name of ["thanos-query", "thanos-query-frontend"]) assert.doesNotMatch(flagsOf(run, name).join(" "), /tenan/);
    });

    it("is in front of a distributed Query where that is", async () => {
        const run = await build({ tenancy: true, mode: "distributed" });
        assert.deepEqual(asks(run, "thanos-query-tenants"), ["thanos-query-distributed"]);
        assert.deepEqual(clients(run, "thanos-query-distributed")[10901], ["query-tenants"]);
    });

    it("is refused with a cluster that requests without a tenant would read", () =>
        assert.deepEqual(
            problemsOf(observerConfig("local", { query: { tenancy: true }, observees: [{ name: "default-tenant", mode: "sidecar" }] })),
            [
                'observees[0].name: "default-tenant" is the tenant of requests that name none: with query.tenancy they would get this cluster\'s series. Rename the cluster, or set query.tenancy to false.',
            ],
        ));
});
