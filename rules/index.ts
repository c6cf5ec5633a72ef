import { oneCompactorPerStream } from "./L02-one-compactor";
import { retentionOutlivesDownsampling } from "./L04-retention-outlives-downsampling";
import { receiveReplicates } from "./L07-receive-replicates";
import { redundantPrometheus } from "./L31-redundant-prometheus";
import type { ThanosModel } from "./model";
import { type Problem } from "./problem";
import { type Overrides, type Rule, thresholdsOf } from "./rule";

/** Every rule, by number. Config validation, the policy pack and the documentation all read this list. */
export const RULES: readonly Rule[] = [oneCompactorPerStream, retentionOutlivesDownsampling, receiveReplicates, redundantPrometheus];

/** Everything in `model` that would lose data. `overrides`: thresholds by rule name; false leaves the rule out. */
export function checkAll(model: ThanosModel, overrides: Readonly<Record<string, Overrides | false>> = {}): Problem[] {
    const strange = Object.keys(overrides).find((name) => !RULES.some((rule) => rule.name === name));
    if (strange !== undefined) throw new Error(`${strange}: is not a rule. Write ${RULES.map((rule) => rule.name).join(" or ")}.`);
    return RULES.flatMap((rule) => {
        const given = overrides[rule.name];
        return given === false ? [] : rule.check(model, thresholdsOf(rule, given));
    });
}
