import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Table from "cli-table3";
import { Command } from "commander";
import { compare, prerelease, valid } from "semver";
import { dependencies, devDependencies } from "../package.json";
import { color } from "../terminal/color";
import { CHARTS, releaseOf, UPSTREAM } from "../upstream/sources";
import { VERSIONS } from "../upstream/versions";

/** Pinned versions beside the newest releases. It only looks: no answer, or a late one, is an answer too. */

const run = promisify(execFile);
const WITHIN_MS = 20_000;

interface Row {
    name: string;
    pinned: string;
    /** Left out where nobody answered in time. */
    newest?: string;
    /** Who was asked. */
    source: string;
}

async function upstreamRow(name: keyof typeof UPSTREAM, signal: AbortSignal): Promise<Row> {
    const { goModule, repository } = UPSTREAM[name];
    const tags = goVersions(goModule.path, signal)
        .then((versions) => versions.flatMap((version) => releaseOf(goModule, version) ?? []))
        .catch(() => gitHubTags(repository, signal));
    return row(name, VERSIONS[name], tags.then(newest), "Go modules, else GitHub");
}

async function chartRow(name: keyof typeof CHARTS, signal: AbortSignal): Promise<Row> {
    const { repository, tag } = CHARTS[name];
    const found = gitHubTags(repository, signal).then((tags) => newest(tags.flatMap((release) => tag.exec(release)?.[1] ?? [])));
    return row(name, VERSIONS[name], found, "GitHub");
}

async function npmRows(signal: AbortSignal): Promise<Row[]> {
    const outdated = npmOutdated(signal);
    const pinned = Object.entries({ ...dependencies, ...devDependencies });
    return Promise.all(
        pinned.map(([name, version]) =>
            row(
                name,
                version,
                outdated.then((found) => found[name]?.latest ?? version),
                npmSource,
            ),
        ),
    );
}

/** No answer is not a failure: it is told in the row. */
const row = (name: string, pinned: string, answer: Promise<string | undefined>, source: string): Promise<Row> =>
    answer.then(
        // A mirror may know less than the pin.
        (found) => ({ name, pinned, ...(found !== undefined && { newest: newest([pinned, found]) ?? found }), source }),
        () => ({ name, pinned, source }),
    );

const npmSource = `npm, for Node ${process.versions.node.split(".")[0]}`;

async function goVersions(module: string, signal: AbortSignal): Promise<string[]> {
    // In a folder without a go.mod, so that nothing there decides what is listed.
    const { stdout } = await run("go", ["list", "-m", "-versions", module], { signal, cwd: tmpdir() });
    return stdout.trim().split(" ").slice(1);
}

async function gitHubTags(repository: string, signal: AbortSignal): Promise<string[]> {
    const answer = await fetch(`https://api.github.com/repos/${repository}/releases?per_page=100`, { signal });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return ((await answer.json()) as { tag_name: string }[]).map((release) => release.tag_name);
}

/** The newest that the running Node can use. npm ends with 1 where something is outdated, and prints an error as JSON too. */
async function npmOutdated(signal: AbortSignal): Promise<Record<string, { latest?: string } | undefined>> {
    const { stdout } = await run("npm", ["outdated", "--json"], { signal, cwd: join(__dirname, "..") }).catch(
        (failed: { stdout?: string }) => ({ stdout: failed.stdout ?? "" }),
    );
    const found = JSON.parse(stdout || "{}") as Record<string, { latest?: string }>;
    if ("error" in found || signal.aborted) throw new Error("npm's registry does not answer");
    return found;
}

/** The newest of what is no pre-release. */
const newest = (tags: readonly string[]): string | undefined =>
    tags
        .filter((tag) => valid(tag) !== null && prerelease(tag) === null)
        .sort(compare)
        .at(-1);

function tableOf(rows: readonly Row[]): string {
    const table = new Table({ head: ["", "pinned", "newest", "asked"], style: { head: [], border: [], compact: true } });
    for (const { name, pinned, newest: found, source } of rows)
        table.push([
            name,
            pinned,
            found === undefined ? color.dim("not reachable") : found === pinned ? found : color.yellow(found),
            source,
        ]);
    return table.toString();
}

async function main(): Promise<void> {
    const command = new Command("versions")
        .description("Prints every pinned version beside the newest release, as far as somebody answers within 20 seconds.")
        .option("--json", "print [{name, pinned, newest?, source}] and nothing else");
    const { json } = command.parse().opts<{ json?: boolean }>();
    const signal = AbortSignal.timeout(WITHIN_MS);
    const upstream = Object.keys(UPSTREAM) as (keyof typeof UPSTREAM)[];
    const charts = Object.keys(CHARTS) as (keyof typeof CHARTS)[];
    const rows = await Promise.all([
        ...upstream.map((name) => upstreamRow(name, signal)),
        ...charts.map((name) => chartRow(name, signal)),
        npmRows(signal),
    ]);
    process.stdout.write(json ? `${JSON.stringify(rows.flat(), null, 2)}\n` : `${tableOf(rows.flat())}\n`);
}

main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
