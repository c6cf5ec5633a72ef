import { chmod } from "node:fs/promises";
import * as path from "node:path";
import type { Progress, Step } from "../../terminal/progress";
import { type QueuedBuild, runBuilds } from "./tools/buildQueue";
import { place, publish, withCacheLock } from "./tools/cache";
import { entryOf, fileName, type ToolName } from "./tools/catalogue";
import { checkBinary } from "./tools/checkBinary";
import { bytesText, download } from "./tools/download";
import type { GoModule } from "./tools/goModules";
import { exists, type Machine, thisMachine } from "./tools/machine";
import { type MissingTool, summary, type Tool, ToolError } from "./tools/toolError";
import { bare } from "./tools/version";

export type { ToolName } from "./tools/catalogue";
export { cacheDirectory } from "./tools/machine";
export { type Tool, ToolError } from "./tools/toolError";

/**
 * Finds each tool, or gets it: PATH, the project's cache, official download, Debian package, build from its Go module.
 * An interrupted or failed run leaves nothing half-made; what it finished stays in the cache.
 */
export async function findTools<N extends ToolName>(
    names: readonly N[],
    progress: Progress,
    signal: AbortSignal,
    machine: Machine = thisMachine(),
): Promise<Record<N, Tool>> {
    const step = progress.step("Tools");
    const search = new ToolSearch([...new Set<ToolName>(names)], machine, signal, step);
    try {
        await search.all();
    } catch (e) {
        step.fail(
            e instanceof ToolError
                ? `not to be had: ${e.missing.map((m) => m.name).join(", ")}`
                : signal.aborted
                  ? "stopped"
                  : (e as Error).message,
        );
        throw e;
    }
    step.done(summary(search.found));
    for (const [name, tool] of search.found) progress.event("tool", { name, ...tool });
    return Object.fromEntries(search.found) as Record<N, Tool>;
}

class ToolSearch {
    private readonly got = new Map<ToolName, Tool>();
    private readonly tried = new Map<ToolName, MissingTool["tried"]>();

    constructor(
        private readonly names: readonly ToolName[],
        private readonly machine: Machine,
        private readonly signal: AbortSignal,
        private readonly step: Step,
    ) {}

    async all(): Promise<void> {
        await Promise.all(this.names.map((name) => this.onPath(name)));
        await this.cached();
        if (this.missing().length === 0) return;
        const dir = path.join(this.machine.cacheDir, "tools");
        let holder = "";
        const waiting = (who: string) => {
            if (who !== holder) this.step.update(`waiting for ${who}, which is making tools`);
            holder = who;
        };
        await withCacheLock(dir, this.signal, waiting, async (tmp) => {
            await this.cached(); // The run that was waited for may have made them.
            for (const name of this.missing()) if (!entryOf(name).debian) this.failed(name, "cache", "not there");
            for (const name of this.missing()) await this.downloaded(name, tmp);
            await this.packaged();
            await this.built(tmp);
        });
        this.giveUpOn(this.missing());
    }

    /** In the order of `names`. */
    get found(): Map<ToolName, Tool> {
        return new Map(this.names.flatMap((name) => (this.got.has(name) ? [[name, this.got.get(name)!]] : [])));
    }

    private missing(): ToolName[] {
        return this.names.filter((name) => !this.got.has(name));
    }

    private failed(name: ToolName, way: string, why: string): void {
        this.tried.set(name, [...(this.tried.get(name) ?? []), { way, why: why.split("\n")[0]! }]);
    }

    private giveUpOn(names: readonly ToolName[]): void {
        if (names.length > 0) throw new ToolError(names.map((name) => ({ name, tried: this.tried.get(name) ?? [] })));
    }

    private async onPath(name: ToolName): Promise<void> {
        const started = Date.now();
        const entry = entryOf(name);
        const file = await this.machine.lookPath(fileName(name), entry.debian?.dirs);
        if (!file) return this.failed(name, "PATH", `no ${fileName(name)}`);
        const check = await checkBinary(file, entry, this.machine, this.signal);
        if ("refused" in check) return this.failed(name, "PATH", check.refused);
        this.got.set(name, { path: file, version: check.version, from: "PATH", seconds: (Date.now() - started) / 1000 });
    }

    private async cached(): Promise<void> {
        for (const name of this.missing()) {
            const file = place(this.machine.cacheDir, name, this.machine.platform);
            if (await exists(file)) this.got.set(name, { path: file, version: bare(entryOf(name).version), from: "cache", seconds: 0 });
        }
    }

    /** Checks a new binary by starting it, then puts it into the cache. */
    private async keep(name: ToolName, binary: string, from: "download" | "build", started: number): Promise<void> {
        await chmod(binary, 0o755);
        const check = await checkBinary(binary, entryOf(name), this.machine, this.signal);
        if ("refused" in check) throw new Error(check.refused);
        const to = place(this.machine.cacheDir, name, this.machine.platform);
        await publish(binary, to);
        this.got.set(name, { path: to, version: check.version, from, seconds: (Date.now() - started) / 1000 });
    }

    private async downloaded(name: ToolName, tmp: string): Promise<void> {
        const started = Date.now();
        const from = entryOf(name).download?.(this.machine.platform);
        if (!from) return;
        const to = path.join(tmp, fileName(name));
        try {
            const say = (done: number, total: number | undefined) =>
                this.step.update(`downloading ${label(name)}${bytesText(done, total)}`);
            await download(from, to, this.machine, this.signal, say);
            await this.keep(name, to, "download", started);
        } catch (e) {
            this.signal.throwIfAborted();
            this.failed(name, "download", (e as Error).message);
        }
    }

    private async packaged(): Promise<void> {
        const wanted = this.missing().filter((name) => entryOf(name).debian);
        if (wanted.length === 0) return;
        const apt = await this.machine.lookPath("apt-get");
        if (!apt || !this.machine.root) {
            for (const name of wanted) this.failed(name, "package", apt ? "only root may install packages" : "no apt-get");
            return;
        }
        const packages = [...new Set(wanted.map((name) => entryOf(name).debian!.package))];
        this.step.update(`installing ${packages.join(", ")}`);
        const started = Date.now();
        const aptGet = (...argv: string[]) =>
            this.machine.run([apt, "-q", "-o", "DPkg::Lock::Timeout=120", ...argv], {
                signal: this.signal,
                deadline: 600,
                env: { DEBIAN_FRONTEND: "noninteractive" },
            });
        await aptGet("update");
        const whys = new Map<string, string>();
        // One by one: a package that this release of the system lacks must not keep the others out.
        for (const pkg of packages) {
            const ran = await aptGet("install", "--yes", "--no-install-recommends", pkg);
            if (ran.code !== 0) whys.set(pkg, `apt-get install ${pkg}: ${ran.stderr.trim().split("\n").at(-1) || `exit code ${ran.code}`}`);
        }
        for (const name of wanted) {
            const entry = entryOf(name);
            const file = await this.machine.lookPath(fileName(name), entry.debian!.dirs);
            const check = file
                ? await checkBinary(file, entry, this.machine, this.signal)
                : { refused: `${entry.debian!.package} has no ${fileName(name)}` };
            if (file && "version" in check)
                this.got.set(name, { path: file, version: check.version, from: "package", seconds: (Date.now() - started) / 1000 });
            else this.failed(name, "package", whys.get(entry.debian!.package) ?? ("refused" in check ? check.refused : ""));
        }
    }

    private async built(tmp: string): Promise<void> {
        const missing = this.missing();
        const go = await this.machine.lookPath("go", ["/usr/local/go/bin"]);
        const buildable = missing.filter((name) => entryOf(name).go);
        if (!go) for (const name of buildable) this.failed(name, "build", "no Go compiler (no `go` on PATH)");
        // A tool that cannot be built either is not to be had: say so before building the others for minutes.
        this.giveUpOn(go ? missing.filter((name) => !entryOf(name).go) : missing);
        const modules = [...new Set(buildable.map((name) => entryOf(name).go!.module))];
        const builds = modules.map((module) => {
            const names = buildable.filter((name) => entryOf(name).go!.module === module);
            return this.buildOf(module, names, path.join(tmp, module.name));
        });
        await runBuilds(builds, { go: go!, machine: this.machine, signal: this.signal }, (text) => this.step.update(text));
        this.signal.throwIfAborted();
    }

    private buildOf(module: GoModule, names: readonly ToolName[], dir: string): QueuedBuild {
        return {
            module,
            packages: names.map((name) => entryOf(name).go!.package),
            dir,
            label: names.length === 1 ? label(names[0]!) : `${module.name} ${bare(entryOf(names[0]!).version)} (${names.length} programs)`,
            cpuSeconds: names.reduce((sum, name) => sum + entryOf(name).cpuSeconds, 0),
            finish: async (result) => {
                for (const name of names)
                    try {
                        if ("error" in result) throw result.error;
                        await this.keep(name, path.join(result.binaries, fileName(name)), "build", result.started);
                    } catch (e) {
                        this.failed(name, "build", (e as Error).message);
                    }
            },
        };
    }
}

const label = (name: ToolName) => `${name} ${bare(entryOf(name).version)}`.trim();
