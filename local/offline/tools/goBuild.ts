import { chmod, copyFile, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import type { GoModule } from "./goModules";
import { exists, type Machine, type Ran, type RunOptions } from "./machine";

/** What `go mod edit -json` prints, as far as it is needed here. */
export interface ModFile {
    Go: string;
    Require?: { Path: string; Version: string; Indirect?: boolean }[] | null;
    Replace?: { Old: { Path: string; Version?: string }; New: { Path: string; Version?: string } }[] | null;
}

/** The programs of one module, built in one call: they share the compiled packages. */
export interface GoBuild {
    module: GoModule;
    /** Paths of the main packages inside the module. */
    packages: readonly string[];
    /** Holds the build's sources, temporary files and binaries; Go's own caches stay where they are. */
    dir: string;
}

export interface Compiler {
    /** Path of the `go` command. */
    go: string;
    machine: Machine;
    signal: AbortSignal;
}

/** The copy of a module that lacks files, beside the go.mod that wraps it. */
const COMPLETED = "completed";

/** Copies a module and adds files. Go's overlays can't do it: they must not name files of the module cache. */
async function completeModule(from: string, to: string, files: Readonly<Record<string, string>>): Promise<void> {
    await cp(from, to, { recursive: true });
    // Folders of the module cache are read-only, and so are their copies.
    const folders = (await readdir(to, { recursive: true, withFileTypes: true })).filter((entry) => entry.isDirectory());
    for (const folder of [to, ...folders.map(({ parentPath, name }) => path.join(parentPath, name))]) await chmod(folder, 0o755);
    for (const [inside, file] of Object.entries(files)) {
        await mkdir(path.dirname(path.join(to, inside)), { recursive: true });
        await copyFile(file, path.join(to, inside));
    }
}

/**
 * The go.mod of a module that only requires the tool's. `go install module@version` refuses modules with replace directives
 * (https://go.dev/ref/mod#go-install), and Go ignores a dependency's replaces: so they are copied, with the exact versions of its release.
 */
export function wrapperModule({ name, published, files }: GoModule, of?: ModFile): string {
    if (!published || !of) return `module tools/${name}\n\ngo 1.21\n`;
    const requires = of.Require ?? [];
    const local = (to: { Path: string }) => to.Path.startsWith(".");
    const spaced = (m: { Path: string; Version?: string }) => (m.Version ? `${m.Path} ${m.Version}` : m.Path);
    return [
        `module tools/${name}`,
        "",
        `go ${of.Go}`,
        "",
        "require (",
        `\t${published.path} ${published.version}`,
        ...requires.map((r) => `\t${r.Path} ${r.Version}${r.Indirect ? " // indirect" : ""}`),
        ")",
        ...(files ? [`replace ${published.path} => ./${COMPLETED}`] : []),
        ...(of.Replace ?? []).filter((r) => !local(r.New)).map((r) => `replace ${spaced(r.Old)} => ${spaced(r.New)}`),
        ...requires
            .filter((r) => published.path === "k8s.io/kubernetes" && r.Path.startsWith("k8s.io/") && r.Version === "v0.0.0")
            // Kubernetes keeps its staging modules in its own tree as v0.0.0, and publishes those of v1.34.4 as v0.34.4.
            .map((r) => `replace ${r.Path} => ${r.Path} ${published.version.replace(/^v1\./, "v0.")}`),
        "",
    ].join("\n");
}

const mains = ({ published, main }: GoModule, packages: readonly string[]) =>
    packages.map((p) => (main || !published ? "." : [published.path, p].filter(Boolean).join("/")));

/**
 * A demonstration waits for the compiler more than for its programs. CPU seconds of k8s.io/api/core/v1 and all below it, from an empty cache:
 * 63 as released, 49 without DWARF, 41 also without optimisation (-N -l), 44 without optimisation alone (-N), 35 without inlining alone (-l).
 * The standard library is compiled once for all tools and has the hottest code, so it is inlined: promtool writes the history in 7.2 CPU seconds,
 * in 8.8 without inlining there, in 6.9 as released.
 */
const FAST_COMPILE = ["-gcflags=all=-dwarf=false -l", "-gcflags=std=-dwarf=false"];

/**
 * Tags and variables are those of the releases. FAST_COMPILE differs from them on purpose, and is the same for all tools: the flags are part
 * of Go's cache keys, so equal flags let all tools share the compiled standard library.
 */
export function buildArgs(module: GoModule, packages: readonly string[], out: string): string[] {
    const linked = Object.entries(module.variables).map(([name, value]) => ` -X ${name}=${value}`);
    return [
        "build",
        "-v",
        "-mod=mod",
        "-trimpath",
        ...FAST_COMPILE,
        "-tags",
        module.tags ?? "",
        "-ldflags",
        `-s -w${linked.join("")}`,
        "-o",
        `${out}/`,
        ...mains(module, packages),
    ];
}

/** Downloads what the packages import and answers how many packages that is, those of the standard library not counted. */
export async function fetchSources(compiler: Compiler, { module, packages, dir }: GoBuild): Promise<number> {
    const { src, go } = await workspace(compiler, dir);
    const { published, main, files } = module;
    if (main) await copyFile(path.join(main, "main.go"), path.join(src, "main.go"));
    if (published) {
        const got = JSON.parse(await go(["mod", "download", "-json", `${published.path}@${published.version}`], { deadline: 600 }));
        const file = JSON.parse(await go(["mod", "edit", "-json", got.GoMod], { deadline: 60 })) as ModFile;
        await writeFile(path.join(src, "go.mod"), wrapperModule(module, file));
        const sums = path.join(got.Dir, "go.sum");
        // Written anew, not copied: files of the module cache are read-only, and Go adds the wrapped module's own sum.
        if (await exists(sums)) await writeFile(path.join(src, "go.sum"), await readFile(sums));
        if (files) await completeModule(got.Dir, path.join(src, COMPLETED), files);
    } else await writeFile(path.join(src, "go.mod"), wrapperModule(module));
    // Unlike `go mod download`, this leaves out modules that only other packages and their tests import.
    const list = [
        "list",
        "-mod=mod",

        "-deps",
        "-tags",
        module.tags ?? "",
        "-f",
        "{{if not .Standard}}{{.ImportPath}}{{end}}",
    ];
    const listed = await go([...list, ...mains(module, packages)], { deadline: 1800 });
    return listed.split("\n").filter(Boolean).length;
}

/** Compiles fetched sources and answers the folder of the binaries. `compiled` is called for each package, those of the standard library not counted. */
export async function compile(compiler: Compiler, { module, packages, dir }: GoBuild, compiled: () => void): Promise<string> {
    const { out, go } = await workspace(compiler, dir);
    // `-v` prints the import path of each package. The first element of a path outside the standard library is a host's name.
    const onErrorLine = (line: string) => /^[\w-]+\.\S+$/.test(line) && compiled();
    await go(buildArgs(module, packages, out), { deadline: 3600, onErrorLine });
    return out;
}

async function workspace({ go, machine, signal }: Compiler, dir: string) {
    const [src, out, tmp] = ["src", "bin", "tmp"].map((d) => path.join(dir, d)) as [string, string, string];
    for (const d of [src, out, tmp]) await mkdir(d, { recursive: true });
    const { os, arch } = machine.platform;
    const env = {
        CGO_ENABLED: "0",
        GOOS: os,
        GOARCH: arch,
        GOFLAGS: "-buildvcs=false",
        GO111MODULE: "on",
        GOWORK: "off", // A go.work above the cache must not take part.
        GOTMPDIR: tmp,
    };
    return {
        src,
        out,
        go: async (argv: readonly string[], options: Pick<RunOptions, "deadline" | "onErrorLine">) =>
            successful(await machine.run([go, ...argv], { ...options, signal, cwd: src, env })),
    };
}

function successful({ code, stdout, stderr }: Ran): string {
    if (code === 0) return stdout;
    throw new Error(errorOf(stdout, stderr, code));
}

/** Go prints the reason in its last line, or (mod download -json) in a field. */
function errorOf(stdout: string, stderr: string, code: number | null): string {
    const field = /"Error": "((?:[^"\\]|\\.)*)"/.exec(stdout)?.[1];
    return (field ?? stderr.trim().split("\n").at(-1) ?? "").slice(0, 300) || `exit code ${code}`;
}
