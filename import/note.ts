/** What import says of one value: where it is now, what is different, or why it is nowhere. */
export type Note = Carried | Differs | Left;

interface About {
    /** The path in the values, or the flag that the chart passes to a component: `compactor.retentionResolution1h`, `compact --delete-delay`. */
    readonly from: string;
    /** What the values or the chart have there, shortened. */
    readonly value: string;
}

/** It is a setting of the stack. */
export interface Carried extends About {
    readonly kind: "carried";
    /** `compact.retention.oneHour` */
    readonly setting: string;
    readonly to: string;
}

/** The stack does something else, on purpose. */
export interface Differs extends About {
    readonly kind: "differs";
    readonly ours: string;
    readonly why: string;
}

/** It could not be carried over. */
export interface Left extends About {
    readonly kind: "left";
    readonly why: string;
    readonly todo: string;
}

/** So much of a value is shown. */
const SHOWN = 60;

/** Keys whose values are never shown: whoever reads the output of a pipeline would have them. */
const SECRET = /(secret|private|access)_?key|passw(or)?d|^secret$|credentials?$|connection_string|service_account$|token$/i;

/** A value as notes show it. */
export function shown(value: unknown): string {
    if (value === undefined) return "not set";
    const text =
        typeof value === "string"
            ? value
            : JSON.stringify(value, (key, inner) => (SECRET.test(key) && inner !== "" ? "(not shown)" : inner));
    const [line = ""] = text.split("\n");
    return line.length > SHOWN || text.includes("\n") ? `${line.slice(0, SHOWN)}...` : line;
}

/** A value under a name of a credential, anywhere in it. A reference to a Secret is a map, and none. */
export const hasCredential = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(value).some(
        ([key, inner]) =>
            (typeof inner === "string" && inner !== "" && SECRET.test(key) && !/name$|file$|ref$/i.test(key)) || hasCredential(inner),
    );

/** The notes on the releases of one stack, in the order in which they were made. */
export class Notes {
    readonly all: Note[] = [];

    carried(from: string, value: unknown, setting: string, to: unknown): void {
        this.all.push({ kind: "carried", from, value: shown(value), setting, to: shown(to) });
    }

    differs(from: string, value: unknown, ours: string, why: string): void {
        this.all.push({ kind: "differs", from, value: shown(value), ours, why });
    }

    left(from: string, value: unknown, why: string, todo: string): void {
        this.all.push({ kind: "left", from, value: shown(value), why, todo });
    }
}
