import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inStep, type Progress } from "../../terminal/progress";
import { VERSIONS } from "../../upstream/versions";
import { assembleChart, crdDirectory } from "./standins/chart";
import { cacheDirectory } from "./tools/machine";

const exec = promisify(execFile);
const OFFICIAL = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack";

/** The official chart where it can be downloaded, else the stand-in: for this project's values it renders the same resources. */
export async function findChart(helm: string, progress: Progress, signal: AbortSignal): Promise<string> {
    return inStep(progress.step("Chart"), async () => {
        const show = ["show", "chart", OFFICIAL, "--version", VERSIONS.kubePrometheusStack];
        const isDownloadable = await exec(helm, show, { timeout: 15_000, signal }).then(
            () => true,
            () => false,
        );
        signal.throwIfAborted();
        if (isDownloadable) return { result: OFFICIAL, says: `kube-prometheus-stack ${VERSIONS.kubePrometheusStack}` };
        const run = async (program: string, args: readonly string[]) =>
            (await exec(program, [...args], { timeout: 120_000, maxBuffer: 16 << 20, signal })).stdout;
        return {
            result: await assembleChart(`${cacheDirectory()}/charts`, await crdDirectory(run)),
            says: "the stand-in: the official kube-prometheus-stack cannot be downloaded here",
        };
    });
}
