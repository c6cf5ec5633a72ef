import { chmod } from "node:fs/promises";
import * as path from "node:path";
import { type Progress, type Step, formatElapsed as since } from "../../terminal/progress";
import { alone, exists, place, publish } from "./tools/cache";
import { entryOf, fileName, type ToolName } from "./tools/catalogue";
import { judge } from "./tools/checkBinary";
import { download } from "./tools/download";
import { goBuild } from "./tools/goBuild";
import type { GoModule } from "./tools/goModules";
import { thisMachine, type World } from "./tools/machine";
import { duration, type Missing, summary, type Tool, ToolError } from "./tools/toolError";
import { bare } from "./tools/version";

export type { ToolName } from "./tools/catalogue";
export { type Tool, ToolError } from "./tools/toolError";

/** Progress lines of a long build: often enough to see that it lives, rarely enough for a log. */
const TELL_EVERY_MS = 30_000;

/**
 * Finds each tool, or gets it: PATH, the project's cache, official download, Debian package, build from its Go module.
 * An interrupted or failed run leaves nothing half-made; what it finished stays in the cache.
 */
export async function findTools<N extends ToolName>(
    names: readonly N[],
    progress: Progress,
    signal: AbortSignal,
    world: World = thisMachine(),
): Promise<Record<N, Tool>> {
    const step = progress.step("Tools");
    const search = new Search([...new Set<ToolName>(names)], world, signal, step);
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

class Search {
    private readonly got = new Map<ToolName, Tool>();
    private readonly tried = new Map<ToolName, Missing["tried"]>();

    constructor(
        private readonly names: readonly ToolName[],
        private readonly world: World,
        private readonly signal: AbortSignal,
        private readonly step: Step,
    ) {}

    async all(): Promise<void> {
        await Promise.all(this.names.map((name) => this.onPath(name)));
        await this.cached();
        if (this.missing().length === 0) return;
        const dir = path.join(this.world.cacheDir, "tools");
        let told = "";
        const waiting = (who: string) => {
            if (who !== told) this.step.update(`waiting for ${who}, which is making tools`);
            told = who;
        };
        await alone(dir, this.signal, waiting, async (tmp) => {
            await this.cached(); // The run that was waited for may have made them.
            for (const name of this.missing()) if (!entryOf(name).debian) this.failed(name, "cache", "not there");
            for (const name of this.missing()) await this.downloaded(name, tmp);
            await this.packaged();
            await this.built(tmp);
        });
        this.giveUpOn(this.missing());
    }

    /** In the order they were asked for. */
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
        const file = await this.world.lookPath(fileName(name), entry.debian?.dirs);
        if (!file) return this.failed(name, "PATH", `no ${fileName(name)}`);
        const verdict = await judge(file, entry, this.world, this.signal);
        if ("refused" in verdict) return this.failed(name, "PATH", verdict.refused);
        this.got.set(name, { path: file, version: verdict.version, from: "PATH", seconds: (Date.now() - started) / 1000 });
    }

    private async cached(): Promise<void> {
        for (const name of this.missing()) {
            const file = place(this.world.cacheDir, name, this.world.platform);
            if (await exists(file)) this.got.set(name, { path: file, version: bare(entryOf(name).version), from: "cache", seconds: 0 });
        }
    }

    /** Checks a new binary by starting it, then puts it into the cache. */
    private async keep(name: ToolName, binary: string, from: "download" | "build", started: number): Promise<void> {
        await chmod(binary, 0o755);
        const verdict = await judge(binary, entryOf(name), this.world, this.signal);
        if ("refused" in verdict) throw new Error(verdict.refused);
        const to = place(this.world.cacheDir, name, this.world.platform);
        await publish(binary, to);
        this.got.set(name, { path: to, version: verdict.version, from, seconds: (Date.now() - started) / 1000 });
    }

    private async downloaded(name: ToolName, tmp: string): Promise<void> {
        const started = Date.now();
        const from = entryOf(name).download?.(this.world.platform);
        if (!from) return;
        const to = path.join(tmp, fileName(name));
        try {
            await download(from, to, this.world, this.signal, () => this.step.update(`downloading ${label(name)}`));
            await this.keep(name, to, "download", started);
        } catch (e) {
            this.signal.throwIfAborted();
            this.failed(name, "download", (e as Error).message);
        }
    }

    private async packaged(): Promise<void> {
        const wanted = this.missing().filter((name) => entryOf(name).debian);
        if (wanted.length === 0) return;
        const apt = await this.world.lookPath("apt-get");
        if (!apt || !this.world.root) {
            for (const name of wanted) this.failed(name, "package", apt ? "only root may install packages" : "no apt-get");
            return;
        }
        const packages = [...new Set(wanted.map((name) => entryOf(name).debian!.package))];
        this.step.update(`installing ${packages.join(", ")}`);
        const started = Date.now();
        const aptGet = (...argv: string[]) =>
            this.world.run([apt, "-q", "-o", "DPkg::Lock::Timeout=120", ...argv], {
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
            const file = await this.world.lookPath(fileName(name), entry.debian!.dirs);
            const verdict = file
                ? await judge(file, entry, this.world, this.signal)
                : { refused: `${entry.debian!.package} has no ${fileName(name)}` };
            if (file && "version" in verdict)
                this.got.set(name, { path: file, version: verdict.version, from: "package", seconds: (Date.now() - started) / 1000 });
            else this.failed(name, "package", whys.get(entry.debian!.package) ?? ("refused" in verdict ? verdict.refused : ""));
        }
    }

    private async built(tmp: string): Promise<void> {
        const missing = this.missing();
        const go = await this.world.lookPath("go", ["/usr/local/go/bin"]);
        const buildable = missing.filter((name) => entryOf(name).go);
        if (!go) for (const name of buildable) this.failed(name, "build", "no Go compiler (no `go` on PATH)");
        // What can't be built can't be had any more: say so before building the rest for minutes.
        this.giveUpOn(go ? missing.filter((name) => !entryOf(name).go) : missing);
        for (const module of new Set(buildable.map((name) => entryOf(name).go!.module)))
            await this.builtFrom(module, buildable, path.join(tmp, module.name), go!);
    }

    private async builtFrom(module: GoModule, buildable: readonly ToolName[], dir: string, go: string): Promise<void> {
        const started = Date.now();
        const group = buildable.filter((name) => entryOf(name).go!.module === module);
        const estimate = group.reduce((sum, name) => sum + entryOf(name).seconds, 0);
        const what =
            group.length === 1 ? label(group[0]!) : `${module.name} ${bare(entryOf(group[0]!).version)} (${group.length} programs)`;
        const tell = () => this.step.update(`building ${what}: ${since(started)} of up to about ${duration(estimate)}`);
        tell();
        const ticking = setInterval(tell, TELL_EVERY_MS);
        try {
            const packages = group.map((name) => entryOf(name).go!.package);
            const out = await goBuild(go, module, packages, dir, this.world, this.signal);
            for (const name of group)
                await this.keep(name, path.join(out, fileName(name)), "build", started).catch((e: Error) =>
                    this.failed(name, "build", e.message),
                );
        } catch (e) {
            this.signal.throwIfAborted();
            for (const name of group) this.failed(name, "build", (e as Error).message);
        } finally {
            clearInterval(ticking);
        }
        this.signal.throwIfAborted();
    }
}

const label = (name: ToolName) => `${name} ${bare(entryOf(name).version)}`.trim();
