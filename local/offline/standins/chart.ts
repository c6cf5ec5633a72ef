import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { VERSIONS } from "../../../upstream/versions";

/** Runs a command to its end and answers what it printed on stdout; rejects with a readable reason where it fails. */
export type Run = (command: string, args: readonly string[]) => Promise<string>;

const OPERATOR_MODULE = "github.com/prometheus-operator/prometheus-operator";

/** Where the operator's module keeps its CRDs (https://github.com/prometheus-operator/prometheus-operator/tree/main/example). */
const CRDS_IN_MODULE = ["example", "prometheus-operator-crd"];

/** Without these three nothing that the chart renders would be accepted: a directory lacking one is the wrong directory. */
const NEEDED_CRDS = ["prometheuses", "prometheusagents", "servicemonitors"].map((plural) => `monitoring.coreos.com_${plural}.yaml`);

/** The committed part of the chart: everything but the CRDs, which are 4 MB and the operator's own. */
export const CHART_SOURCE = join(__dirname, "chart");

/** The directory of the operator's real CRDs, out of its Go module: the one official source that needs no Helm repository. */
export async function crdDirectory(run: Run): Promise<string> {
    const module = `${OPERATOR_MODULE}@${VERSIONS.prometheusOperator}`;
    const printed = await run("go", ["mod", "download", "-json", module]).catch((reason: unknown) => {
        throw new Error(
            `The operator's CRDs could not be had: "go mod download ${module}" failed (${messageOf(reason)}). ` +
                "Install Go, or check that its module proxy (go env GOPROXY) answers.",
        );
    });
    return join(moduleDirectory(printed, module), ...CRDS_IN_MODULE);
}

/** The `Dir` of what `go mod download -json` printed. */
export function moduleDirectory(printed: string, module: string): string {
    const { Dir } = JSON.parse(printed) as { Dir?: string };
    if (Dir === undefined) throw new Error(`"go mod download ${module}" named no directory. Try it by hand; it may need a newer Go.`);
    return Dir;
}

/**
 * The whole chart under `outDir`, named after the hash of its content: equal content is found again, other content never
 * overwrites it, and a directory of that name is always complete (it is written beside and then renamed).
 */
export async function assembleChart(outDir: string, crdDir: string): Promise<string> {
    const crds = await crdFiles(crdDir);
    const files = [
        ...(await filesUnder(CHART_SOURCE)).map((path) => ({ path, from: join(CHART_SOURCE, path) })),
        ...crds.map((name) => ({ path: `charts/crds/crds/${name}`, from: join(crdDir, name) })),
    ];
    const contents = await Promise.all(files.map(async ({ path, from }) => ({ path, content: await readFile(from) })));
    const chart = join(outDir, `kube-prometheus-stack-${contentHash(contents)}`);
    if (await exists(chart)) return chart;

    await mkdir(outDir, { recursive: true });
    const half = await mkdtemp(join(outDir, ".chart-"));
    try {
        for (const { path, from } of files) await cp(from, join(half, path));
        await rename(half, chart).catch(async (reason: unknown) => {
            if (!(await exists(chart))) throw reason; // otherwise another process was faster, with the same content
        });
        return chart;
    } finally {
        await rm(half, { recursive: true, force: true });
    }
}

/** A short name for a set of files: depends on their paths and contents, not on the order they are given in. */
export function contentHash(files: readonly { path: string; content: Uint8Array }[]): string {
    const hash = createHash("sha256");
    for (const { path, content } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
        hash.update(`${path}\0${content.length}\0`).update(content);
    }
    return hash.digest("hex").slice(0, 12);
}

async function crdFiles(crdDir: string): Promise<string[]> {
    const names = (await readdir(crdDir).catch(() => [])).filter((name) => name.endsWith(".yaml"));
    const missing = NEEDED_CRDS.filter((name) => !names.includes(name));
    if (missing.length > 0) {
        throw new Error(
            `${crdDir} is not a directory of prometheus-operator's CRDs: it lacks ${missing.join(", ")}. ` +
                `Give example/prometheus-operator-crd of ${OPERATOR_MODULE} ${VERSIONS.prometheusOperator}.`,
        );
    }
    return names;
}

async function filesUnder(dir: string): Promise<string[]> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

async function exists(path: string): Promise<boolean> {
    return stat(path).then(
        () => true,
        () => false,
    );
}

function messageOf(reason: unknown): string {
    return reason instanceof Error ? reason.message : String(reason);
}
