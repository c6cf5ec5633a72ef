import { type Document, isMap, parseDocument, visit } from "yaml";
import type { Unreadable } from "./finding";

/** A file that was read. */
export interface SourceFile {
    readonly file: string;
    readonly text: string;
    /** What the text says, where it is neither YAML nor JSON. */
    readonly value?: unknown;
}

/** A document of a file. */
export interface SourceDocument {
    readonly file: string;
    /** Line of its first character in the file, from 1. */
    readonly line: number;
    readonly text: string;
    readonly value?: unknown;
}

/** As Kubernetes reads YAML: `<<` merges, and the last of two equal keys counts. */
const OPTIONS = { merge: true, uniqueKeys: false, logLevel: "silent", prettyErrors: false } as const;

/**
 * The most lines, commas and brackets of a YAML document: about as many nodes has its tree, each of which takes a kilobyte of memory. JSON needs no tree,
 * so a List of a whole cluster may be longer.
 */
export const MOST_NODES = 1_000_000;

/** What is at the place of a marker that begins or ends a document, at the start of any line, even in a block of text (YAML 1.2.2, 9.1.2). */
const MARKER = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm;

/**
 * `*app:` at the beginning of a line. By YAML 1.2 the colon belongs to the alias's name; for go-yaml, and so for Kubernetes, it does not, and people write it
 * so (yamllint#226).
 */
const ALIAS_AS_KEY = /^([ \t]*(?:- +)*\*[\w-]+):(?=[ \t\r\n]|$)/gm;

/** The documents of a file. They are cut before they are parsed, so that a broken one leaves the others readable. */
export function documentsOf({ file, text, value }: SourceFile): SourceDocument[] {
    if (value !== undefined) return [{ file, line: 1, text, value }];
    const starts = [0, ...[...text.matchAll(MARKER)].map(({ index }) => index)];
    const documents: SourceDocument[] = [];
    let line = 1;
    for (const [i, start] of starts.entries()) {
        const piece = text.slice(start, starts[i + 1]);
        if (hasContent(piece)) documents.push({ file, line, text: piece.replace(ALIAS_AS_KEY, "$1 :") });
        line += newlines(piece);
    }
    return documents;
}

/** Whether there is more than markers, directives, comments and blank lines. */
const hasContent = (text: string) => /^(?!---[ \t]*(?:#.*)?\r?$|\.\.\.[ \t]*\r?$|%|[ \t]*#)[ \t]*[^\s]/m.test(text);

export function newlines(text: string, end = text.length): number {
    let count = 0;
    for (let at = text.indexOf("\n"); at !== -1 && at < end; at = text.indexOf("\n", at + 1)) count++;
    return count;
}

/** What is wrong with the text of a chart. */
export const TEMPLATES = "has templates ({{ }}).";

/** A line or a value that begins with a template. Rules and Alertmanager have templates of their own, in quotes or in blocks of text. */
const TEMPLATE = /^[ \t]*(?:- +)?(?:[^\s#'"]+: +)?\{\{/m;

/** The value of a document, or why there is none. */
export function readDocument(source: SourceDocument): { readonly value: unknown } | Unreadable {
    if (source.value !== undefined) return { value: source.value };
    const json = jsonOf(source.text);
    if (json !== undefined) return { value: json };
    if (hasTooManyNodes(source.text))
        return unreadable(
            source,
            0,
            `has a YAML document of more than ${MOST_NODES} lines, commas and brackets.`,
            "Split it, or write it as JSON.",
        );
    try {
        const tree = parseDocument(source.text, OPTIONS);
        const [error] = tree.errors;
        const template = source.text.search(TEMPLATE);
        if (template !== -1 && (error !== undefined || hasTemplates(tree)))
            return unreadable(source, template, TEMPLATES, "Lint what `helm template` or another program renders.");
        if (error !== undefined) return unreadable(source, error.pos[0], ...whatIsWrong(error));
        return { value: tree.toJS() };
    } catch (error) {
        return unreadable(source, 0, ...whatIsWrong(error as Error));
    }
}

function hasTooManyNodes(text: string): boolean {
    if (text.length < MOST_NODES) return false;
    let count = 0;
    for (const _ of text.matchAll(/[\n,[{]/g)) if (++count > MOST_NODES) return true;
    return false;
}

/** The tree of a document that `readDocument` could read. */
export const treeOf = ({ text }: SourceDocument): Document => parseDocument(text, OPTIONS);

/** JSON is YAML too, but its own parser is many times faster. */
function jsonOf(text: string): unknown {
    if (!/^\s*[{[]/.test(text)) return undefined;
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/** `replicas: {{ .Values.replicas }}` is valid YAML: a map whose key is a map. */
function hasTemplates(tree: Document): boolean {
    let found = false;
    visit(tree, {
        Map(_, { flow, items: [first] }) {
            if (!flow || !isMap(first?.key)) return undefined;
            found = true;
            return visit.BREAK;
        },
    });
    return found;
}

/** The parser calls itself for each level; the resolver of aliases counts what they repeat, and throws. */
function whatIsWrong({ name, message }: Error): [problem: string, remedy: string] {
    if (/call stack/.test(message)) return ["is nested too deeply.", "Remove levels: Kubernetes refuses it too."];
    if (name === "ReferenceError") return [`has aliases that cannot be resolved: ${sentence(message)}`, "Write the values out."];
    return [`is not YAML: ${sentence(message)}`, "Mend it."];
}

const sentence = (text: string) => `${text.split("\n", 1)[0]?.replace(/[.:]$/, "")}.`;

const unreadable = ({ file, line, text }: SourceDocument, position: number, problem: string, remedy: string): Unreadable => ({
    file,
    line: line + newlines(text, position),
    problem,
    remedy,
});
