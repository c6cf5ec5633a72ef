/** How many mebibytes one of a unit is. */
const MEBIBYTES = { Mi: 1, Gi: 1024, Ti: 1024 * 1024 };

/** A size of the configuration (config/schema/common.ts), in mebibytes: 51200 for `50Gi`. */
export const mebibytesOf = (size: string): number => Number(size.slice(0, -2)) * MEBIBYTES[size.slice(-2) as keyof typeof MEBIBYTES];

/** A part of a size in whole mebibytes, as Thanos and the operator write it: `40960MiB` for four fifths of `50Gi`. */
export const shareOf = (size: string, part: number): string => `${Math.floor(mebibytesOf(size) * part)}MiB`;

/** A size as Kubernetes itself writes it, in the largest unit that leaves a whole number: `1Ti` for `1024Gi`. */
export function canonicalSize(size: string): string {
    const mebibytes = mebibytesOf(size);
    const unit = (["Ti", "Gi"] as const).find((larger) => mebibytes % MEBIBYTES[larger] === 0) ?? "Mi";
    return `${mebibytes / MEBIBYTES[unit]}${unit}`;
}
