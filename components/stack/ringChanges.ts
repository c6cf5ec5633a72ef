import { type ObserverConfig, writersOf } from "../../config/schema";
import type { Problem } from "../../rules/problem";

/** Settings of Receive that the stack exports, by path (immutableSettings.ts). */
type RingSettings = Record<string, string | number>;

/** How many ingesters get samples, so that the next update knows which pods must not go. */
export const ringSettingsOf = ({ receive, observees }: ObserverConfig): RingSettings =>
    writersOf(observees).length === 0 ? {} : { "receive.storage": receive.storage, "receive.ingesters": receive.ingesters };

/** Changes that would take the only copies of some samples away. Receive as a whole goes with the last cluster that writes. */
export function ringChanges(deployed: Record<string, unknown>, { receive, observees }: ObserverConfig): Problem[] {
    const before = Number(deployed["receive.ingesters"] ?? 0);
    const { ingesters, leaving, retention } = receive;
    if (writersOf(observees).length === 0 || ingesters + leaving >= before) return [];
    return [
        {
            path: "receive.ingesters",
            problem: `${before} ingesters get samples now, and ${ingesters + leaving} would be left: the others would take the only copies of some samples with them.`,
            remedy: `Write receive.leaving: ${before - ingesters}. These get no more samples and still answer; set it to 0 when their samples are in the bucket, or older than receive.retention (${retention}).`,
        },
    ];
}
