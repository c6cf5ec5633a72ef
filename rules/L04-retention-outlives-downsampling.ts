import { type Duration, formatDuration, parseDuration } from "./duration";
import { keeping, retentionFlags, thanos } from "./example";
import { type Compactor, NOTHING, type Retention } from "./model";
import { type Problem, Problems } from "./problem";
import { defineRule } from "./rule";

/** The ages at which Thanos downsamples raw to 5m and 5m to 1h: constants without a flag (pkg/compact/downsample, v0.42). */
const RAW_TO_5M = "40h";
const FIVE_MINUTES_TO_1H = "10d";

/** A resolution that Thanos downsamples. */
interface Resolution {
    readonly field: keyof Retention;
    readonly flag: string;
    /** Age of a block, a duration. */
    readonly downsampledAt: string;
    /** The next resolution. */
    readonly into: string;
}

const RAW: Resolution = { field: "raw", flag: "--retention.resolution-raw", downsampledAt: RAW_TO_5M, into: "5m" };
const FIVE_MINUTES: Resolution = { field: "fiveMinutes", flag: "--retention.resolution-5m", downsampledAt: FIVE_MINUTES_TO_1H, into: "1h" };

export const retentionOutlivesDownsampling = defineRule({
    id: "L4",
    name: "retention-outlives-downsampling",
    title: "Blocks live until they are downsampled",
    why:
        "Thanos downsamples raw blocks to 5m after 40h, and 5m blocks to 1h after 10d. A shorter retention deletes blocks before they are downsampled: " +
        "with downsampling on, compact refuses to start and the stream is neither compacted nor expired; with --downsampling.disable it accepts the value and the data is lost.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Keep raw samples 40h or longer and 5m samples 10d or longer, or 0d for ever.",
    severity: "critical",
    reads: ["compactors"],
    scope: "part",
    thresholds: {
        minRaw: { kind: "duration", default: RAW_TO_5M, doc: "Shortest retention of raw samples. Thanos downsamples them after 40h." },
        minFiveMinutes: {
            kind: "duration",
            default: FIVE_MINUTES_TO_1H,
            doc: "Shortest retention of 5m samples. Thanos downsamples them after 10d.",
        },
    },
    settings: ["compact.retention", "streams[].retention"],
    check: (model, { minRaw, minFiveMinutes }) =>
        model.compactors.flatMap((compactor) => [
            ...tooShort(compactor, RAW, minRaw),
            // Without downsampling there are no 5m blocks to lose.
            ...(compactor.downsampling ? tooShort(compactor, FIVE_MINUTES, minFiveMinutes) : []),
        ]),
    good: { ...NOTHING, compactors: [keeping("90d", "90d", "90d"), { ...keeping("0d", "0d", "0d"), path: "compact-red", stream: "red" }] },
    bad: { ...NOTHING, compactors: [keeping("24h", "90d", "365d")] },
    manifests: {
        good: [thanos("StatefulSet", "compact", ["compact", ...retentionFlags("90d", "90d", "90d")])],
        bad: [
            thanos("StatefulSet", "compact", ["compact", ...retentionFlags("24h", "90d", "365d")]),
            thanos("Job", "expire", ["compact", "--downsampling.disable", ...retentionFlags("12h", "5d", "0d")]),
        ],
    },
});

function tooShort(compactor: Compactor, resolution: Resolution, least: Duration): Problem[] {
    const retention = compactor.retention[resolution.field];
    return new Problems()
        .when(
            retention !== 0 && retention < least,
            `${compactor.path}.retention.${resolution.field}`,
            `${formatDuration(retention)} is shorter than ${formatDuration(least)}. ${consequence(compactor, resolution, retention)}`,
            `Set it to ${formatDuration(least)} or longer (${resolution.flag}), or to 0d to keep for ever.`,
        )
        .all();
}

function consequence({ downsampling }: Compactor, { downsampledAt, into }: Resolution, retention: Duration): string {
    if (retention >= parseDuration(downsampledAt)) return "Thanos would accept it; this threshold does not.";
    return downsampling
        ? `Blocks are downsampled to ${into} only at the age of ${downsampledAt}, so compact refuses to start: nothing is compacted or expired.`
        : `With --downsampling.disable compact accepts it and deletes the blocks at that age, with no ${into} samples in their place.`;
}
