import { isDate } from "../rules/date";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";
import { UncomputedError } from "../rules/reading/notKnown";
import { podTemplateOf } from "../rules/reading/workload";
import { excerptOf, type Finding, type Place } from "./finding";
import type { SourceObject } from "./objects";

/** Annotation of a workload or of its pod template: `L4 until 2027-01-01: reason`, one suppression a line. The comment has the same words. */
export const ANNOTATION = "thanos-fleet/ignore";

const COMMENT = /#\s*thanos-fleet:\s*ignore\b(.*)$/;
const SUPPRESSION = /^\s*(L\d+(?:\s*,\s*L\d+)*)(?:\s+until\s+([^\s:]+))?\s*(?::\s*(.*?))?\s*$/;

export interface Suppression {
    readonly rules: readonly string[];
    readonly reason: string;
}

/** What is written in a suppression, or why it does not count. */
export type ReadSuppression = Suppression | { readonly problem: string; readonly remedy: string };

const EXAMPLE = "Write for instance `ignore L4 until 2027-01-01: blocks move to another bucket`.";

/** `today` is a date as in `2027-01-01`. A suppression ends after its date. */
export function parseSuppression(text: string, known: readonly string[], today: string): ReadSuppression {
    const [, rules = "", until, reason] = SUPPRESSION.exec(text) ?? [];
    const names = rules.split(/\s*,\s*/).filter((name) => name !== "");
    const unknown = names.find((name) => !known.includes(name));
    if (names.length === 0) return { problem: "names no rule.", remedy: EXAMPLE };
    if (unknown !== undefined) return { problem: `names ${unknown}, which is not a rule.`, remedy: `Write ${known.join(", ")}.` };
    if (until !== undefined && !isDate(until))
        return { problem: `ends on ${JSON.stringify(until)}, which is not a date.`, remedy: EXAMPLE };
    if (until !== undefined && until < today)
        return { problem: `has ended on ${until}.`, remedy: "Mend what it accepted, or give it another date and reason." };
    if (reason === undefined || reason === "") return { problem: "has no reason.", remedy: EXAMPLE };
    return { rules: names, reason: until === undefined ? reason : `${reason} (until ${until})` };
}

/** The suppressions of a document's comments and of its objects' annotations. */
export class Suppressions {
    private readonly byLine = new Map<string, Suppression[]>();
    private readonly byObject = new Map<string, Suppression[]>();
    private readonly wrong: Finding[] = [];
    private readonly seen = new Set<SourceObject["source"]>();

    constructor(
        private readonly known: readonly string[],
        private readonly today: string,
    ) {}

    /** Reads those of an object, and the comments of its document. */
    add(object: SourceObject): void {
        if (!this.seen.has(object.source)) this.addComments(object.source);
        this.seen.add(object.source);
        for (const text of annotationsOf(object.manifest)) {
            const line = object.source.line + Math.max(lineOf(object.source.text, ANNOTATION), 0);
            this.put(this.byObject, object.manifest.id, text, { file: object.source.file, line }, `${ANNOTATION}: ${text}`);
        }
    }

    private addComments({ file, line, text }: SourceObject["source"]): void {
        if (!text.includes("thanos-fleet:")) return;
        const lines = text.split(/\r?\n/);
        for (const [i, content] of lines.entries()) {
            const suppression = COMMENT.exec(content)?.[1];
            if (suppression === undefined) continue;
            // A comment on its own is about the next line that is none.
            let about = i;
            while (/^\s*#/.test(lines[about] ?? "")) about++;
            this.put(this.byLine, key({ file, line: line + about }), suppression, { file, line: line + i }, content);
        }
    }

    private put(into: Map<string, Suppression[]>, about: string, text: string, place: Place, content: string): void {
        const read = parseSuppression(text, this.known, this.today);
        if ("reason" in read) into.set(about, [...(into.get(about) ?? []), read]);
        else
            this.wrong.push({
                ...place,
                rule: "suppression",
                severity: "high",
                message: `this suppression ${read.problem}`,
                remedy: read.remedy,
                why: "A suppression counts while somebody stands for it: it needs a reason, and ends on its date.",
                excerpt: excerptOf(content),
            });
    }

    /** Why a finding about an object is accepted; undefined if it is not. */
    reasonFor(finding: Finding, { manifest }: SourceObject): string | undefined {
        const candidates = [...(this.byLine.get(key(finding)) ?? []), ...(this.byObject.get(manifest.id) ?? [])];
        return candidates.find(({ rules }) => rules.includes(finding.rule))?.reason;
    }

    /** Suppressions that do not count. */
    get problems(): readonly Finding[] {
        return this.wrong;
    }
}

const key = ({ file, line }: Place) => `${file}:${line}`;

const lineOf = (text: string, wanted: string) => text.split("\n").findIndex((line) => line.includes(wanted));

/** None where an expression of Terraform makes it. */
function templateOf(manifest: Manifest): unknown[] {
    try {
        return [podTemplateOf(manifest)];
    } catch (error) {
        if (error instanceof UncomputedError) return [];
        throw error;
    }
}

/** The annotation of the object and the one of its pod template. */
function annotationsOf(manifest: Manifest): string[] {
    return [...new Set<unknown>([manifest.fields, ...templateOf(manifest)])].flatMap((owner) => {
        const metadata = isMap(owner) ? owner.metadata : undefined;
        const annotations = isMap(metadata) ? metadata.annotations : undefined;
        const text = isMap(annotations) ? annotations[ANNOTATION] : undefined;
        return typeof text === "string" ? text.split("\n").filter((line) => line.trim() !== "") : [];
    });
}
