/**
 * Runs TypeScript as it is: `node --require ./register.js index.ts`. Made for a fast start; docs/adr/0006 has the reasons and the figures.
 * Types are not looked at (`npm run check` does). Stack traces show translated lines; `NODE_OPTIONS=--enable-source-maps` shows the real ones.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join } = require("node:path");

const OPTIONS = { module: 1 /* CommonJS */, target: 9 /* ES2022 */, esModuleInterop: true, inlineSourceMap: true, inlineSources: true };

/** Translated files, by the hash of what they were made from: nothing in it is ever out of date. `npm ci` empties it. */
const CACHE = join(__dirname, "node_modules", ".cache", "thanos-fleet");
const SALT = JSON.stringify([OPTIONS, require("typescript/package.json").version]);

Module._extensions[".ts"] = (module, file) => module._compile(translated(file), file);

function translated(file) {
    const source = readFileSync(file, "utf8");
    const kept = join(CACHE, `${createHash("sha256").update(SALT).update(file).update(source).digest("hex")}.js`);
    try {
        return readFileSync(kept, "utf8");
    } catch {
        const { outputText } = require("typescript").transpileModule(source, { fileName: file, compilerOptions: OPTIONS });
        keep(kept, outputText);
        return outputText;
    }
}

/** Written beside and renamed, since several programs may start at once. A folder that cannot be written to only costs time. */
function keep(file, text) {
    try {
        mkdirSync(CACHE, { recursive: true });
        writeFileSync(`${file}.${process.pid}`, text);
        renameSync(`${file}.${process.pid}`, file);
    } catch {}
}

/**
 * The SDK loads a compiler and npm's dependency solver at its start, to serialize functions of dynamic providers. There are none here, so both are
 * loaded when they are first used: that saves two thirds of the SDK's start and 50 MB. With an SDK that is laid out otherwise, this does nothing.
 */
const LATER = new Set(["../../typescript-shim", "@npmcli/arborist"]);
const load = Module._load;
Module._load = function (request, parent, ...rest) {
    if (!LATER.has(request) || !/[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]closure[\\/]/.test(parent?.filename ?? ""))
        return load.call(this, request, parent, ...rest);
    // `__esModule` keeps the SDK from copying it, which would load it.
    return new Proxy({}, { get: (_, key) => key === "__esModule" || load.call(this, request, parent, ...rest)[key] });
};
