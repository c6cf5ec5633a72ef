import { isMap } from "../rules/isMap";
import type { SourceFile } from "./documents";
import type { Unreadable } from "./finding";

type Parse = (file: string, text: string) => Promise<Record<string, unknown>>;

/** `*.tf` files with their values in Terraform's JSON syntax, by the parser that Terraform itself has (HCL's, as WebAssembly). */
export async function withHcl(files: Iterable<SourceFile | Unreadable>): Promise<(SourceFile | Unreadable)[]> {
    const read: (SourceFile | Unreadable)[] = [];
    for (const file of files) read.push("problem" in file ? file : await parsed(file));
    return read;
}

async function parsed(file: SourceFile): Promise<SourceFile | Unreadable> {
    // Few runs need it, and it takes half a second to load.
    const { parse } = require("@cdktn/hcl2json") as { parse: Parse };
    try {
        return { ...file, value: await withEncoded(await parse(file.file, file.text), parse) };
    } catch (error) {
        const [, line, problem] = /:(\d+),\S+: (.*)/s.exec((error as Error).message) ?? [];
        const said = (problem ?? (error as Error).message).split("\n")[0]?.replace(/\.?\]?\.?$/, "");
        return { file: file.file, line: Number(line ?? 1), problem: `is not HCL: ${said}.`, remedy: "Mend it." };
    }
}

/** `${jsonencode({...})}` as the JSON that it is, in which expressions are left. JSON is YAML, too. */
async function withEncoded(value: unknown, parse: Parse): Promise<unknown> {
    if (Array.isArray(value)) return Promise.all(value.map((one) => withEncoded(one, parse)));
    if (isMap(value))
        return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, one]) => [key, await withEncoded(one, parse)])));
    const [, inner] = typeof value === "string" ? (/^\$\{(?:json|yaml)encode\((.*)\)\}$/s.exec(value) ?? []) : [];
    if (inner === undefined) return value;
    try {
        const { it } = await parse("encoded.tf", `it = ${inner}\n`);
        return isMap(it) ? JSON.stringify(await withEncoded(it, parse)) : value;
    } catch {
        return value;
    }
}
