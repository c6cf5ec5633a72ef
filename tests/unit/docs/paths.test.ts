import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { ROOT } from "../../support/root";

/** Not part of the checkout. */
const GENERATED = ["node_modules", "reports", ".git", ".pulumi"];

const inFolder = (folder: string): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
        .filter(({ name }) => !GENERATED.includes(name))
        .flatMap((entry) => {
            const path = join(folder, entry.name);
            return entry.isDirectory() ? inFolder(path) : [path];
        });

const files = inFolder(".");
const names = new Set(files.map((file) => basename(file)));
const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !GENERATED.includes(entry.name))
    .map(({ name }) => name.replace(".", "\\."));

/** A path from the root of the checkout: a file with an extension, or a folder that ends with a slash. */
const PATH = new RegExp(
    `(?<![\\w./@<>*{}-])(?<!biome-ignore )(?:${folders.join("|")})/(?:[\\w.<>*{},-]+/)*(?:[\\w.<>*{},-]*\\.[a-z]+\\b)?`,
    "g",
);
/** The name of a TypeScript file, without a folder. */
const FILE_NAME = /(?<![\w./@<>*{}-])[\w.-]+\.ts\b/g;
const PLACEHOLDER = /[<>*{}]/;
/** Comments cite documents of other projects (Thanos, AWS) by paths that look like ours, so only decisions are checked there. */
const CITATION = /^(?!docs\/adr\/).*\.(md|json)$/;

/** The parts of a file that are written for a reader: all of a Markdown file, and the comments of code. */
function prose(file: string, text: string): string {
    if (file.endsWith(".md")) return text;
    const comment = /\.(ts|js)$/.test(file) ? /(?:^|\s)(?:\/\/|\/?\*+)\s(.*)$/gm : /(?:^|\s)#\s(.*)$/gm;
    return [...text.matchAll(comment)].map(([, words]) => words).join("\n");
}

function missing(file: string): string[] {
    const text = prose(file, readFileSync(join(ROOT, file), "utf8"));
    const paths = [...text.matchAll(PATH)]
        .map(([path]) => path)
        .filter((path) => !PLACEHOLDER.test(path) && (file.endsWith(".md") || !CITATION.test(path)) && !existsSync(join(ROOT, path)));
    const fileNames = [...text.matchAll(FILE_NAME)].map(([name]) => name).filter((name) => !names.has(name));
    const links = file.endsWith(".md")
        ? [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
              .map(([, link = ""]) => link)
              .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(ROOT, dirname(file), link)))
        : [];
    return [...paths, ...fileNames, ...links].map((path) => `${relative(".", file)}: ${path}`);
}

describe("documents and comments", () => {
    it("name only files and folders that exist", () => {
        const read = files.filter((file) => /\.(md|ts|js|ya?ml)$/.test(file) && !file.startsWith("tests/golden/"));
        assert.deepEqual(read.flatMap(missing), []);
    });
});
