import { isMap, isNode, isScalar, isSeq } from "yaml";
import { newlines, type SourceDocument, treeOf } from "../lint/documents";
import type { WhereIs } from "./note";

/** Where the values at `keys` of a document are written. Of a note on a flag in a list, it is the line of the flag. */
export function placesIn(document: SourceDocument, keys: readonly (string | number)[]): WhereIs {
    let root: unknown;
    return (from) => {
        // `compact --wait` is the chart's own.
        const [, path, flag] = /^([^\s:,]+)(?! --)(?:.*\((--[^)]+)\))?/.exec(from) ?? [];
        if (path === undefined) return undefined;
        root ??= treeOf(document).getIn(keys, true);
        const offset = offsetOf(root, path.split("."), flag);
        return offset === undefined ? undefined : `${document.file}:${document.line + newlines(document.text, offset)}`;
    };
}

/** Where the entry of a map begins, or what the alias stands for that it is in. A key may have dots, as annotations do. */
function offsetOf(node: unknown, path: readonly string[], flag: string | undefined): number | undefined {
    if (!isMap(node)) return undefined;
    for (let length = 1; length <= path.length; length++) {
        const name = path.slice(0, length).join(".");
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
        if (!isScalar(pair?.key)) continue;
        const [own] = pair.key.range ?? [];
        const rest = path.slice(length);
        if (rest.length === 0) return (flag && flagOffset(pair.value, flag)) || own;
        return isMap(pair.value) ? offsetOf(pair.value, rest, flag) : own;
    }
    return undefined;
}

/** The item of a list that is this flag. */
function flagOffset(list: unknown, flag: string): number | undefined {
    const items = isSeq(list) ? list.items : [];
    const item = items.find((one) => isScalar(one) && String(one.value).trim().split(/[=\s]/)[0] === flag);
    return isNode(item) ? item.range?.[0] : undefined;
}
