import { checkAll } from "../../rules";
import { type Duration, formatDuration, parseDuration } from "../../rules/duration";
import { NOTHING, type ThanosModel } from "../../rules/model";
import { type Problem, Problems } from "../../rules/problem";
import type { ObserverConfig, StackConfig } from "../schema";
import { awsChecks } from "./aws";

/** What no single value shows: values that contradict each other, and everything that the rules refuse. */
export function crossChecks(config: StackConfig): Problem[] {
    const problems = new Problems().add(prometheusRetention(config)).add(awsChecks(config));
    if (config.role === "observer") problems.add(clusterNames(config)).add(deletionMarks(config)).add(renewal(config));
    const allowUnequal = config.role === "observer" && config.compact.allowUnequalRetention;
    return problems.add(checkAll(modelOf(config), { "retention-outlives-downsampling": { allowUnequal } })).all();
}

/**
 * The Thanos deployment that a configuration describes, as the rules see it. One compactor stands for all, since they differ in their stream only.
 * tests/unit/config/checks/model.test.ts compares this with the model that rules/reading finds in the registered resources.
 */
export function modelOf(config: StackConfig): ThanosModel {
    const prometheuses = [{ path: "prometheus", replicas: config.prometheus.replicas, agent: false }];
    if (config.role === "observee") return { ...NOTHING, prometheuses };
    const { raw, fiveMinutes, oneHour } = config.compact.retention;
    return {
        prometheuses,
        compactors: [
            {
                path: "compact",
                stream: config.cluster,
                replicas: 1,
                overlapsOnUpdate: false,
                downsampling: true,
                retention: { raw: parseDuration(raw), fiveMinutes: parseDuration(fiveMinutes), oneHour: parseDuration(oneHour) },
            },
        ],
        receives: [{ path: "receive", replicationFactor: config.receive.replicationFactor, ingesters: config.receive.ingesters }],
    };
}

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

const deletionMarks = ({ store, compact }: ObserverConfig): Problem[] =>
    new Problems()
        .when(
            parseDuration(store.ignoreDeletionMarksDelay) >= parseDuration(compact.deleteDelay),
            "store.ignoreDeletionMarksDelay",
            `${store.ignoreDeletionMarksDelay} is not shorter than compact.deleteDelay (${compact.deleteDelay}): Store would ask for deleted blocks.`,
            "Write half of compact.deleteDelay, as Thanos's defaults do.",
        )
        .all();

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
