import { NOTHING } from "./model";
import { defineRule } from "./rule";

export const redundantPrometheus = defineRule({
    id: "L31",
    name: "redundant-prometheus",
    title: "Two Prometheus scrape the same targets",
    why: "What is not scraped is never there: every restart of a single Prometheus leaves a gap, in the data and in the alerts, that no backfill can close.",
    source: "https://thanos.io/tip/components/query.md/",
    remedy: "Run 2 replicas, told apart by a replica label that Query removes.",
    severity: "high",
    reads: ["prometheuses"],
    scope: "part",
    thresholds: {
        minReplicas: {
            kind: "integer",
            default: 2,
            least: 1,
            doc: "Fewest replicas of a Prometheus that stores what it scrapes. An agent needs one.",
        },
    },
    check: ({ prometheuses }, { minReplicas }) =>
        prometheuses
            .map((prometheus) => ({ ...prometheus, least: prometheus.agent ? 1 : minReplicas }))
            .filter(({ replicas, least }) => replicas < least)
            .map(({ path, replicas, least }) => ({
                path: `${path}.replicas`,
                problem:
                    replicas === 0
                        ? "0, so nothing is scraped."
                        : `${replicas} is less than ${least}. Each restart leaves a gap that nothing can fill.`,
                remedy: `Set it to ${least} or more.`,
            })),
    good: {
        ...NOTHING,
        prometheuses: [
            { path: "prometheus", replicas: 2, agent: false },
            { path: "agent", replicas: 1, agent: true },
        ],
    },
    bad: {
        ...NOTHING,
        prometheuses: [
            { path: "prometheus", replicas: 1, agent: false },
            { path: "agent", replicas: 0, agent: true },
        ],
    },
});
