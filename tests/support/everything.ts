import { TOOLS } from "../../config/schema/thanos";
import { type PlannedResource, runInProcess } from "../../engine/runInProcess";
import { toEngineConfig } from "../../engine/stackFile";
import { observeeConfig, observerConfig } from "./testFleet";

/** Stacks with the parts that no example, no variant of testFleet.ts and no local fleet has, or has in this shape. */

const RULE_FILES = ["tests/support/rules/fleet.yml"];
const SCRAPE_CONFIGS = [{ name: "shop", targets: ["10.0.0.7:9100"] }];
const ALERTING = { alertmanager: "fleet" };
const ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];

/** A stateful Rule, caches that pods share, autoscaling, tools, rings in zones, a ring for agents, shards, both Queries in front of Query, and the fleet's Alertmanager. */
const WHOLE = observerConfig("local", {
    observees: [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar-remote-write" },
        { name: "gold", mode: "sidecar-remote-write" },
        { name: "green", mode: "agent" },
        { name: "old", mode: "sidecar", archived: true },
    ],
    streams: [{ name: "blue", writers: ["blue"], shards: 2 }],
    prometheus: { scrapeConfigs: SCRAPE_CONFIGS },
    query: { mode: "distributed", tenancy: true, autoscale: { maxReplicas: 4 } },
    queryFrontend: { cache: { type: "memcached" }, autoscale: { maxReplicas: 3 } },
    store: { cache: { type: "memcached" } },
    receive: {
        zones: ZONES,
        ingesters: 6,
        leaving: 3,
        routerAutoscale: { maxReplicas: 5 },
        rings: [{ name: "big", tenants: ["gold"], zones: [], ingesters: 3, leaving: 1 }],
    },
    rule: { files: RULE_FILES },
    tools: TOOLS,
    bucketWeb: {},
    grafana: {},
    alerting: ALERTING,
    tracing: { endpoint: "collector.tracing.svc:4317" },
});

/** A stateless Rule, with routers and a ring of its own. */
const STATELESS = observerConfig("local", {
    observees: [{ name: "green", mode: "agent" }],
    streams: [{ name: "recorded", writers: [], receiveUploads: true }],
    rule: { files: RULE_FILES, stream: "recorded" },
});

export interface Everything {
    /** The observer with everything but a stateless Rule. */
    whole: PlannedResource[];
    /** An observer with a stateless Rule. */
    stateless: PlannedResource[];
    /** An observee with sidecars, under the first of them. */
    blue: PlannedResource[];
    /** An agent, under the first of them. */
    green: PlannedResource[];
}

/** Every resource of these stacks. */
export async function everything(): Promise<Everything> {
    const whole = await runInProcess("observer", toEngineConfig(WHOLE));
    const observee = (name: string) =>
        runInProcess(
            name,
            toEngineConfig(observeeConfig(name, "local", { prometheus: { scrapeConfigs: SCRAPE_CONFIGS }, alerting: ALERTING })),
            () => whole.outputs,
        );
    return {
        whole: whole.resources,
        stateless: (await runInProcess("observer", toEngineConfig(STATELESS))).resources,
        blue: (await observee("blue")).resources,
        green: (await observee("green")).resources,
    };
}

/** Those among the resources that are objects of an API server: no components, no charts, and nothing of another provider. */
export const objectsAmong = (resources: readonly PlannedResource[]): PlannedResource[] =>
    resources.filter(({ type }) => /^kubernetes:(?!helm|yaml)/.test(type));
