const MEBIBYTES: Readonly<Record<string, number>> = {
    "": 1 / 2 ** 20,
    k: 1e3 / 2 ** 20,
    M: 1e6 / 2 ** 20,
    G: 1e9 / 2 ** 20,
    T: 1e12 / 2 ** 20,
    Ki: 1 / 2 ** 10,
    Mi: 1,
    Gi: 2 ** 10,
    Ti: 2 ** 20,
};

/** Memory of Kubernetes as the settings write it, rounded up: `500M` becomes `477Mi`, `0.5Gi` becomes `512Mi`. Undefined where it is none. */
export function memoryOf(quantity: string): string | undefined {
    const mebibytes = mebibytesIn(quantity);
    if (mebibytes === undefined) return undefined;
    const whole = Math.ceil(mebibytes);
    return whole % 1024 === 0 ? `${whole / 1024}Gi` : `${whole}Mi`;
}

/** The size of a volume as the settings write it, rounded up to whole gibibytes. */
export function volumeOf(quantity: string): string | undefined {
    const mebibytes = mebibytesIn(quantity);
    return mebibytes === undefined ? undefined : `${Math.ceil(mebibytes / 1024)}Gi`;
}

function mebibytesIn(quantity: string): number | undefined {
    const [, count, unit = ""] = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?$/.exec(quantity) ?? [];
    const factor = MEBIBYTES[unit];
    return count === undefined || factor === undefined || Number(count) === 0 ? undefined : Number(count) * factor;
}

/** CPU as the settings write it: `0.5` becomes `500m`. Undefined where it is none. */
export function cpuOf(quantity: string): string | undefined {
    const [, count, unit] = /^(\d+(?:\.\d+)?)(m)?$/.exec(quantity) ?? [];
    if (count === undefined || Number(count) === 0) return undefined;
    const thousandths = Math.ceil(Number(count) * (unit === "m" ? 1 : 1000));
    return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
