import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bucketWebFlags } from "../../../components/thanos/bucketWeb";
import { compactFlags } from "../../../components/thanos/compact";
import { queryFlags } from "../../../components/thanos/query";
import { queryFrontendFlags } from "../../../components/thanos/queryFrontend";
import { ingesterFlags, routerFlags } from "../../../components/thanos/receive";
import { ruleFlags } from "../../../components/thanos/rule";
import { storeFlags } from "../../../components/thanos/store";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { FLAGS, type Setting } from "../../../import/flags";
import type { ComponentName } from "../../../import/thanosRelease";
import { assertFile } from "../../support/golden";
import { ROOT } from "../../support/root";
import { observerConfig } from "../../support/testFleet";

const config = loadConfig(observerConfig("local", { rule: { files: ["tests/support/rules/fleet.yml"] }, bucketWeb: {} })) as ObserverConfig;
const { compact, store, query, queryFrontend, receive } = config;
const limits = { requestSeries: 1, requestSamples: 120 };

/** The flags that this project passes to each component. */
const OURS: Record<ComponentName, string[]> = {
    compact: compactFlags({ ...compact, mergeReplicas: true }),
    store: storeFlags({ ...store, limits, cache: undefined, minAge: "22h", shards: 2, shard: 0 }),
    query: queryFlags({ ...query, leaf: false }),
    "query-frontend": queryFrontendFlags({ ...queryFrontend, downstream: "http://query" }),
    receive: ingesterFlags({ ...receive, uploads: receive }),
    "receive-router": routerFlags(receive),
    rule: ruleFlags({
        ...(config.rule as NonNullable<typeof config.rule>),
        blockDuration: "2h",
        namespace: "thanos-fleet",
        alerting: config.alerting,
        page: "http://page",
        files: [{ name: "rules.yml" }],
    }),
    "bucket-web": bucketWebFlags({ refresh: "30m" }),
};

/** A line for each flag that the project passes, and not as Thanos's default is. Equal ones of several components are one. */
function differencesTable(): string {
    const rows = new Map<string, string[]>();
    for (const [component, table] of Object.entries(FLAGS))
        for (const [flag, treatment] of Object.entries(table)) {
            const row = (ours: string, why: string) => {
                const key = `| \`--${flag}\` | ${ours} | ${why} |`;
                rows.set(key, [...(rows.get(key) ?? []), component]);
            };
            if ("fixed" in treatment && treatment.same !== treatment.fixed) row(treatment.fixed, treatment.why);
            for (const key of ["ours", "only"] as const) {
                const told = (treatment as Pick<Setting, "ours" | "only">)[key];
                if (told) row(told[0], told[1]);
            }
        }
    const lines = [...rows].map(
        ([row, components]) => `| ${components.length === Object.keys(FLAGS).length ? "all" : components.join(", ")} ${row}`,
    );
    return ["| component | flag | the project | because |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

describe("docs/import.md", () => {
    it("has every flag that the project passes in another way than Thanos's default", () => {
        const page = join(ROOT, "docs", "import.md");
        const marker = "<!-- Made from import/flags.ts: UPDATE_GOLDEN=1 writes it. -->\n";
        const [before = "", after = ""] = readFileSync(page, "utf8").split(marker);
        assertFile(page, `${before}${marker}\n${differencesTable()}\n${after.slice(after.indexOf("\n## "))}`);
    });
});

describe("the flags that import knows", () => {
    for (const [component, flags] of Object.entries(OURS) as [ComponentName, string[]][]) {
        const names = flags.filter((flag) => flag.startsWith("--")).map((flag) => flag.slice(2).replace(/=[\s\S]*/, ""));
        const known = FLAGS[component];

        it(`are all that this project passes to ${component}`, () =>
            assert.deepEqual(
                names.filter((name) => !(name in known)),
                [],
            ));

        it(`say of none that ${component} gets it, where it does not`, () => {
            const passed = Object.entries(known).filter(([, treatment]) => "fixed" in treatment && treatment.same === undefined);
            assert.deepEqual(
                passed.map(([name]) => name).filter((name) => !names.includes(name)),
                [],
            );
        });
    }
});
