import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { VERSIONS } from "../../../upstream/versions";

/** Runs a command to its end and returns its stdout; rejects with a readable reason. */
export type Run = (command: string, args: readonly string[]) => Promise<string>;

const OPERATOR_MODULE = "github.com/prometheus-operator/prometheus-operator";

/** Where the CRDs are in the operator's module (https://github.com/prometheus-operator/prometheus-operator/tree/main/example). */
const CRDS_IN_MODULE = ["example", "prometheus-operator-crd"];

/** The chart renders nothing that works without these three, so a directory that lacks one is the wrong directory. */
const REQUIRED_CRDS = ["prometheuses", "prometheusagents", "servicemonitors"].map((plural) => `monitoring.coreos.com_${plural}.yaml`);

/** The committed part of the chart: everything but the CRDs, which are 4 MB and come from the operator. */
export const CHART_SOURCE = join(__dirname, "chart");

/** The directory of the operator's real CRDs in its Go module, the one official source that needs no Helm repository. */
export async function crdDirectory(run: Run): Promise<string> {
    const module = `${OPERATOR_MODULE}@${VERSIONS.prometheusOperator}`;
    const printed = await run("go", ["mod", "download", "-json", module]).catch((reason: unknown) => {
        throw new Error(
            `The operator's CRDs cannot be downloaded: "go mod download ${module}" failed (${messageOf(reason)}). ` +
                "Install Go, or check that its module proxy (go env GOPROXY) answers.",
        );
    });
    return join(moduleDirectory(printed, module), ...CRDS_IN_MODULE);
}

/** The `Dir` in the output of `go mod download -json`. */
export function moduleDirectory(printed: string, module: string): string {
    const { Dir } = JSON.parse(printed) as { Dir?: string };
    if (Dir === undefined) throw new Error(`"go mod download ${module}" printed no directory. Run it by hand; it may need a newer Go.`);
    return Dir;
}

/**
 * Assembles the chart in a directory under `outDir` that is named after the hash of its content. An existing one is reused and never overwritten.
 * It is always complete, since it is written under another name and then renamed.
 */
export async function assembleChart(outDir: string, crdDir: string): Promise<string> {
    const crds = await crdFiles(crdDir);
    const files = [
        ...(await filesUnder(CHART_SOURCE)).map((path) => ({ path, from: join(CHART_SOURCE, path) })),
        ...crds.map((name) => ({ path: `charts/crds/crds/${name}`, from: join(crdDir, name) })),
    ];
    const contents = await Promise.all(files.map(async ({ path, from }) => ({ path, content: await readFile(from) })));
    const chart = join(outDir, `kube-prometheus-stack-${contentHash(contents)}`);
    if (existsSync(chart)) return chart;

    await mkdir(outDir, { recursive: true });
    const partial = await mkdtemp(join(outDir, ".chart-"));
    try {
        for (const { path, from } of files) await cp(from, join(partial, path));
        await rename(partial, chart).catch((reason: unknown) => {
            // Otherwise another process was faster, with the same content.
            if (!existsSync(chart)) throw reason;
        });
        return chart;
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
}

/** A short name for a set of files: depends on their paths and contents, not on the order they are given in. */
export function contentHash(files: readonly { path: string; content: Uint8Array }[]): string {
    const hash = createHash("sha256");
    for (const { path, content } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
        hash.update(`${path}\0${content.length}\0`).update(content);
    return hash.digest("hex").slice(0, 12);
}

async function crdFiles(crdDir: string): Promise<string[]> {
    const names = (await readdir(crdDir).catch(() => [])).filter((name) => name.endsWith(".yaml"));
    const missing = REQUIRED_CRDS.filter((name) => !names.includes(name));
    if (missing.length > 0)
        throw new Error(
            `${crdDir} is not a directory of prometheus-operator's CRDs: it lacks ${missing.join(", ")}. ` +
                `Use example/prometheus-operator-crd of ${OPERATOR_MODULE} ${VERSIONS.prometheusOperator}.`,
        );
    return names;
}

async function filesUnder(dir: string): Promise<string[]> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

function messageOf(reason: unknown): string {
    return reason instanceof Error ? reason.message : String(reason);
}
