import { createColors } from "picocolors";

/** Colours on a terminal only. Piped output is plain, also in CI, where picocolors alone would colour it. */
export const color = createColors(process.stdout.isTTY === true && !process.env.NO_COLOR);
