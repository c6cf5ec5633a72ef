import { thanos } from "./example";
import { releaseLack } from "./lacks";
import { type Command, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";
import { isIn } from "./version";

interface Removed {
    /** Components that had it. */
    readonly from: readonly string[];
    /** The first release without it. */
    readonly since: string;
    readonly instead: string;
}

/** Flags that Thanos had once, found by comparing the flags of each release from 0.24 to 0.42 (cmd/thanos). */
const REMOVED: Readonly<Record<string, Removed>> = {
    store: { from: ["query"], since: "0.38.0", instead: "Use --endpoint." },
    "store-strict": { from: ["query"], since: "0.38.0", instead: "Use --endpoint-strict." },
    rule: { from: ["query"], since: "0.38.0", instead: "Use --endpoint." },
    metadata: { from: ["query"], since: "0.38.0", instead: "Use --endpoint." },
    exemplar: { from: ["query"], since: "0.38.0", instead: "Use --endpoint." },
    target: { from: ["query"], since: "0.38.0", instead: "Use --endpoint." },
    "log.request.decision": {
        from: ["query", "query-frontend", "rule"],
        since: "0.33.0",
        instead: "Use --request.logging-config.",
    },
    "shipper.ignore-unequal-block-size": {
        from: ["receive"],
        since: "0.42.0",
        instead: "Remove it: blocks are uploaded before they are compacted.",
    },
    "debug.advertise-compatibility-label": { from: ["store"], since: "0.42.0", instead: "Remove it: only Query before 0.8 needed it." },
    "block-sync-concurrency": { from: ["compact"], since: "0.28.0", instead: "Remove it: it had no effect." },
    "receive.tenant-limits.max-head-series": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
    "receive.tenant-limits.meta-monitoring-url": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
    "receive.write-request-limits.max-size-bytes": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
    "receive.write-request-limits.max-series": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
    "receive.write-request-limits.max-samples": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
    "receive.write-request-limits.max-concurrency": { from: ["receive"], since: "0.29.0", instead: "Use --receive.limits-config-file." },
};

export const flagsExist = defineRule({
    id: "L23",
    name: "flags-exist",
    title: "No flag is set that this release of Thanos has removed",
    why: "Thanos ends at once when it is given a flag that it does not know: after the update no pod of the component starts.",
    source: "https://github.com/thanos-io/thanos/blob/main/CHANGELOG.md",
    remedy: "Remove the flag, or use what has replaced it.",
    severity: "high",
    reads: ["commands"],
    scope: "part",
    versions: { Thanos: ">=0.28.0" },
    thresholds: {},
    check: ({ commands }) => {
        const problems = new Problems();
        for (const { path, component, version, flags } of commands)
            for (const { flag, since, instead } of removedFrom(component, flags))
                problems.when(
                    isIn(`>=${since}`, version) === true,
                    `${path}.--${flag}`,
                    `does not exist since Thanos ${since}, and ${version} does not start with it.`,
                    instead,
                );
        return problems.all();
    },
    lacks: ({ commands }) =>
        releaseLack(commands.filter(({ component, version, flags }) => version === undefined && removedFrom(component, flags).length > 0)),
    good: { ...NOTHING, commands: [command("0.42.4", "endpoint"), command("0.37.2", "store")] },
    bad: { ...NOTHING, commands: [command("0.38.0", "store")] },
    manifests: {
        good: [thanos("Deployment", "query", ["query", "--endpoint=dnssrv+_grpc._tcp.store"])],
        bad: [thanos("Deployment", "query", ["query", "--store=dnssrv+_grpc._tcp.store"])],
    },
});

function removedFrom(component: string, flags: readonly string[]) {
    return flags.flatMap((flag) => {
        const removed = REMOVED[flag];
        return removed?.from.includes(component) ? [{ flag, ...removed }] : [];
    });
}

function command(version: string, ...flags: string[]): Command {
    return { path: "query", component: "query", version, flags };
}
