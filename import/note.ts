import type { Problem } from "../rules/problem";

/** What import says of one value: where it is now, what is different, or why it is nowhere. */
export type Note = Carried | Differs | Left;

interface About {
    /** The path in the values, or the flag that the chart passes to a component: `compactor.retentionResolution1h`, `compact --delete-delay`. */
    readonly from: string;
    /** What the values or the chart have there, shortened. */
    readonly value: string;
    /** Where it is written: `thanos.yaml:12`. Absent: the chart has it whatever the values say. */
    readonly place?: string;
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

/** File and line of what a note is about. Undefined where the values do not have it. */
export type WhereIs = (from: string) => string | undefined;

/** The notes on a release, in the order in which they were made. */
export class Notes {
    /** `all`: where the notes go; two releases of one stack have one list. */
    constructor(
        private readonly whereIs: WhereIs = () => undefined,
        readonly all: Note[] = [],
    ) {}

    carried(from: string, value: unknown, setting: string, to: unknown): void {
        this.all.push({ kind: "carried", ...this.about(from, value), setting, to: shown(to) });
    }

    differs(from: string, value: unknown, ours: string, why: string): void {
        this.all.push({ kind: "differs", ...this.about(from, value), ours, why });
    }

    left(from: string, value: unknown, why: string, todo: string): void {
        this.all.push({ kind: "left", ...this.about(from, value), why, todo });
    }

    private about(from: string, value: unknown): About {
        const place = this.whereIs(from);
        return { from, value: shown(value), ...(place !== undefined && { place }) };
    }
}

/** What is between a path of settings and one that contains it: `.hosts`. Undefined where it does not contain it. */
const inside = (path: string, outer: string) =>
    path === outer ? "" : path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`) ? path.slice(outer.length) : undefined;

/** The values that a setting was made of: those of a setting within it, too. */
const originsOf = (notes: readonly Note[], setting: string) =>
    notes.filter(
        (note): note is Carried =>
            note.kind === "carried" && (inside(setting, note.setting) !== undefined || inside(note.setting, setting) !== undefined),
    );

/** A problem with a setting, with the place of the value that it was made of. */
export function locatedProblem(notes: readonly Note[], problem: Problem): Problem {
    const place = originsOf(notes, problem.path).find((note) => note.place !== undefined)?.place;
    return place === undefined ? problem : { ...problem, path: `${problem.path} ${place}` };
}

/** The same notes, where a setting was left out because the schema refuses it: what was carried over by it was not. */
export function withRefused(notes: readonly Note[], { path, problem, remedy }: Problem): Note[] {
    const origins = originsOf(notes, path);
    const left = origins.map(({ from, value, place, setting }): Left => {
        const rest = inside(path, setting) ?? "";
        const about = { from: `${from}${rest}`, value: rest === "" ? value : "as imported", ...(place !== undefined && { place }) };
        return { kind: "left", ...about, why: `${path} ${problem}`, todo: remedy };
    });
    const gone = new Set<Note>(origins.filter(({ setting }) => inside(setting, path) !== undefined));
    return [
        ...notes.filter((note) => !gone.has(note)),
        ...(left.length > 0 ? left : [{ kind: "left", from: path, value: "as imported", why: problem, todo: remedy } as const]),
    ];
}
