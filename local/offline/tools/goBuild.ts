import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { exists } from "./cache";
import type { GoModule } from "./goModules";
import type { Ran, World } from "./machine";

/** What `go mod edit -json` prints, as far as it is needed here. */
export interface ModFile {
    Go: string;
    Require?: { Path: string; Version: string; Indirect?: boolean }[] | null;
    Replace?: { Old: { Path: string; Version?: string }; New: { Path: string; Version?: string } }[] | null;
}

/**
 * The go.mod of a module that only requires the tool's. `go install module@version` refuses modules with replace directives
 * (https://go.dev/ref/mod#go-install), and those of a dependency are ignored: so they are copied, with the exact versions of its release.
 */
export function wrapperModule({ name, source }: GoModule, of?: ModFile): string {
    if ("dir" in source || !of) return `module tools/${name}\n\ngo 1.21\n`;
    const { module, version } = source;
    const requires = of.Require ?? [];
    const local = (to: { Path: string }) => to.Path.startsWith(".");
    const spaced = (m: { Path: string; Version?: string }) => (m.Version ? `${m.Path} ${m.Version}` : m.Path);
    return [
        `module tools/${name}`,
        "",
        `go ${of.Go}`,
        "",
        "require (",
        `\t${module} ${version}`,
        ...requires.map((r) => `\t${r.Path} ${r.Version}${r.Indirect ? " // indirect" : ""}`),
        ")",
        ...(of.Replace ?? []).filter((r) => !local(r.New)).map((r) => `replace ${spaced(r.Old)} => ${spaced(r.New)}`),
        ...requires
            .filter((r) => module === "k8s.io/kubernetes" && r.Path.startsWith("k8s.io/") && r.Version === "v0.0.0")
            // Kubernetes keeps its staging modules in its own tree as v0.0.0; v1.34.4 of it publishes them as v0.34.4.
            .map((r) => `replace ${r.Path} => ${r.Path} ${version.replace(/^v1\./, "v0.")}`),
        "",
    ].join("\n");
}

/** One call for all packages of a module: they share the compiled rest. The flags are those of the releases, and part of Go's cache keys. */
export function buildArgs({ source, tags, variables }: GoModule, packages: readonly string[], out: string): string[] {
    const linked = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
    return [
        "build",
        "-mod=mod",
        "-trimpath",
        "-tags",
        tags ?? "",
        "-ldflags",
        `-s -w${linked.join("")}`,
        "-o",
        `${out}/`,
        ...packages.map((p) => ("dir" in source ? "." : [source.module, p].filter(Boolean).join("/"))),
    ];
}

/** Builds packages of one module into `dir`/bin and returns that folder. Go's own caches stay where they are; all else is in `dir`. */
export async function goBuild(
    compiler: string,
    module: GoModule,
    packages: readonly string[],
    dir: string,
    world: World,
    signal: AbortSignal,
): Promise<string> {
    const [src, out, tmp] = ["src", "bin", "tmp"].map((d) => path.join(dir, d)) as [string, string, string];
    for (const d of [src, out, tmp]) await mkdir(d, { recursive: true });
    const { os, arch } = world.platform;
    const env = {
        CGO_ENABLED: "0",
        GOOS: os,
        GOARCH: arch,
        GOFLAGS: "-buildvcs=false",
        GO111MODULE: "on",
        GOWORK: "off", // A go.work above the cache must not take part.
        GOTMPDIR: tmp,
    };
    const go = async (argv: readonly string[], deadline: number) =>
        successful(await world.run([compiler, ...argv], { signal, deadline, cwd: src, env }));
    if ("dir" in module.source) {
        await copyFile(path.join(module.source.dir, "main.go"), path.join(src, "main.go"));
        await writeFile(path.join(src, "go.mod"), wrapperModule(module));
    } else {
        const { module: name, version } = module.source;
        const got = JSON.parse(await go(["mod", "download", "-json", `${name}@${version}`], 600)) as { GoMod: string; Dir: string };
        const file = JSON.parse(await go(["mod", "edit", "-json", got.GoMod], 60)) as ModFile;
        await writeFile(path.join(src, "go.mod"), wrapperModule(module, file));
        const sums = path.join(got.Dir, "go.sum");
        // Written anew, not copied: files of the module cache are read-only, and Go adds the wrapped module's own sum.
        if (await exists(sums)) await writeFile(path.join(src, "go.sum"), await readFile(sums));
    }
    await go(buildArgs(module, packages, out), 3600);
    return out;
}

function successful({ code, stdout, stderr }: Ran): string {
    if (code === 0) return stdout;
    throw new Error(errorOf(stdout, stderr, code));
}

/** Go says why in its last line, or (mod download -json) in a field. */
function errorOf(stdout: string, stderr: string, code: number | null): string {
    const field = /"Error": "((?:[^"\\]|\\.)*)"/.exec(stdout)?.[1];
    return (field ?? stderr.trim().split("\n").at(-1) ?? "").slice(0, 300) || `exit code ${code}`;
}
