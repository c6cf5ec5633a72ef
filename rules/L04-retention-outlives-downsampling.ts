import { type Duration, formatDuration, parseDuration } from "./duration";
import { type Compactor, NOTHING, type Retention } from "./model";
import { type Problem } from "./problem";
import { defineRule } from "./rule";

/** The ages at which Thanos downsamples, constants without a flag (pkg/compact/downsample, v0.42): raw to 5m, 5m to 1h. */
const RAW_TO_5M = "40h";
const FIVE_MINUTES_TO_1H = "10d";

interface Resolution {
    readonly field: keyof Retention;
    readonly flag: string;
    readonly downsampledAt: string;
    readonly into: string;
}

const RAW: Resolution = { field: "raw", flag: "--retention.resolution-raw", downsampledAt: RAW_TO_5M, into: "5m" };
const FIVE_MINUTES: Resolution = { field: "fiveMinutes", flag: "--retention.resolution-5m", downsampledAt: FIVE_MINUTES_TO_1H, into: "1h" };

export const retentionOutlivesDownsampling = defineRule({
    id: "L4",
    name: "retention-outlives-downsampling",
    title: "Blocks live until they are downsampled",
    why:
        "Raw blocks become 5m blocks after 40h, and those become 1h blocks after 10d. A retention shorter than that deletes blocks before anything was made of them: " +
        "with downsampling on, compact refuses to start and the stream is neither compacted nor expired; with --downsampling.disable it accepts the value and the data is gone.",
    source: "https://thanos.io/tip/components/compact.md/",
    remedy: "Keep raw samples 40h or longer and 5m samples 10d or longer, or 0d for ever, and all three resolutions equally long.",
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
    const kept = compactor.retention[resolution.field];
    if (kept === 0 || kept >= least) return [];
    return [
        {
            path: `${compactor.path}.retention.${resolution.field}`,
            problem: `${formatDuration(kept)} is shorter than ${formatDuration(least)}. ${consequence(compactor, resolution, kept)}`,
            remedy: `Set it to ${formatDuration(least)} or longer (${resolution.flag}), or to 0d to keep for ever.`,
        },
    ];
}

function consequence({ downsampling }: Compactor, { downsampledAt, into }: Resolution, kept: Duration): string {
    if (kept >= parseDuration(downsampledAt)) return "Thanos would accept it; this threshold does not.";
    return downsampling
        ? `Blocks are downsampled to ${into} only at the age of ${downsampledAt}, so compact refuses to start: nothing is compacted or expired.`
        : `With --downsampling.disable compact accepts it and deletes the blocks at that age, with no ${into} samples in their place.`;
}

/** Without downsampling there are only raw blocks, and nothing to compare. */
function unequal({ path, downsampling, retention }: Compactor): Problem[] {
    const { raw, fiveMinutes, oneHour } = retention;
    if (!downsampling || (raw === fiveMinutes && fiveMinutes === oneHour)) return [];
    return [
        {
            path: `${path}.retention`,
            problem:
                `raw ${formatDuration(raw)}, 5m ${formatDuration(fiveMinutes)} and 1h ${formatDuration(oneHour)} differ. ` +
                "Past the shortest of them, a graph changes or goes empty as it is zoomed.",
            remedy: "Make the three equal. Where the difference is meant, say so: compact.allowUnequalRetention in a configuration, allowUnequal of this rule in the pack.",
        },
    ];
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
