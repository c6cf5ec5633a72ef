import { execFile } from "node:child_process";
import { setMaxListeners } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Table from "cli-table3";
import { Command } from "commander";
import { dependencies, devDependencies } from "../package.json";
import { color } from "../terminal/color";
import { CHARTS, newest, releaseOf, TAGGED, UPSTREAM } from "../upstream/sources";
import { VERSIONS } from "../upstream/versions";

/** Prints every pinned version beside the newest release. A source that does not answer, or not in time, is shown in the table and is not a failure. */

const run = promisify(execFile);
const DEADLINE_MS = 20_000;

interface Row {
    name: string;
    pinned: string;
    /** Absent if the source did not answer in time. */
    newest?: string;
    /** Where the newest release was looked up. */
    source: string;
}

async function upstreamRow(name: keyof typeof UPSTREAM, signal: AbortSignal): Promise<Row> {
    const { goModule, repository } = UPSTREAM[name];
    const tags = goVersions(goModule.path, signal)
        .then((versions) => versions.flatMap((version) => releaseOf(goModule, version) ?? []))
        .catch(() => gitHubReleases(repository, signal));
    return row(name, VERSIONS[name], tags.then(newest), "Go modules, else GitHub");
}

async function chartRow(name: keyof typeof CHARTS, signal: AbortSignal): Promise<Row> {
    const { repository, tag } = CHARTS[name];
    const latest = gitHubReleases(repository, signal).then((tags) => newest(tags.flatMap((release) => tag.exec(release)?.[1] ?? [])));
    return row(name, VERSIONS[name], latest, "GitHub");
}

const taggedRow = (name: keyof typeof TAGGED, signal: AbortSignal): Promise<Row> =>
    row(name, VERSIONS[name], gitHubTags(TAGGED[name].repository, signal).then(newest), "GitHub");

async function npmRows(signal: AbortSignal): Promise<Row[]> {
    const outdated = npmOutdated(signal);
    const pinned = Object.entries({ ...dependencies, ...devDependencies });
    return Promise.all(
        pinned.map(([name, version]) =>
            row(
                name,
                version,
                outdated.then((packages) => packages[name]?.latest ?? version),
                npmSource,
            ),
        ),
    );
}

/** The row has no newest version if the lookup fails. */
const row = (name: string, pinned: string, latest: Promise<string | undefined>, source: string): Promise<Row> =>
    latest.then(
        // A mirror may be older than the pinned version.
        (version) => ({ name, pinned, ...(version !== undefined && { newest: newest([pinned, version]) ?? version }), source }),
        () => ({ name, pinned, source }),
    );

const npmSource = `npm, for Node ${process.versions.node.split(".")[0]}`;

async function goVersions(module: string, signal: AbortSignal): Promise<string[]> {
    // In a folder without a go.mod, which could replace the module.
    const { stdout } = await run("go", ["list", "-m", "-versions", module], { signal, cwd: tmpdir() });
    return stdout.trim().split(" ").slice(1);
}

const gitHubReleases = async (repository: string, signal: AbortSignal) =>
    (await gitHub<{ tag_name: string }>(`${repository}/releases`, signal)).map((release) => release.tag_name);

const gitHubTags = async (repository: string, signal: AbortSignal) =>
    (await gitHub<{ name: string }>(`${repository}/tags`, signal)).map((tag) => tag.name);

/** The first hundred entries of a list. */
async function gitHub<T>(path: string, signal: AbortSignal): Promise<T[]> {
    const response = await fetch(`https://api.github.com/repos/${path}?per_page=100`, { signal });
    if (!response.ok) throw new Error(`GitHub answers with status ${response.status}`);
    return (await response.json()) as T[];
}

/** Packages with a newer version for the running Node. npm exits with 1 if there is one, and prints errors as JSON too. */
async function npmOutdated(signal: AbortSignal): Promise<Record<string, { latest?: string } | undefined>> {
    const { stdout } = await run("npm", ["outdated", "--json"], { signal, cwd: join(__dirname, "..") }).catch(
        (failed: { stdout?: string }) => ({ stdout: failed.stdout ?? "" }),
    );
    const packages = JSON.parse(stdout || "{}") as Record<string, { latest?: string }>;
    if ("error" in packages || signal.aborted) throw new Error("npm's registry does not answer");
    return packages;
}

function tableOf(rows: readonly Row[]): string {
    const table = new Table({ head: ["", "pinned", "newest", "source"], style: { head: [], border: [], compact: true } });
    for (const { name, pinned, newest: latest, source } of rows)
        table.push([
            name,
            pinned,
            latest === undefined ? color.dim("not reachable") : latest === pinned ? latest : color.yellow(latest),
            source,
        ]);
    return table.toString();
}

export const versionsCommand = () =>
    new Command()
        .description("Prints every pinned version beside the newest release. Sources that do not answer within 20 seconds are marked.")
        .option("--json", "print [{name, pinned, newest?, source}] and nothing else")
        .addHelpText(
            "after",
            "\nExamples:\n  thanos-fleet versions\n  thanos-fleet versions --json | jq '.[] | select(.newest != .pinned)'",
        )
        .action(compareVersions);

async function compareVersions({ json }: { json?: boolean }): Promise<void> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    // Every lookup listens to this signal: more than the 10 listeners from which on Node warns of a leak.
    setMaxListeners(0, signal);
    const released = (Object.keys(UPSTREAM) as (keyof typeof UPSTREAM)[]).filter((name) => !UPSTREAM[name].untagged);
    const charts = Object.keys(CHARTS) as (keyof typeof CHARTS)[];
    const rows = await Promise.all([
        ...released.map((name) => upstreamRow(name, signal)),
        ...charts.map((name) => chartRow(name, signal)),
        ...(Object.keys(TAGGED) as (keyof typeof TAGGED)[]).map((name) => taggedRow(name, signal)),
        npmRows(signal),
    ]);
    process.stdout.write(json ? `${JSON.stringify(rows.flat(), null, 2)}\n` : `${tableOf(rows.flat())}\n`);
}
