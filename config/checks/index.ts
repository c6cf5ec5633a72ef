import { checkAll, RULES } from "../../rules";
import { today } from "../../rules/date";
import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { easingOf, easingProblems } from "../../rules/easing";
import { NOTHING, type ThanosModel } from "../../rules/model";
import { type Problem, Problems } from "../../rules/problem";
import { pageHosts } from "../exposure";
import { RECEIVE_REPLICA_LABEL } from "../labels";
import { ringsOf, takesSamples } from "../rings";
import { type CompactConfig, existingOf, type ObserverConfig, type StackConfig } from "../schema";
import { storesOf } from "../stores";
import { AGENTS_STREAM, keepsBlocks, RULE_STREAM, streamOf, streamsOf, uploadsItself } from "../streams";
import { awsChecks } from "./aws";
import { chartValues, externalLabels } from "./chartValues";
import { existingPrometheus } from "./existingPrometheus";
import { exposureChecks } from "./exposure";
import { grafanaChecks } from "./grafana";
import { receiveChecks } from "./receive";
import { ruleChecks } from "./rule";
import { scrapeConfigs } from "./scrapeConfigs";
import { storeChecks, toolChecks } from "./store";

/** What no single value shows: values that contradict each other, and everything that the rules refuse. */
export function crossChecks(config: StackConfig): Problem[] {
    const problems = new Problems()
        .add(prometheusRetention(config))
        .add(queryTimeouts(config))
        .add(autoscaling(config))
        .add(alertmanagers(config))
        .add(chartValues(config))
        .add(externalLabels(config))
        .add(scrapeConfigs(config))
        .add(existingPrometheus(config))
        .add(tolerations(config))
        .add(easingProblems(config.easedRules, today()))
        .add(awsChecks(config));
    if (config.role === "observer")
        problems
            .add(clusterNames(config))
            .add(streamProblems(config))
            .add(queryTiers(config))
            .add(uploadedBlocks(config))
            .add(renewal(config))
            .add(receiveChecks(config))
            .add(storeChecks(config))
            .add(toolChecks(config))
            .add(ruleChecks(config))
            .add(grafanaChecks(config))
            .add(exposureChecks(config));
    const eased = RULES.filter(({ id }) => easingOf(id, config.easedRules) !== undefined).map(({ name }) => [name, false] as const);
    const refused = checkAll(modelOf(config), Object.fromEntries(eased));
    // The retention of a stream is one setting for all resolutions.
    return problems.add(refused.map((p) => ({ ...p, path: p.path.replace(/^(streams\[\d+\]\.retention)\..*/, "$1") }))).all();
}

/**
 * The Thanos deployment that a configuration describes, as the rules see it. Compactors whose retention is set in the same place differ in their stream
 * only, and one stands for all of them.
 * tests/unit/config/checks/model.test.ts compares this with the model that rules/reading finds in the registered resources.
 */
export function modelOf(config: StackConfig): ThanosModel {
    // One that is kept is not in the configuration: components/prometheus/existingChecks.ts applies the same rule to it.
    const prometheuses = existingOf(config) ? [] : [{ path: "prometheus", replicas: config.prometheus.replicas, agent: false }];
    if (config.role === "observee") return { ...NOTHING, prometheuses };
    const { exposure, store, queryFrontend } = config;
    // A stream whose young samples are left to Receive; all others of them are alike.
    const held = storesOf(config).find(({ minAge }) => minAge !== undefined)?.stream;
    const compactors = new Map(streamsOf(config).map((stream) => [stream.path, stream]));
    return {
        ...NOTHING,
        prometheuses,
        compactors: [...compactors.values()].map(({ path, name, retention }, i) => ({
            path,
            stream: name,
            replicas: 1,
            overlapsOnUpdate: false,
            downsampling: true,
            retention: retentionOf(retention),
            // All of them have one setting, so it is compared once.
            ...(i === 0 && { deleteDelay: parseDuration(config.compact.deleteDelay) }),
        })),
        stores: [...new Set([held ?? [], [...compactors.values()].map(({ name }) => name)].flat())].map((stream) => ({
            path: "store",
            stream,
            ignoreDeletionMarksDelay: parseDuration(store.ignoreDeletionMarksDelay),
            minAge: parseDuration(stream === held ? (store.minAge ?? "0") : "0"),
            syncInterval: parseDuration(store.syncInterval),
        })),
        sources:
            held === undefined
                ? []
                : [
                      {
                          path: "receive",
                          program: "Receive",
                          stream: held,
                          uploads: false,
                          replicas: config.receive.ingesters,
                          replicaLabels: [RECEIVE_REPLICA_LABEL],
                          outOfOrder: parseDuration("0"),
                          retention: parseDuration(config.receive.retention),
                      },
                  ],
        frontends: [
            {
                path: "queryFrontend",
                replicas: queryFrontend.replicas,
                ...(queryFrontend.autoscale && { mostReplicas: queryFrontend.autoscale.maxReplicas }),
                cache: queryFrontend.cache.type.toUpperCase(),
            },
        ],
        // All pages of an observer are behind one Ingress, and one stands for all.
        pages: exposure
            ? [
                  {
                      path: "exposure",
                      host: pageHosts(config).query,
                      login: exposure.login.by !== "nobody",
                      ...(exposure.login.by === "nobody" && { reason: exposure.login.reason }),
                      sources: exposure.sourceRanges,
                  },
              ]
            : [],
        receives: [
            {
                path: "receive",
                replicationFactor: config.receive.replicationFactor,
                rings: ringsOf(config)
                    .filter(takesSamples)
                    .map(({ path, tenants, records, ingesters, zones }) => ({
                        path,
                        ingesters,
                        tenants: [...tenants, ...(records ? [RULE_STREAM] : [])],
                        ...(zones.length > 0 && { perZone: zones.map(() => Math.floor(ingesters / zones.length)) }),
                    })),
            },
        ],
    };
}

const retentionOf = ({ raw, fiveMinutes, oneHour }: CompactConfig["retention"]) => ({
    raw: parseDuration(raw),
    fiveMinutes: parseDuration(fiveMinutes),
    oneHour: parseDuration(oneHour),
});

function prometheusRetention({ prometheus }: StackConfig): Problem[] {
    const threeBlocks = formatDuration((3 * parseDuration(prometheus.blockDuration)) as Duration);
    return new Problems()
        .when(
            parseDuration(prometheus.retention) < parseDuration(threeBlocks),
            "prometheus.retention",
            `${prometheus.retention} is shorter than three blocks (${threeBlocks}): a block could be deleted before it is uploaded.`,
            `Write ${threeBlocks} or longer; 24h survives a night without S3.`,
        )
        .all();
}

const queryTimeouts = ({ query }: StackConfig): Problem[] =>
    new Problems()
        .when(
            parseDuration(query.storeResponseTimeout) === 0,
            "query.storeResponseTimeout",
            `${query.storeResponseTimeout} waits for ever: one slow source would delay every query.`,
            "Write 15s.",
        )
        .when(
            parseDuration(query.storeResponseTimeout) >= parseDuration(query.timeout),
            "query.storeResponseTimeout",
            `${query.storeResponseTimeout} is not shorter than query.timeout (${query.timeout}): a query with one slow source would fail instead of going on without it.`,
            "Write a fraction of query.timeout; 15s fits the default of 2m.",
        )
        .all();

function tolerations({ pods }: StackConfig): Problem[] {
    const problems = new Problems();
    for (const [i, { operator, value }] of pods.tolerations.entries())
        problems.when(
            (operator === "Exists") === (value !== undefined),
            `pods.tolerations[${i}].value`,
            operator === "Exists" ? "has no effect with Exists, and Kubernetes refuses the pod." : "is missing.",
            operator === "Exists" ? "Remove it, or write operator: Equal." : "Write the taint's value, or operator: Exists.",
        );
    return problems.all();
}

/** Autoscaling that could not scale. */
function autoscaling(config: StackConfig): Problem[] {
    const problems = new Problems();
    const scaled = [
        { path: "query", fewest: "replicas", from: config.query.replicas, key: "autoscale", to: config.query.autoscale },
        ...(config.role === "observer"
            ? [
                  {
                      path: "queryFrontend",
                      fewest: "replicas",
                      from: config.queryFrontend.replicas,
                      key: "autoscale",
                      to: config.queryFrontend.autoscale,
                  },
                  {
                      path: "receive",
                      fewest: "routers",
                      from: config.receive.routers,
                      key: "routerAutoscale",
                      to: config.receive.routerAutoscale,
                  },
              ]
            : []),
    ];
    for (const { path, fewest, from, key, to } of scaled)
        problems.when(
            to !== undefined && to.maxReplicas <= from,
            `${path}.${key}.maxReplicas`,
            `${to?.maxReplicas} are not more than ${path}.${fewest} (${from}): nothing would ever be added.`,
            `Write ${from + 1} or more, or remove ${path}.${key}.`,
        );
    return problems.all();
}

function alertmanagers({ role, alerting: { alertmanager, configSecret, external } }: StackConfig): Problem[] {
    const runsOne = alertmanager === "install" || (alertmanager === "fleet" && role === "observer");
    return new Problems()
        .when(
            alertmanager === "external" && external.length === 0,
            "alerting.external",
            "is empty, but alerting.alertmanager is external: alerts would reach nobody.",
            "List the addresses of your Alertmanagers, or set alerting.alertmanager to install.",
        )
        .when(
            alertmanager !== "external" && external.length > 0,
            "alerting.external",
            `has no effect, because alerting.alertmanager is ${alertmanager}.`,
            "Set alerting.alertmanager to external, or remove the list.",
        )
        .when(
            !runsOne && configSecret !== undefined,
            "alerting.configSecret",
            `has no effect, because alerting.alertmanager is ${alertmanager}${alertmanager === "fleet" ? ", which is the observer's" : ""}.`,
            alertmanager === "fleet"
                ? "Write it in the observer's stack, or set alerting.alertmanager to install."
                : "Set alerting.alertmanager to install, or remove it.",
        )
        .all();
}

/** Receive deletes what is older than its retention, uploaded or not. */
function uploadedBlocks(config: ObserverConfig): Problem[] {
    const { retention, blockDuration } = config.receive;
    const threeBlocks = formatDuration((3 * parseDuration(blockDuration)) as Duration);
    return new Problems()
        .when(
            ringsOf(config).some(({ uploads }) => uploads) && parseDuration(retention) < parseDuration(threeBlocks),
            "receive.retention",
            `${retention} is shorter than three blocks (${threeBlocks}): a block of an agent could be deleted before it is uploaded.`,
            `Write ${threeBlocks} or longer; 7d survives a long weekend without S3.`,
        )
        .all();
}

function clusterNames(config: ObserverConfig): Problem[] {
    const clusters = [
        { name: config.cluster, path: "cluster" },
        ...config.observees.map(({ name }, i) => ({ name, path: `observees[${i}].name` })),
    ];
    const problems = new Problems();
    for (const cluster of clusters) {
        const first = clusters.find(({ name }) => name === cluster.name) ?? cluster;
        problems.when(
            first !== cluster,
            cluster.path,
            `"${cluster.name}" is used twice (also ${first.path}). External labels must differ, or blocks of two clusters are merged and Compact halts.`,
            "Rename one.",
        );
    }
    return problems.all();
}

/** Streams that would share a prefix, and clusters that would upload to no stream or to two. */
function streamProblems({ cluster, observees, streams, objectStore, rule }: ObserverConfig): Problem[] {
    const clusters = [cluster, ...observees.map(({ name }) => name)];
    const problems = new Problems();
    const agents = observees.filter(({ mode }) => mode === "agent");
    const sharing = agents.filter((agent) => streamOf(streams, agent) === AGENTS_STREAM);
    for (const [path, name] of [["cluster", cluster], ...observees.map((o, i) => [`observees[${i}].name`, o.name])] as [string, string][])
        problems.when(
            name === AGENTS_STREAM && sharing.length > 0 && !streams.some(({ writers }) => writers.includes(name)),
            path,
            `"${AGENTS_STREAM}" is also the stream of all agents that are in no other.`,
            "Rename the cluster, or list the agents in a stream of another name.",
        );
    const streamOfWriter = new Map<string, string>();
    const homes = [
        ...[{ name: cluster }, ...observees].map((writer) => streamOf(streams, writer)),
        ...(keepsBlocks(rule) ? [RULE_STREAM] : []),
    ];
    const prefixOf = (stream: { name: string; prefix?: string | undefined }) => stream.prefix ?? stream.name;
    for (const [i, { name, prefix, writers, receiveUploads }] of streams.entries()) {
        const path = `streams[${i}]`;
        const first = streams.findIndex((stream) => stream.name === name);
        const ofAgents = agents.filter((agent) => !agent.archived && streamOf(streams, agent) === name);
        problems
            .when(
                receiveUploads === false && ofAgents.length > 0,
                `${path}.receiveUploads`,
                `is false, but nothing else would upload the samples of ${ofAgents.map((agent) => agent.name).join(", ")}: agents have no sidecars.`,
                "Remove it.",
            )
            .when(
                first !== i,
                `${path}.name`,
                `"${name}" is used twice (also streams[${first}].name).`,
                "Rename one, or list all writers in one of them.",
            )
            .when(
                clusters.includes(name) && !streams.some((stream) => stream.writers.includes(name)),
                `${path}.name`,
                `"${name}" is also the stream of cluster ${name}, which is in no list of writers: two compactors would work on one prefix.`,
                `Add ${name} to a list of writers, or rename the stream.`,
            );
        const twin = streams.findIndex((stream) => prefixOf(stream) === prefixOf({ name, prefix }));
        problems
            .when(
                prefix !== undefined && objectStore === undefined,
                `${path}.prefix`,
                "needs an objectStore: the bucket that the stack creates has no blocks of others.",
                "Remove it, or name the existing store in `objectStore`.",
            )
            .when(
                twin !== i && first === i,
                `${path}.prefix`,
                `"${prefixOf({ name, prefix })}" is used twice (also streams[${twin}]): two compactors would work on one prefix.`,
                "List all writers in one of the two streams.",
            )
            .when(
                prefix !== undefined && prefix !== name && homes.includes(prefix) && !streams.some((stream) => stream.name === prefix),
                `${path}.prefix`,
                `"${prefix}" is also the prefix of the stream ${prefix}: two compactors would work on one prefix.`,
                prefix === RULE_STREAM ? "Write another prefix." : "List its writers in this stream.",
            );
        for (const [j, writer] of writers.entries()) {
            const other = streamOfWriter.get(writer);
            streamOfWriter.set(writer, `${path}.writers[${j}]`);
            problems
                .when(
                    !clusters.includes(writer),
                    `${path}.writers[${j}]`,
                    `"${writer}" is not a cluster of this fleet (${clusters.join(", ")}).`,
                    "Add it to `observees`, or remove it here; what it wrote stays in the stream.",
                )
                .when(
                    other !== undefined,
                    `${path}.writers[${j}]`,
                    `"${writer}" is a writer already (${other}): a cluster uploads to one stream.`,
                    "Remove one of the two.",
                )
                .when(
                    writer === cluster && name !== cluster,
                    `${path}.writers[${j}]`,
                    `"${writer}" is the observer, whose blocks are always a stream of its own.`,
                    `Remove it, or name the stream ${cluster}.`,
                );
        }
    }
    return problems.all();
}

/** Queries in front of others that would do nothing, or answer whom they should not. */
function queryTiers({ query, cluster, observees }: ObserverConfig): Problem[] {
    const problems = new Problems().when(
        query.mode === "distributed" && !observees.some(uploadsItself),
        "query.mode",
        "is distributed, but no observee has a leaf Query: there is nothing to distribute to.",
        "Write local.",
    );
    for (const [path, name] of [["cluster", cluster], ...observees.map((o, i) => [`observees[${i}].name`, o.name])] as [string, string][])
        problems.when(
            query.tenancy && name === DEFAULT_TENANT,
            path,
            `"${DEFAULT_TENANT}" is the tenant of requests that name none: with query.tenancy they would get this cluster's series.`,
            "Rename the cluster, or set query.tenancy to false.",
        );
    return problems.all();
}

/** Query Frontend writes it into each request without a tenant (Thanos, pkg/tenancy). */
const DEFAULT_TENANT = "default-tenant";

function renewal({ certificates }: ObserverConfig): Problem[] {
    const { validity, renewBefore } = certificates;
    const hour = parseDuration("1h");
    const problems = new Problems();
    for (const [key, text] of Object.entries({ validity, renewBefore }))
        problems.when(
            parseDuration(text) % hour !== 0 || parseDuration(text) < hour,
            `certificates.${key}`,
            `${text} is not a number of whole hours.`,
            "Write whole hours, days or weeks.",
        );
    return problems
        .when(
            parseDuration(renewBefore) >= parseDuration(validity),
            "certificates.renewBefore",
            `${renewBefore} is not shorter than certificates.validity (${validity}): every update would renew every certificate.`,
            "Write a third of the validity, which leaves time for a failed update.",
        )
        .all();
}
