import assert from "node:assert/strict";
import { bucketWebFlags } from "../../../components/thanos/bucketWeb";
import { compactFlags } from "../../../components/thanos/compact";
import { queryFlags } from "../../../components/thanos/query";
import { queryFrontendFlags } from "../../../components/thanos/queryFrontend";
import { ingesterFlags, routerFlags } from "../../../components/thanos/receive";
import { ruleFlags } from "../../../components/thanos/rule";
import { storeFlags } from "../../../components/thanos/store";
import { loadConfig } from "../../../config/load";
import type { ObserverConfig } from "../../../config/schema";
import { FLAGS } from "../../../import/flags";
import type { ComponentName } from "../../../import/thanosRelease";
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
