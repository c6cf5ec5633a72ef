import { readFileSync } from "node:fs";
import { basename } from "node:path";
import {
    type Alias,
    type Document,
    isCollection,
    isMap,
    isNode,
    isScalar,
    LineCounter,
    type Node,
    parseDocument,
    visit,
    type YAMLError,
} from "yaml";
import { ConfigError } from "../config/configError";
import type { Problem } from "../rules/problem";

/** A YAML file whose root is a map, and where each of its values is written. */
export interface YamlFile {
    /** The values. */
    value: Record<string, unknown>;
    /** `Pulumi.blue.yaml:7`: the file and the line of the value at these keys, or of the nearest one around it. Without keys, the file alone. */
    whereIs(keys: readonly (string | number)[]): string;
}

/** Reads a YAML file. Throws a ConfigError about `subject` where it cannot be read, or is something else than a map. */
export function readYamlFile(file: string, subject: string): YamlFile {
    const name = basename(file);
    const refuse = (path: string, problem: string, remedy: string) => new ConfigError(subject, [{ path, problem, remedy }]);
    const lines = new LineCounter();
    const lineAt = (offset: number) => `${name}:${lines.linePos(offset).line}`;
    const unreadable = (error: unknown) =>
        refuse(name, `cannot be read (${reasonOf(error as NodeJS.ErrnoException)}).`, "Write it as YAML, in UTF-8.");
    let text: string;
    let document: Document.Parsed;
    try {
        text = textOf(file);
        document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    } catch (error) {
        throw unreadable(error);
    }
    // One mistake makes several errors; the later ones follow from the first.
    const [error] = [...document.errors, ...document.warnings];
    if (error) throw new ConfigError(subject, [{ path: lineAt(error.pos[0]), ...explained(error, text) }]);
    const alias = brokenAlias(document);
    if (alias)
        throw refuse(
            lineAt(alias.range?.[0] ?? 0),
            `*${alias.source} stands for nothing, or for what it is in.`,
            `Write &${alias.source} before the value that it stands for.`,
        );
    let value: unknown;
    try {
        value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
        throw unreadable(error);
    }
    if (value === null) throw refuse(name, "is empty.", "Copy Pulumi.observer.yaml or Pulumi.observee.yaml.");
    if (!isMap(document.contents))
        throw refuse(
            isNode(document.contents) ? lineAt((document.contents as Node).range?.[0] ?? 0) : name,
            `is ${isScalar(document.contents) ? "a single value" : "a list"}, not a map of settings.`,
            "Copy Pulumi.observer.yaml or Pulumi.observee.yaml.",
        );
    const contents = document.contents;
    return {
        value: value as Record<string, unknown>,
        whereIs: (keys) => {
            const offset = offsetOf(contents, keys);
            return offset === undefined ? name : lineAt(offset);
        },
    };
}

/** Refuses bytes that are no UTF-8, which would otherwise become question marks. */
const textOf = (file: string): string => new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));

/** Errors of the file system and of the decoder have a code; the message of the former has the whole path. */
const reasonOf = ({ code, message }: NodeJS.ErrnoException) => (code?.startsWith("E") && !code.startsWith("ERR") ? code : message);

/** What the parser says, as a problem. Its own messages have no full stop. */
function explained({ code, message, pos }: YAMLError, text: string): Omit<Problem, "path"> {
    const [rest = ""] = text.slice(pos[0]).split(/[\r\n]/);
    if (message.includes("Maximum call stack size"))
        return { problem: "is nested too deeply.", remedy: "No setting has more than a few levels." };
    switch (code) {
        case "DUPLICATE_KEY":
            return { problem: `"${rest.replace(/:(\s.*)?$/, "")}" is written twice.`, remedy: "Remove one of the two." };
        case "MULTIPLE_DOCS":
            return { problem: "begins a second document.", remedy: "Write one: remove the line `---`." };
        case "TAB_AS_INDENT":
            return { problem: "begins with a tab.", remedy: "Indent with spaces." };
        default:
            return { problem: `is no YAML: ${message}.`, remedy: "Correct this line or the one before it." };
    }
}

/** An alias without a value, or one of a value that contains it. */
function brokenAlias(document: Document.Parsed): Alias | undefined {
    let broken: Alias | undefined;
    visit(document, {
        Alias: (_, alias) => {
            const [from = 0, , to = 0] = alias.resolve(document)?.range ?? [];
            const at = alias.range?.[0] ?? 0;
            if (alias.resolve(document) !== undefined && !(from <= at && at < to)) return undefined;
            broken = alias;
            return visit.BREAK;
        },
    });
    return broken;
}

/** Where the value at `keys` begins, or the nearest one around it. */
function offsetOf(root: Node, keys: readonly (string | number)[]): number | undefined {
    let at: unknown = root;
    let offset: number | undefined;
    for (const key of keys) {
        if (!isCollection(at)) break;
        // A map's entry begins with its key.
        const entry = isMap(at)
            ? at.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === key)
            : { key: undefined, value: at.items[key as number] };
        if (entry?.value === undefined) break;
        const written = isNode(entry.key) ? entry.key : entry.value;
        offset = (written as Node | null)?.range?.[0] ?? offset;
        at = entry.value;
    }
    return offset;
}
