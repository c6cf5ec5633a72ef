import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "../../config/problems";

/** Questions to AWS before anything is declared, and what a stack is told when the answer is not what it needs. */

/** What AWS said, or why it said nothing. */
export type Answer<T> = { value: T } | { failure: string };

/** A lookup fails for what is not there as for a missing right: either is the user's to mend, and none is worth a stack trace. */
export const answer = <T>(asked: Promise<T>): Promise<Answer<T>> =>
    asked.then(
        (value) => ({ value }),
        (error: unknown) => ({ failure: /^.*?(?=\.?$)/m.exec(error instanceof Error ? error.message : String(error))?.[0] ?? "" }),
    );

export const refused = (problems: readonly Problem[]) => new ConfigError(`configuration of stack ${pulumi.getStack()}`, problems);
