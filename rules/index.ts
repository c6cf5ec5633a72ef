import { oneCompactorPerStream } from "./L02-one-compactor";
import { retentionOutlivesDownsampling } from "./L04-retention-outlives-downsampling";
import { receiveReplicates } from "./L07-receive-replicates";
import { redundantPrometheus } from "./L31-redundant-prometheus";
import { pagesAskForLogin } from "./L32-pages-ask-for-login";
import type { ThanosModel } from "./model";
import type { Problem } from "./problem";
import { type Overrides, type Rule, thresholdsOf } from "./rule";

/** Every rule, by number. The configuration checks and the policy pack both read this list. */
export const RULES: readonly Rule[] = [
    oneCompactorPerStream,
    retentionOutlivesDownsampling,
    receiveReplicates,
    redundantPrometheus,
    pagesAskForLogin,
];

/** Everything in `model` that would lose data, or show it to everybody. `overrides` has thresholds by rule name; `false` switches a rule off. */
export function checkAll(model: ThanosModel, overrides: Readonly<Record<string, Overrides | false>> = {}): Problem[] {
    const unknown = Object.keys(overrides).find((name) => !RULES.some((rule) => rule.name === name));
    if (unknown !== undefined) throw new Error(`${unknown}: is not a rule. Write ${RULES.map((rule) => rule.name).join(" or ")}.`);
    return RULES.flatMap((rule) => {
        const override = overrides[rule.name];
        return override === false ? [] : rule.check(model, thresholdsOf(rule, override));
    });
}
