import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Document, isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
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
    let document: Document.Parsed;
    let value: unknown;
    try {
        document = parseDocument(textOf(file), { lineCounter: lines, prettyErrors: false });
        const [error] = [...document.errors, ...document.warnings];
        // One mistake makes several errors; the later ones follow from the first.
        if (error) throw new ConfigError(subject, [{ path: lineAt(error.pos[0]), ...explained(error, textOf(file)) }]);
        value = document.toJS({ maxAliasCount: 100 });
        // An alias of what contains it is valid YAML, and no value.
        JSON.stringify(value);
    } catch (error) {
        if (error instanceof ConfigError) throw error;
        throw refuse(name, `cannot be read (${reasonOf(error as NodeJS.ErrnoException)}).`, "Write it as YAML, in UTF-8.");
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

/** What the parser says, as a problem. Its messages are sentences without a full stop. */
function explained({ code, message, pos }: YAMLError, text: string): Omit<Problem, "path"> {
    if (code === "DUPLICATE_KEY") {
        const [key = ""] = text.slice(...pos).split(/[\r\n]/);
        return { problem: `"${key.replace(/:\s.*|:$/, "")}" is written twice.`, remedy: "Remove one of the two." };
    }
    const remedies: Partial<Record<YAMLError["code"], string>> = {
        TAB_AS_INDENT: "Indent with spaces.",
        MULTIPLE_DOCS: "Write one document: remove the line `---` in the middle.",
    };
    return { problem: `is no YAML: ${message.replace(/\.$/, "")}.`, remedy: remedies[code] ?? "Correct this line or the one before it." };
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
