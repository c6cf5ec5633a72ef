import { isMap, isNode, isScalar, isSeq, type Node } from "yaml";
import type { Problem } from "../rules/problem";
import { newlines, treeOf } from "./documents";
import { excerptOf, type Place } from "./finding";
import type { SourceObject } from "./objects";

/**
 * The line that a problem is about: the field that ends its path (`StatefulSet a.replicas`), else the flag that its
 * texts name, else a flag of the field's name, else the object.
 * The document is parsed again for it, since few documents have a problem, and trees need much memory.
 */
export function locate(
    { source, keys, position: begin }: SourceObject,
    { path, problem, remedy }: Problem,
): Place & { readonly excerpt: string } {
    const flags = flagsIn(`${remedy} ${problem}`);
    if (begin !== undefined) return at(source, positionIn(source.text, begin, fieldOf(path), flags));
    let position = source.text.search(/^(?!---|%|[ \t]*(#|\r?$))/m);
    try {
        const root = treeOf(source).getIn(keys, true);
        if (isNode(root)) position = placeIn(root, fieldOf(path), flags) ?? root.range?.[0] ?? position;
    } catch {
        // Only JSON gets here: its parser is content with a depth for which the one of YAML has no stack.
    }
    return at(source, position);
}

/** In a block of HCL, the first line that begins with the field, or has one of the flags; else its first. */
function positionIn(text: string, begin: number, field: string, flags: readonly string[]): number {
    const end = text.slice(begin + 1).search(/^(resource|data|module|locals|variable|output)\b/m);
    const block = end === -1 ? text.slice(begin) : text.slice(begin, begin + end);
    const words = [`^[ \\t]*"?${snake(field)}\\b`, `\\b${field}\\b`, ...flags.map((flag) => `--(no-)?${flag.replaceAll(".", "\\.")}\\b`)];
    const found = words.map((word) => block.search(new RegExp(word, "m"))).find((position) => position !== -1);
    return begin + (found ?? 0);
}

const snake = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The place of a character of a document. */
export function at({ file, line, text }: SourceObject["source"], position: number): Place & { readonly excerpt: string } {
    const start = text.lastIndexOf("\n", position - 1) + 1;
    const end = text.indexOf("\n", start);
    return {
        file,
        line: line + newlines(text, position),
        excerpt: excerptOf(text.slice(start, end === -1 ? undefined : end), Math.max(position - start - 40, 0)),
    };
}

const fieldOf = (path: string) => /([\w-]+)(?:\[\d+\])?$/.exec(path)?.[1] ?? "";

const flagsIn = (text: string) => [...text.matchAll(/--(?:no-)?([a-z0-9][a-z0-9._-]*[a-z0-9])/g)].map(([, flag = ""]) => flag);

function placeIn(root: Node, field: string, flags: readonly string[]): number | undefined {
    const named = flags.map((flag) => flagIn(root, new RegExp(`(^|\\s)--(no-)?${flag.replaceAll(".", "\\.")}([=\\s]|$)`)));
    return (
        keyIn(root, field) ??
        [...named, flagIn(root, new RegExp(`(^|\\s)--([a-z-]+\\.)*${kebab(field)}\\b`))].find((position) => position !== undefined)
    );
}

/** `replicationFactor` in a flag is `replication-factor`. */
const kebab = (field: string) => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The highest key of this name, but not in `metadata`, which describes what people call the object. */
function keyIn(root: Node, name: string): number | undefined {
    let level: unknown[] = [root];
    while (level.length > 0) {
        const pairs = level.flatMap((node) => (isMap(node) ? node.items : []));
        const key = pairs.map((pair) => pair.key).find((candidate) => isScalar(candidate) && candidate.value === name);
        if (isScalar(key)) return key.range?.[0];
        const inside = pairs.filter(({ key }) => !(isScalar(key) && key.value === "metadata")).map(({ value }) => value);
        level = [...inside, ...level.flatMap((node) => (isSeq(node) ? node.items : []))];
    }
    return undefined;
}

/** The first argument that is such a flag, or a command line that contains it. */
function flagIn(root: Node, isFlag: RegExp): number | undefined {
    const pending: unknown[] = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
        if (isScalar(node) && typeof node.value === "string" && isFlag.test(node.value)) return node.range?.[0];
        if (isSeq(node)) pending.push(...[...node.items].reverse());
        if (isMap(node)) pending.push(...node.items.map(({ value }) => value ?? undefined).reverse());
    }
    return undefined;
}
