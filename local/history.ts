import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { objectStoreFile } from "../components/blocks/objectStore";
import { KPS } from "../components/naming/names";
import { PROMETHEUS_REPLICA_LABEL } from "../rules/model";
import { execute } from "./execute";

/**
 * Five weeks of data for a few series per cluster, written as blocks with the cluster's external labels and uploaded into its stream. Compact
 * thereby has what no flag can hurry: blocks of days to merge, blocks old enough to downsample (40 h, 10 d), and blocks past their retention.
 */

export const HISTORY_DAYS = 35;
/** Age of the youngest sample, so that the history never overlaps what the fleet itself measures. */
const ENDS_HOURS_AGO = 3;
const STEP_SECONDS = 120;
/** promtool's block lengths are 2h, 6h, 18h; Compact's ranges of 2 and 14 days are multiples of six hours. */
const BLOCK_DURATION = "6h";

/** Series of an online shop: orders follow the day and the week, some fail, the queue is longest at noon. */
export const HISTORY_SERIES = ["shop_orders_total", "shop_queue_length", "shop_checkout_seconds"] as const;

/** Files of one cluster's history. Each exists only when the step that makes it is complete. */
const filesOf = (directory: string, cluster: string) => ({
    blocks: join(directory, cluster),
    uploaded: join(directory, `${cluster}.uploaded`),
    objectStore: join(directory, `${cluster}.objstore.yml`),
});

/** Writes the blocks of one cluster, once. Needs no cluster. */
export async function writeHistory(cluster: string, directory: string, promtool: string, signal: AbortSignal): Promise<void> {
    const { blocks } = filesOf(directory, cluster);
    if (existsSync(blocks)) return;
    const half = `${blocks}.part`;
    const text = `${blocks}.openmetrics`;
    await rm(half, { recursive: true, force: true });
    await mkdir(half, { recursive: true });
    const end = Math.floor((Date.now() / 1000 - ENDS_HOURS_AGO * 3600) / STEP_SECONDS) * STEP_SECONDS;
    await writeFile(text, openMetrics(cluster, end - HISTORY_DAYS * 86400, end));
    await run(promtool, ["tsdb", "create-blocks-from", "openmetrics", `--max-block-duration=${BLOCK_DURATION}`, text, half], signal);
    await rm(text);
    await rename(half, blocks);
}

/** Uploads the blocks of one cluster, once, and answers whether it did. Blocks keep their ids, so an interrupted upload continues. */
export async function uploadHistory(
    cluster: string,
    store: Parameters<typeof objectStoreFile>[0],
    directory: string,
    thanos: string,
    signal: AbortSignal,
): Promise<boolean> {
    const { blocks, uploaded, objectStore } = filesOf(directory, cluster);
    if (existsSync(uploaded)) return false;
    await writeFile(objectStore, objectStoreFile(store, cluster), { mode: 0o600 });
    // The external labels of the cluster's first Prometheus replica: Compact merges history and new blocks as one stream.
    const labels = { cluster, prometheus: `monitoring/${KPS}-prometheus`, [PROMETHEUS_REPLICA_LABEL]: `prometheus-${KPS}-prometheus-0` };
    const args = ["tools", "bucket", "upload-blocks", `--objstore.config-file=${objectStore}`, `--path=${blocks}`];
    await run(thanos, [...args, ...Object.entries(labels).map(([name, value]) => `--label=${name}="${value}"`)], signal);
    await writeFile(uploaded, "");
    return true;
}

/** The last line of a failed tool's stderr is the reason. */
async function run(tool: string, args: string[], signal: AbortSignal): Promise<void> {
    await execute(tool, args, { signal, timeout: 300_000, maxBuffer: 64 << 20 }).catch((error: Error & { stderr?: string }) => {
        signal.throwIfAborted();
        const why = error.stderr?.trim().split("\n").at(-1) ?? error.message;
        throw new Error(`${basename(tool)} ${args[0]} ${args[1]} failed on the history: ${why}`);
    });
}

/** The history as OpenMetrics text. Seconds since the epoch; the same cluster and times give the same numbers. */
export function openMetrics(cluster: string, from: number, to: number): string {
    // Clusters differ in load, so that their lines differ on a graph.
    const busy = 1 + ([...cluster].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 7) / 3;
    const times = Array.from({ length: Math.floor((to - from) / STEP_SECONDS) + 1 }, (_, i) => from + i * STEP_SECONDS);
    const load = (t: number) => busy * loadAt(t);
    const gauge = (series: string, at: (t: number) => number | string) => times.map((t) => `${series} ${at(t)} ${t}`);
    const counter = (series: string, by: (t: number) => number) => {
        let total = 0;
        return gauge(series, (t) => {
            total += Math.round(by(t));
            return total;
        });
    };
    return [
        "# TYPE shop_orders counter",
        ...counter('shop_orders_total{result="ok"}', (t) => load(t) * 40 * (1 + 0.2 * noise(t))),
        ...counter('shop_orders_total{result="failed"}', (t) => (noise(t + 1) > 0.9 ? load(t) * 3 : 0)),
        "# TYPE shop_queue_length gauge",
        ...gauge("shop_queue_length", (t) => Math.max(0, Math.round(load(t) * 12 + 4 * noise(t + 2)))),
        "# TYPE shop_checkout_seconds gauge",
        ...gauge("shop_checkout_seconds", (t) => (0.2 + load(t) * 0.15 + 0.05 * noise(t + 3)).toFixed(3)),
        "# EOF",
        "",
    ].join("\n");
}

/** Between 0.1 at night and 1.5 on a Saturday noon. */
function loadAt(t: number): number {
    const hour = (t / 3600) % 24;
    const day = Math.floor(t / 86400 + 4) % 7;
    return 0.1 + Math.max(0, Math.sin(((hour - 6) / 24) * 2 * Math.PI)) * (day === 6 || day === 0 ? 1.4 : 1);
}

/** Between -1 and 1, the same for the same argument. */
function noise(n: number): number {
    const x = Math.sin(n * 12.9898) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
}
