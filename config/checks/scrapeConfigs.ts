import { parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import { RESERVED_LABELS } from "../labels";
import { selectorError } from "../promql";
import type { ScrapeConfig, StackConfig } from "../schema";

/** Jobs of what every cluster runs or this project adds; the chart's rules and the project's alerts select by them. Theirs begin with `kps-` and `thanos-`. */
const OWN_JOBS = ["apiserver", "coredns", "kube-dns", "kubelet"];

const SOURCES = ["targets", "consul", "http", "kubernetes"] as const;

/** Scrape configs that Prometheus or its operator would refuse, that say nothing, or whose series the fleet would take for others. */
export function scrapeConfigs({ prometheus }: StackConfig): Problem[] {
    const { scrapeConfigs, externalLabels } = prometheus;
    const problems = new Problems();
    const ownJobs = [
        ...OWN_JOBS,
        ...(prometheus.nodeExporter === "install" ? ["node-exporter"] : []),
        ...(prometheus.kubeStateMetrics === "install" ? ["kube-state-metrics"] : []),
    ];
    const fleetLabels = [...RESERVED_LABELS, ...Object.keys(externalLabels)];
    for (const [i, config] of scrapeConfigs.entries()) {
        const at = `prometheus.scrapeConfigs[${i}]`;
        const { name, federate, shard, labels, relabelings } = config;
        const first = scrapeConfigs.findIndex((other) => other.name === name);
        const sources = SOURCES.filter((source) => config[source] !== undefined);
        problems
            .when(
                first !== i,
                `${at}.name`,
                `"${name}" is used twice (also prometheus.scrapeConfigs[${first}]).`,
                "Rename one, or list all targets in one of them.",
            )
            .when(
                ownJobs.includes(name) || /^(kps|thanos)-/.test(name),
                `${at}.name`,
                `"${name}" is the job of a part of this cluster: its rules and alerts would take these targets for that part.`,
                "Use another name.",
            )
            .when(
                sources.length !== 1,
                at,
                sources.length === 0
                    ? "says nowhere where its targets are."
                    : `says in several ways where its targets are (${sources.join(", ")}).`,
                `Write one of ${SOURCES.join(", ")}.`,
            )
            .when(
                shard !== undefined && shard.index >= shard.of,
                `${at}.shard.index`,
                `${shard?.index} is none of ${shard?.of} parts, which are counted from 0: nothing would be scraped.`,
                `Write at most ${(shard?.of ?? 1) - 1}.`,
            )
            .add(times(at, config, prometheus.scrapeInterval))
            .add(credentials(at, config));
        for (const [j, selector] of (federate?.match ?? []).entries()) {
            const error = selectorError(selector);
            problems.when(
                error !== undefined,
                `${at}.federate.match[${j}]`,
                `${selector} ${error}`,
                'Write a selector of the series that are recorded for others, for instance {__name__=~"job:.*"}.',
            );
        }
        for (const label of Object.keys(labels))
            problems.add(ownLabel(`${at}.labels.${label}`, label, [...fleetLabels, "job", "instance"]));
        for (const [j, { action, targetLabel, sourceLabels, regex }] of relabelings.entries()) {
            const here = `${at}.relabelings[${j}]`;
            problems
                .add(targetLabel === undefined ? [] : ownLabel(`${here}.targetLabel`, targetLabel, fleetLabels))
                .when(
                    action === "replace" && targetLabel === undefined,
                    here,
                    "replaces no label.",
                    "Write targetLabel, the label that gets the value.",
                )
                .when(
                    action !== "replace" && targetLabel !== undefined,
                    `${here}.targetLabel`,
                    `has no effect with ${action}.`,
                    "Remove it, or write action: replace.",
                )
                .when(
                    (action === "keep" || action === "drop") && (sourceLabels.length === 0 || regex === undefined),
                    here,
                    `decides nothing: ${action} needs a label and what its value is held against.`,
                    "Write sourceLabels and regex.",
                )
                .when(action === "labelmap" && regex === undefined, here, "copies every label to itself.", "Write regex.");
        }
    }
    return problems.all();
}

const ownLabel = (path: string, label: string, taken: readonly string[]): Problem[] =>
    new Problems()
        .when(
            taken.includes(label),
            path,
            label === "job" || label === "instance"
                ? "is set by Prometheus: it tells targets apart."
                : "is a label of the fleet's own: everything behind Prometheus shows the fleet's value instead.",
            "Use another name.",
        )
        .all();

function times(at: string, { interval, timeout }: ScrapeConfig, scrapeInterval: string): Problem[] {
    const used = interval ?? scrapeInterval;
    return new Problems()
        .when(
            timeout !== undefined && parseDuration(timeout) > parseDuration(used),
            `${at}.timeout`,
            `${timeout} is longer than the time between two scrapes (${used}): the operator would leave this scrape config out.`,
            "Write at most the interval.",
        )
        .all();
}

/** Credentials that contradict each other, or that nothing would use. */
function credentials(at: string, config: ScrapeConfig): Problem[] {
    const { consul, http, kubernetes } = config;
    const problems = new Problems();
    const tls = ["caSecret", "certificateSecret", "serverName", "insecureSkipVerify"] as const;
    const connections: [path: string, of: Partial<ScrapeConfig>, plain: boolean][] = [
        [at, config, config.scheme === "http"],
        ...(consul ? [[`${at}.consul`, consul, consul.scheme === "http"] as [string, Partial<ScrapeConfig>, boolean]] : []),
        ...(http ? [[`${at}.http`, http, http.url.startsWith("http:")] as [string, Partial<ScrapeConfig>, boolean]] : []),
        ...(kubernetes
            ? [
                  [`${at}.kubernetes`, kubernetes, kubernetes.apiServer?.startsWith("http:") ?? false] as [
                      string,
                      Partial<ScrapeConfig>,
                      boolean,
                  ],
              ]
            : []),
    ];
    for (const [path, of, plain] of connections) {
        problems.when(
            of.tokenSecret !== undefined && of.basicAuthSecret !== undefined,
            `${path}.basicAuthSecret`,
            "goes into the same header as tokenSecret.",
            "Remove one of the two.",
        );
        for (const key of tls)
            problems.when(plain && Boolean(of[key]), `${path}.${key}`, "has no effect on plain HTTP.", "Use https, or remove it.");
    }
    for (const key of ["caSecret", "certificateSecret", "tokenSecret"] as const)
        problems.when(
            kubernetes?.[key] !== undefined && kubernetes.apiServer === undefined,
            `${at}.kubernetes.${key}`,
            "is for an API server that is named: without one Prometheus refuses its whole configuration.",
            "Write kubernetes.apiServer, or remove it: the stack's own cluster is asked as Prometheus's service account.",
        );
    return problems
        .when(
            kubernetes?.role === "Node" && kubernetes.port !== undefined,
            `${at}.kubernetes.port`,
            "has no effect on nodes, whose target is the kubelet.",
            "Remove it.",
        )
        .when(
            kubernetes?.role === "Node" && (kubernetes.namespaces.length ?? 0) > 0,
            `${at}.kubernetes.namespaces`,
            "has no effect on nodes, which are in no namespace.",
            "Remove it.",
        )
        .all();
}
