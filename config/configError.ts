import { type Problem, problemText } from "../rules/problem";

/** Thrown before anything is made or changed. The message is the whole answer: every problem at once, a line each. */
export class ConfigError extends Error {
    constructor(
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

/** The exit code for wrong input, everywhere. */
export const EXIT_WRONG_INPUT = 2;
