import type { Rule } from "../rules/rule";

export type Severity = Rule["severity"];

/** From mild to grave. */
export const SEVERITIES: readonly Severity[] = ["medium", "high", "critical"];

/** A place in a file. */
export interface Place {
    /** As the user named it, or below the folder that the user named. */
    readonly file: string;
    /** From 1. */
    readonly line: number;
}

/** A rule that a manifest breaks, or a suppression that is not valid. */
export interface Finding extends Place {
    /** `L4`, or `suppression`. */
    readonly rule: string;
    readonly severity: Severity;
    /** What is wrong here: `StatefulSet thanos-compact.retention.raw: 1d is shorter than 40h.` */
    readonly message: string;
    readonly remedy: string;
    /** What happens in general. */
    readonly why: string;
    /** The line, shortened. */
    readonly excerpt: string;
}

/** A finding that a comment or an annotation accepts. */
export interface Suppressed extends Finding {
    readonly reason: string;
}

/** A file, a document or an object that nothing can be said about. Makes the exit code 2. */
export interface Unreadable extends Place {
    /** What is wrong, as the rest of a sentence that begins with the file. */
    readonly problem: string;
    readonly remedy: string;
}

/** What says something of Thanos and is not read, though nothing is wrong with it: patches, values that are merged elsewhere, kinds of an operator. */
export interface PassedOver extends Place {
    /** `ThanosCompact main`. */
    readonly title: string;
    /** Why, and what to lint instead: `a kind of thanos-operator: lint the workloads that it makes`. */
    readonly reason: string;
}

/** A rule that could not be decided, for all or for some of what it looks at, and why. */
export interface Undecided {
    readonly rule: string;
    /** The part that lacks something: `Deployment query`. Absent: there is no part that the rule looks at. */
    readonly part?: string;
    /** `no compactors given`; `its endpoints are not known: ...` */
    readonly reason: string;
}

/** What lint found. Findings and the unreadable are in the order of files and lines. */
export interface Report {
    readonly findings: readonly Finding[];
    readonly suppressed: readonly Suppressed[];
    readonly unreadable: readonly Unreadable[];
    readonly passedOver: readonly PassedOver[];
    /** What was recognised: `StatefulSet thanos-compact`. */
    readonly components: readonly string[];
    readonly undecided: readonly Undecided[];
}

/** A line as findings show it. A line may be a whole file (JSON), so a long one is cut. */
export const excerptOf = (line: string, column = 0): string => {
    const text = line.length > 160 ? line.slice(column, column + 160) : line;
    return text.trim();
};

export const byPlace = (a: Place, b: Place) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);
