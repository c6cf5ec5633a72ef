import { checkAll } from "../../rules";
import { formatDuration, parseDuration } from "../../rules/duration";
import { NOTHING, type ThanosModel } from "../../rules/model";
import type { Problem } from "../../rules/problem";
import type { ObserverConfig, StackConfig } from "../schema";
import { awsChecks } from "./aws";

/** What no single value shows: values that contradict each other, and everything the rules refuse. */
export function crossChecks(config: StackConfig): Problem[] {
    return [
        ...shortRetention(config),
        ...awsChecks(config),
        ...(config.role === "observer" ? [...sharedNames(config), ...lateStores(config), ...lateRenewal(config)] : []),
        ...checkAll(modelOf(config), {
            "retention-outlives-downsampling": config.role === "observer" ? { allowUnequal: config.compact.allowUnequalRetention } : {},
        }),
    ];
}

/** The Thanos deployment that this configuration describes, in the rules' words. */
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

function sharedNames(config: ObserverConfig): Problem[] {
    const named = [
        { name: config.cluster, path: "cluster" },
        ...config.observees.map(({ name }, i) => ({ name, path: `observees[${i}].name` })),
    ];
    return named.flatMap(({ name, path }, i) => {
        const first = named.findIndex((other) => other.name === name);
        return first === i
            ? []
            : [
                  {
                      path,
                      problem: `"${name}" is used twice (also ${named[first]?.path}). External labels must differ, or blocks of two clusters are merged and Compact halts.`,
                      remedy: "Rename one.",
                  },
              ];
    });
}

function lateStores({ store, compact }: ObserverConfig): Problem[] {
    if (parseDuration(store.ignoreDeletionMarksDelay) < parseDuration(compact.deleteDelay)) return [];
    return [
        {
            path: "store.ignoreDeletionMarksDelay",
            problem: `${store.ignoreDeletionMarksDelay} is not shorter than compact.deleteDelay (${compact.deleteDelay}): Store would ask for blocks that are gone.`,
            remedy: "Half of compact.deleteDelay is Thanos's own choice.",
        },
    ];
}

function lateRenewal({ certificates }: ObserverConfig): Problem[] {
    const [validity, renewBefore] = [parseDuration(certificates.validity), parseDuration(certificates.renewBefore)];
    const hour = parseDuration("1h");
    const unwhole = (["validity", "renewBefore"] as const)
        .filter((key) => parseDuration(certificates[key]) % hour !== 0 || parseDuration(certificates[key]) < hour)
        .map((key) => ({
            path: `certificates.${key}`,
            problem: `${certificates[key]} is not a number of whole hours.`,
            remedy: "Write whole hours, days or weeks.",
        }));
    if (renewBefore < validity) return unwhole;
    return [
        ...unwhole,
        {
            path: "certificates.renewBefore",
            problem: `${certificates.renewBefore} is not shorter than certificates.validity (${certificates.validity}): every update would renew every certificate.`,
            remedy: "A third of the validity leaves time for a failed update.",
        },
    ];
}

function shortRetention({ prometheus }: StackConfig): Problem[] {
    const least = (3 * parseDuration(prometheus.blockDuration)) as ReturnType<typeof parseDuration>;
    if (parseDuration(prometheus.retention) >= least) return [];
    return [
        {
            path: "prometheus.retention",
            problem: `${prometheus.retention} is shorter than three blocks (${formatDuration(least)}): a block could be deleted before it is uploaded.`,
            remedy: `Write ${formatDuration(least)} or longer; 24h survives a night without S3.`,
        },
    ];
}
