import { type Problem, problemText } from "../rules/problem";

/** Wrong input, thrown before anything is created or changed. The message lists every problem, a line each. */
export class ConfigError extends Error {
    constructor(
        /** What has the problems: `configuration of stack blue`. */
        readonly subject: string,
        readonly problems: readonly Problem[],
    ) {
        super(
            [
                `${subject}: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}. Nothing was changed.`,
                ...problems.map((problem) => `  ${problemText(problem)}`),
            ].join("\n"),
        );
        this.name = "ConfigError";
    }
}
