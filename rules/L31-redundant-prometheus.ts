import { operated } from "./example";
import { NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const redundantPrometheus = defineRule({
    id: "L31",
    name: "redundant-prometheus",
    title: "Two Prometheus scrape the same targets",
    why: "Samples that are not scraped cannot be recovered: every restart of a single Prometheus leaves a gap in the data and in the alerts.",
    source: "https://thanos.io/tip/components/query.md/",
    remedy: "Run 2 replicas that differ in a replica label, which Query drops.",
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
    settings: ["prometheus.replicas"],
    check: ({ prometheuses }, { minReplicas }) => {
        const problems = new Problems();
        for (const { path, replicas, agent } of prometheuses) {
            const least = agent ? 1 : minReplicas;
            problems.when(
                replicas < least,
                `${path}.replicas`,
                replicas === 0
                    ? "0, so nothing is scraped."
                    : `${replicas} is less than ${least}. Each restart leaves a gap that nothing can fill.`,
                `Set it to ${least} or more.`,
            );
        }
        return problems.all();
    },
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
    manifests: {
        good: [
            operated("Prometheus", "k8s", { replicas: 2, thanos: {} }),
            operated("PrometheusAgent", "edge", { replicas: 1, remoteWrite: [{ url: "https://receive.example.com/api/v1/receive" }] }),
            operated("Prometheus", "without-thanos", { replicas: 1 }),
        ],
        bad: [operated("Prometheus", "k8s", { thanos: {} })],
    },
});
