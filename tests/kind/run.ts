import { spawnSync } from "node:child_process";
import { onInterrupt } from "../../cli/interrupt";
import { findTools } from "../../local/offline/findTools";
import { buildImage, IMAGES } from "../../local/offline/images";
import { cacheDirectory } from "../../local/offline/tools/machine";
import { createProgress, inStep, type Progress, styleFor } from "../../terminal/progress";
import { ROOT } from "../support/root";
import { withEngine } from "./engine";
import { nodeImage } from "./nodeImage";

/**
 * `npm start` by kind on a machine that reaches no registry, then the tests that hold wherever the clusters come from, then `--down`. Needs root on Linux, Go, and
 * Debian's packages docker.io and debootstrap.
 */

/** Others look into namespaces of this machine, or need addresses of pods that differ between clusters, or volumes that grow. */
const TESTS = ["queries", "objects", "operator", "podSecurity", "alerts", "kubeStateMetrics", "dashboards", "contract"];

/** Puts the fleet's images into the Docker engine, as a pull would: `npm start` loads them into the nodes. */
async function loadFleetImages(progress: Progress, signal: AbortSignal): Promise<void> {
    const { pause, coredns, ...images } = IMAGES;
    const tools = await findTools(
        Object.values(images).flatMap(({ binaries }) => Object.values(binaries)),
        progress,
        signal,
    );
    await inStep(progress.step("Images of the fleet"), async (step) => {
        for (const image of Object.values(images)) {
            step.update(image.name);
            call("docker", "load", "--quiet", "--input", await buildImage(image, tools, cacheDirectory()));
        }
        return { result: undefined, says: `${Object.values(images).length} loaded into Docker` };
    });
}

function call(command: string, ...args: string[]): void {
    const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit" });
    if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${error?.message ?? `exit code ${status}`}`);
}

const start = (...args: string[]) => call(process.execPath, "cli/thanos-fleet.js", "local", ...args);

async function main(): Promise<void> {
    const progress = createProgress(styleFor(process.stdout, false));
    const signal = onInterrupt(() => {});
    await withEngine(async () => {
        const image = await nodeImage(progress, signal);
        await loadFleetImages(progress, signal);
        try {
            start("--clusters", "kind", "--node-image", image);
            call("npm", "run", "--silent", "test:file", "--", ...TESTS.map((name) => `tests/e2e/${name}.test.ts`));
        } finally {
            start("--down");
        }
    });
}

main().catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
});
