import { type Duration, formatDuration, parseDuration } from "./duration";
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
    remedy: "Keep all three resolutions equally long, 10d or longer, or 0d for ever. Where they may differ: raw samples 40h or longer, 5m samples 10d or longer.",
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
        allowUnequal: { kind: "boolean", default: false, doc: "Whether the three retentions may differ." },
    },
    check: (model, { minRaw, minFiveMinutes, allowUnequal }) =>
        model.compactors.flatMap((compactor) => [
            ...tooShort(compactor, RAW, minRaw),
            ...tooShort(compactor, FIVE_MINUTES, minFiveMinutes),
            ...(allowUnequal ? [] : unequal(compactor)),
        ]),
    good: { ...NOTHING, compactors: [keeping("90d", "90d", "90d"), { ...keeping("0d", "0d", "0d"), path: "compact-red", stream: "red" }] },
    bad: { ...NOTHING, compactors: [keeping("24h", "90d", "365d")] },
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

/** Without downsampling there are raw samples only, and nothing to compare. */
function unequal({ path, downsampling, retention }: Compactor): Problem[] {
    const { raw, fiveMinutes, oneHour } = retention;
    return new Problems()
        .when(
            downsampling && !(raw === fiveMinutes && fiveMinutes === oneHour),
            `${path}.retention`,
            `raw ${formatDuration(raw)}, 5m ${formatDuration(fiveMinutes)} and 1h ${formatDuration(oneHour)} differ. ` +
                "Past the shortest of them, a graph changes or goes empty as it is zoomed.",
            "Make the three equal. If they are meant to differ, set compact.allowUnequalRetention in the configuration, and allowUnequal of this rule in the policy pack.",
        )
        .all();
}

function keeping(raw: string, fiveMinutes: string, oneHour: string): Compactor {
    return {
        path: "compact",
        stream: "blue",
        replicas: 1,
        overlapsOnUpdate: false,
        downsampling: true,
        retention: { raw: parseDuration(raw), fiveMinutes: parseDuration(fiveMinutes), oneHour: parseDuration(oneHour) },
    };
}
