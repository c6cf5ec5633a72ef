/** A length of time in milliseconds. Branded, so that a plain number is not assignable; `parseDuration` returns it. */
export type Duration = number & { readonly unit: "ms" };

const UNITS = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
type Unit = keyof typeof UNITS;

/** Prometheus's own syntax (common/model/time.go): whole numbers, largest unit first, each unit at most once. A bare `0` is allowed. */
const DURATION = new RegExp(
    `^(?:0|(?=.)${Object.keys(UNITS)
        .map((unit) => `(?:([0-9]+)${unit})?`)
        .join("")})$`,
);

/** In milliseconds. Go counts nanoseconds in 63 bits, so Prometheus and Thanos refuse anything longer (292 years). */
const LONGEST = 2 ** 63 / 1e6;

/** Parses `2h`, `1d12h`, `90d`, `0d`. Throws an error that says what to write instead. */
export function parseDuration(text: string): Duration {
    const match = DURATION.exec(text);
    if (match === null)
        throw new Error(
            `${JSON.stringify(text)} is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.`,
        );
    const [, ...counts] = match;
    const ms = Object.values(UNITS).reduce((sum, length, i) => sum + Number(counts[i] ?? 0) * length, 0);
    if (ms >= LONGEST) throw new Error(`${JSON.stringify(text)} is longer than Prometheus can count (292y). Write 0d to keep for ever.`);
    return ms as Duration;
}

const inLargest = (units: readonly Unit[], duration: Duration): string => {
    const unit = units.find((u) => duration % UNITS[u] === 0) ?? "ms";
    return `${duration / UNITS[unit]}${unit}`;
};

/** As Go itself writes it, which knows no unit longer than an hour: `24h`. Some flags of Thanos are Go durations, where `1d` is an error. */
export const goDuration = (duration: Duration): string => inLargest(["h", "m", "s", "ms"], duration);
/** A duration of the configuration as a Go duration. */
export const goTime = (text: string): string => goDuration(parseDuration(text));

/** A number in the largest unit, up to days, that divides the duration: `1d12h` becomes `36h`. No weeks and years: `90d` reads better than `12w6d`. */
export const formatDuration = (duration: Duration): string => (duration === 0 ? "0d" : inLargest(["d", "h", "m", "s", "ms"], duration));

/** The number of seconds in a duration. */
export const secondsIn = (text: string): number => parseDuration(text) / UNITS.s;
