import type { Mode } from "../config/schema";
import type { PlannedResource } from "../engine/runInProcess";
import type { Problem } from "../rules/problem";

/** What one stack would create. `npm run plan -- --json` prints it as it is. */
export interface StackPlan {
    name: string;
    /** "observer" or "observee". */
    role: string;
    /** How an observee delivers recent data; undefined for an observer. */
    mode?: Mode;
    resources: Pick<PlannedResource, "type" | "name" | "parent" | "props">[];
    /** What the plan assumes. */
    warnings: string[];
}

/** The plans of several stacks, observers first. */
export interface FleetPlan {
    stacks: StackPlan[];
}

/** A stack to plan: its name and its configuration in the engine's form (`readStackFile`, `toEngineConfig`). */
export interface StackInput {
    name: string;
    config: Record<string, string>;
    /** Adds to a problem where its setting is written (`openStackFile`). @default it stays as it is */
    locate?: (problem: Problem) => Problem;
    /** Assumptions in `config`, to be printed with the plan. @default none */
    warnings?: string[];
}
