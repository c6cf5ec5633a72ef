/**
 * Lets Node run TypeScript: `node --require ./register.js index.ts`. Made for a fast start; docs/adr/0006 has the reasons and the figures.
 * Does not check types; `npm run check` does. Stack traces show lines of the compiled code; with `NODE_OPTIONS=--enable-source-maps`, of the source.
 */
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join, relative } = require("node:path");

const OPTIONS = { module: 1 /* CommonJS */, target: 9 /* ES2022 */, esModuleInterop: true, inlineSourceMap: true, inlineSources: true };

/** Compiled files, named by the hash of source, path in the checkout, options and compiler version, so none is ever out of date. `npm ci` removes them. */
const CACHE = join(__dirname, "node_modules", ".cache", "thanos-fleet");
const SALT = JSON.stringify([OPTIONS, require("typescript/package.json").version]);

Module._extensions[".ts"] = (module, file) => module._compile(compiled(file), file);

function compiled(file) {
    const source = readFileSync(file, "utf8");
    const cached = join(CACHE, `${createHash("sha256").update(SALT).update(relative(__dirname, file)).update(source).digest("hex")}.js`);
    try {
        return readFileSync(cached, "utf8");
    } catch {
        const { outputText } = require("typescript").transpileModule(source, { fileName: file, compilerOptions: OPTIONS });
        writeToCache(cached, outputText);
        return outputText;
    }
}

/** Writes a temporary file and renames it, since several programs may start at once. Without write access, each start compiles again. */
function writeToCache(file, text) {
    try {
        mkdirSync(CACHE, { recursive: true });
        writeFileSync(`${file}.${process.pid}`, text);
        renameSync(`${file}.${process.pid}`, file);
    } catch {}
}

/**
 * The SDK loads a compiler and npm's dependency solver when it starts, to serialize functions of dynamic providers. This project has none, so both
 * are loaded on first use: that saves two thirds of the SDK's start and 50 MB. In an SDK with other paths, both load at once again.
 */
const LOADED_ON_FIRST_USE = new Set(["../../typescript-shim", "@npmcli/arborist"]);
const load = Module._load;
Module._load = function (request, parent, ...rest) {
    if (!LOADED_ON_FIRST_USE.has(request) || !/[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]closure[\\/]/.test(parent?.filename ?? ""))
        return load.call(this, request, parent, ...rest);
    // With `__esModule`, the SDK does not copy the properties, which would load the module.
    return new Proxy({}, { get: (_, key) => key === "__esModule" || load.call(this, request, parent, ...rest)[key] });
};
