import { createColors } from "picocolors";

/** Colours for a terminal only: what is piped is plain, also in CI, where picocolors would add them by itself. */
export const color = createColors(process.stdout.isTTY === true && !process.env.NO_COLOR);
