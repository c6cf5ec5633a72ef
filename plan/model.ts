import type { Mode } from "../config/schema";
import type { Planned } from "../engine/runInProcess";

export interface StackPlan {
    name: string;
    role: string;
    mode?: Mode;
    resources: Pick<Planned, "type" | "name" | "parent" | "props">[];
    warnings: string[];
}

export interface FleetPlan {
    stacks: StackPlan[];
}

/** A stack to plan: its name and its configuration as the engine would hand it over. */
export interface StackInput {
    name: string;
    config: Record<string, string>;
    /** What had to be assumed to plan it. */
    warnings?: string[];
}
