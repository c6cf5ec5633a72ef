import { join } from "node:path";

/** Root directory of the checkout. */
export const ROOT = join(__dirname, "..", "..");
