import { isMap } from "../../rules/isMap";
import { type Problem, Problems } from "../../rules/problem";
import { existingOf, type StackConfig } from "../schema";
import { alerting } from "../schema/alerting";
import { prometheus } from "../schema/prometheus";

type Raw = Record<string, unknown>;

/** What the stack does for a Prometheus that it does not install. */
const STILL_APPLIES = { prometheus: ["existing", "scrapeConfigs"], alerting: ["runbooks"] };

/** Settings in a stack's raw configuration that a kept Prometheus does not follow. With their defaults filled in, nobody could tell them from those that are written. */
export function unusedSettings(raw: Raw): Problem[] {
    if (!isMap(raw.prometheus) || raw.prometheus.existing === undefined) return [];
    const written = (section: keyof typeof STILL_APPLIES, shape: object) =>
        Object.keys(isMap(raw[section]) ? raw[section] : {})
            // Others are no settings at all.
            .filter((key) => key in shape && !STILL_APPLIES[section].includes(key))
            .map((key) => `${section}.${key}`);
    const paths = [
        ...written("prometheus", prometheus.shape),
        ...written("alerting", alerting.shape),
        ...["chart", "storageClass"].filter((key) => key in raw),
    ];
    return paths.map((path) => ({
        path,
        problem: "has no effect: prometheus.existing keeps a Prometheus that this stack does not install.",
        remedy: "Remove it, and set it where that Prometheus is installed.",
    }));
}

/** A namespace that is there already. */
export const existingPrometheus = (config: StackConfig): Problem[] =>
    new Problems()
        .when(
            existingOf(config) !== undefined && config.createNamespace,
            "createNamespace",
            `is true, but ${config.namespace}, the namespace of prometheus.existing, exists.`,
            "Write false. The stack then leaves its labels alone, and never deletes it.",
        )
        .all();
