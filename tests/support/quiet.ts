import type { Progress } from "../../terminal/progress";

const silentStep = { update: () => {}, done: () => {}, fail: () => {} };

/** Progress that prints nothing. */
export const quiet: Progress = { step: () => silentStep, say: () => {}, event: () => {} };
