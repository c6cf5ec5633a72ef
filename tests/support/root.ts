import { join } from "node:path";

/** The checkout. */
export const ROOT = join(__dirname, "..", "..");
