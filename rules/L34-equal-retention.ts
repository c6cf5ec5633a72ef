import { formatDuration } from "./duration";
import { keeping, retentionFlags, thanos } from "./example";
import { NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const equalRetention = defineRule({
    id: "L34",
    name: "equal-retention",
    title: "All resolutions are kept equally long",
    why: "Where raw, 5m and 1h samples are kept for different times, graphs change or go empty as they are zoomed: Query answers from the resolution that fits the step, and its samples may be gone while others are there. Nothing is lost that was meant to be kept.",
    source: "https://thanos.io/tip/components/compact.md/#enforcing-retention-of-data",
    remedy: "Set the three retentions to the same value; or ease this rule with the reason, if they are meant to differ (easedRules in a stack's configuration).",
    severity: "medium",
    reads: ["compactors"],
    scope: "part",
    thresholds: {},
    settings: ["compact.retention", "streams[].retention"],
    check: ({ compactors }) => {
        const problems = new Problems();
        for (const { path, downsampling, retention } of compactors) {
            const { raw, fiveMinutes, oneHour } = retention;
            problems.when(
                // Without downsampling there are raw samples only, and nothing to compare.
                downsampling && !(raw === fiveMinutes && fiveMinutes === oneHour),
                `${path}.retention`,
                `raw ${formatDuration(raw)}, 5m ${formatDuration(fiveMinutes)} and 1h ${formatDuration(oneHour)} differ. ` +
                    "Past the shortest of them, a graph changes or goes empty as it is zoomed.",
                "Make the three equal. If they are meant to differ, ease L34 with the reason (easedRules).",
            );
        }
        return problems.all();
    },
    good: { ...NOTHING, compactors: [keeping("90d", "90d", "90d"), { ...keeping("90d", "0d", "0d"), stream: "red", downsampling: false }] },
    bad: { ...NOTHING, compactors: [keeping("30d", "90d", "365d")] },
    manifests: {
        good: [thanos("StatefulSet", "compact", ["compact", ...retentionFlags("90d", "90d", "90d")])],
        bad: [thanos("StatefulSet", "compact", ["compact", ...retentionFlags("30d", "90d", "365d")])],
    },
});
