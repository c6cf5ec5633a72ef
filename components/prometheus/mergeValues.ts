/** Values of a chart. */
export type ChartValues = Record<string, unknown>;

const isMap = (value: unknown): value is ChartValues => Object.prototype.toString.call(value) === "[object Object]";

/**
 * Values with the user's over ours, as Helm merges two files of values: maps are merged, everything else is replaced, and null stays null, by which Helm removes
 * a default of the chart. `leaf` is applied to each value of the user that is not a map.
 */
export function mergeValues(ours: ChartValues, theirs: ChartValues, leaf: (value: unknown) => unknown = (value) => value): ChartValues {
    const merged = Object.entries(theirs).map(([key, value]): [string, unknown] => {
        const under = ours[key];
        return [key, isMap(value) ? mergeValues(isMap(under) ? under : {}, value, leaf) : leaf(value)];
    });
    return { ...ours, ...Object.fromEntries(merged) };
}

/** Whether a value or one below it is null. */
export const hasNull = (value: unknown): boolean =>
    value === null || (typeof value === "object" && value !== null && Object.values(value).some(hasNull));
