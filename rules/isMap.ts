/** Whether a value of a configuration, or of a manifest, has keys of its own. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
