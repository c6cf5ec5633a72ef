import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Command } from "commander";
import { formatElapsed } from "../../terminal/progress";
import { ROOT } from "../support/root";
import { importsIn, likelyTests, MUTANTS, type Mutant, misfits } from "./mutants";

/**
 * Puts each mutant into a copy of the checkout and runs the unit tests there: first those that most likely notice it, then all. Prints which mutants were
 * caught. Exits with 1 if fewer are caught than `--least` says, with 2 if a mutant does not fit the code or the tests fail without any.
 */
const command = new Command("test:mutants")
    .description("Puts faults into a copy of the code, one at a time, and counts how many of them the unit tests notice.")
    .option("--check", "only check that every mutant fits the code")
    .option("--only <id...>", "only these mutants")
    .option("--least <percent>", "how many must be caught", "85")
    .option("--json", "print {caught, of, mutants:[{id, fault, caught, by, seconds}]} instead of lines");

/** What the copy is made of: everything but what is installed or made. */
const LEFT_OUT = ["node_modules", "reports", ".git", ".pulumi"];
/** It checks the mutants' texts, which a mutated file no longer has. */
const NOT_RUN = "tests/unit/mutants.test.ts";
/** A mutant that makes the tests hang is noticed, too. Mocha ends a single test; this is for code that never returns, on a machine that is busy. */
const HANGS_AFTER_MS = 900_000;

interface Verdict {
    /** Title of the first test that failed; undefined if none did. */
    by: string | undefined;
}

async function main(): Promise<number> {
    const options = command.parse().opts<{ check?: boolean; only?: string[]; least: string; json?: boolean }>();
    const unknown = options.only?.filter((id) => !MUTANTS.some((mutant) => mutant.id === id)) ?? [];
    const problems = [...misfits(MUTANTS, ROOT), ...unknown.map((id) => `${id}: there is no such mutant.`)];
    if (problems.length > 0) return failed(problems.join("\n"));
    if (options.check) return 0;

    const copy = mkdtempSync(join(tmpdir(), "thanos-fleet-mutants-"));
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            endTests();
            rmSync(copy, { recursive: true, force: true });
            process.exit(130);
        });
    try {
        copyCheckout(copy);
        const tests = unitTests(copy);
        const imports = importsIn(copy);
        const mutants = MUTANTS.filter(({ id }) => options.only?.includes(id) ?? true);
        // For a few mutants the tests that likely notice them have to do: all tests take as long as some mutants.
        const likely = (file: string) => likelyTests(file, tests, imports);
        const first = options.only ? [...new Set(mutants.flatMap(({ file }) => likely(file)))] : tests;
        const { by } = await runTests(copy, first);
        if (by !== undefined) return failed(`The tests fail without any mutant: ${by}`);
        const say = (line: string) => void process.stderr.write(`${line}\n`);
        const verdicts = await tryAll(mutants, copy, tests, likely, say);
        const caught = verdicts.filter((verdict) => verdict.caught);
        const summary = `${caught.length} of ${verdicts.length} caught (${percent(caught.length, verdicts.length).toFixed(1)} %)`;
        if (options.json)
            process.stdout.write(`${JSON.stringify({ caught: caught.length, of: verdicts.length, mutants: verdicts }, null, 2)}\n`);
        else process.stdout.write(`${summary}\n${verdicts.flatMap((v) => (v.caught ? [] : [`survived: ${v.id} ${v.fault}\n`])).join("")}`);
        return percent(caught.length, verdicts.length) < Number(options.least) ? 1 : 0;
    } finally {
        rmSync(copy, { recursive: true, force: true });
    }
}

function failed(why: string): number {
    process.stderr.write(`${why}\n`);
    return 2;
}

const percent = (part: number, of: number) => (of === 0 ? 100 : (100 * part) / of);

async function tryAll(
    mutants: readonly Mutant[],
    copy: string,
    tests: string[],
    likelyFor: (file: string) => string[],
    say: (line: string) => void,
) {
    const started = Date.now();
    const verdicts: { id: string; fault: string; caught: boolean; by?: string; seconds: number }[] = [];
    for (const [i, { id, file, fault, find, replace }] of mutants.entries()) {
        const from = Date.now();
        const original = readFileSync(join(copy, file), "utf8");
        // As a function: in a text, `$'` and the like have a meaning.
        writeFileSync(
            join(copy, file),
            original.replace(find, () => replace),
        );
        const likely = likelyFor(file);
        const first = likely.length > 0 ? await runTests(copy, likely) : { by: undefined };
        const { by } = first.by === undefined ? await runTests(copy, tests) : first;
        writeFileSync(join(copy, file), original);
        verdicts.push({ id, fault, caught: by !== undefined, ...(by !== undefined && { by }), seconds: (Date.now() - from) / 1000 });
        const left = formatElapsed(Date.now() - ((Date.now() - started) / (i + 1)) * (mutants.length - i - 1));
        say(
            `${i + 1}/${mutants.length} ${id} ${by === undefined ? `SURVIVED: ${fault}` : `caught: ${by}`} (${formatElapsed(from)}; ${left} left)`,
        );
    }
    return verdicts;
}

function copyCheckout(copy: string): void {
    for (const name of readdirSync(ROOT).filter((entry) => !LEFT_OUT.includes(entry)))
        cpSync(join(ROOT, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    mkdirSync(join(copy, "reports"));
}

const unitTests = (copy: string): string[] =>
    readdirSync(join(copy, "tests", "unit"), { recursive: true, withFileTypes: true })
        .filter(({ name }) => name.endsWith(".test.ts"))
        .map((entry) => relative(copy, join(entry.parentPath, entry.name)))
        .filter((test) => test !== NOT_RUN)
        .sort();

/** Ends the tests that run. They have a process group of their own, with every program that they start. */
let endTests = (): void => {};

/** Runs tests in the copy until the first one fails, with one process of low priority. */
async function runTests(copy: string, tests: readonly string[]): Promise<Verdict> {
    const report = join(copy, "reports", "mutant.json");
    rmSync(report, { force: true });
    const mocha = [join(copy, "node_modules", "mocha", "bin", "mocha.js"), "--no-config", "--require", "./register.js", "--bail", "--exit"];
    const reporter = ["--timeout", "60000", "--reporter", "json", "--reporter-option", `output=${report}`];
    const child = spawn("nice", ["-n", "10", process.execPath, ...mocha, ...reporter, ...tests], {
        cwd: copy,
        stdio: "ignore",
        detached: true,
    });
    endTests = () => void (child.pid !== undefined && process.kill(-child.pid, "SIGKILL"));
    const hangs = AbortSignal.timeout(HANGS_AFTER_MS);
    hangs.addEventListener("abort", endTests);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    hangs.removeEventListener("abort", endTests);
    endTests = () => {};
    if (code === 0) return { by: undefined };
    return { by: hangs.aborted ? "the tests hang" : (firstFailure(report) ?? `the tests cannot be run (exit code ${code})`) };
}

function firstFailure(report: string): string | undefined {
    try {
        const { failures } = JSON.parse(readFileSync(report, "utf8")) as { failures: { fullTitle: string }[] };
        return failures[0]?.fullTitle;
    } catch {
        return undefined;
    }
}

void main().then((code) => {
    process.exitCode = code;
});
