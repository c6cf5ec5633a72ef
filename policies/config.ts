import { isMap } from "../rules/isMap";
import { type Problem, Problems } from "../rules/problem";
import { type Rule, thresholdProblems } from "../rules/rule";
import { EASINGS_COUNT } from "./easings";

const LEVELS = ["advisory", "mandatory", "remediate", "disabled"];
const LEVEL = "enforcementLevel";

/** Keys that are no policy (pkg/resource/analyzer/config.go, 3.259): a level for every policy, and environments of Pulumi ESC, which the engine reads. */
const EVERY = "all";
const ENVIRONMENTS = "environments";

/**
 * What is wrong with the configuration of a policy pack: for each policy a level, or an object with a level and settings. The engine would ignore a name
 * that it does not know, and refuse a wrong setting only while it checks.
 *
 * @param file what the problems call it
 * @param rules those of this project's pack. @default another pack, of which only the engine learns what it has
 */
export function configProblems(file: string, config: unknown, rules?: readonly Rule[]): Problem[] {
    const shape = "Write {policy: level} or {policy: {enforcementLevel: level, setting: value}}.";
    if (!isMap(config)) return [{ path: file, problem: "is no JSON object.", remedy: shape }];
    const policies = Object.entries(config).filter(([name]) => name !== ENVIRONMENTS);
    return policies.flatMap(([name, entry]) => {
        const { [LEVEL]: level, ...settings } = isMap(entry) ? entry : { [LEVEL]: entry };
        const path = `${file} ${name}`;
        const rule = rules?.find((candidate) => candidate.name === name);
        const isKnown = rules === undefined || rule !== undefined || name === EVERY || name === EASINGS_COUNT;
        return new Problems()
            .when(
                !isKnown,
                path,
                "is no policy of this pack.",
                `Write one of ${[...(rules ?? []).map((one) => one.name), EASINGS_COUNT, EVERY].join(", ")}.`,
            )
            .when(
                !LEVELS.includes(level as string) && (level !== undefined || !isMap(entry)),
                isMap(entry) ? `${path}.${LEVEL}` : path,
                `${JSON.stringify(level)} is no enforcement level.`,
                `Write ${LEVELS.slice(0, -1).join(", ")} or ${LEVELS.at(-1)}.`,
            )
            .add(
                rule === undefined
                    ? []
                    : thresholdProblems(rule, settings).map((problem) => ({ ...problem, path: `${file} ${problem.path}` })),
            )
            .all();
    });
}
