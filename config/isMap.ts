/** Whether a value of a configuration has settings, or keys, of its own. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
