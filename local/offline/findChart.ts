import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { inStep, type Progress } from "../../terminal/progress";
import { VERSIONS } from "../../upstream/versions";
import { engineDirectory } from "../fleet/state";
import { type Choice, keepChoices, notToBeHad, readChoices, refuseChanges } from "./choices";
import { assembleChart, crdDirectory } from "./standins/chart";
import { cacheDirectory } from "./tools/machine";

const exec = promisify(execFile);
const OFFICIAL = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack";

/**
 * The chart that the fleet was made with; for a new fleet the official one where it can be downloaded, else the stand-in: for this project's values it
 * renders the same resources.
 */
export async function findChart(
    helm: string,
    progress: Progress,
    signal: AbortSignal,
    stateDir: string = engineDirectory(),
): Promise<string> {
    return inStep(progress.step("Chart"), async () => {
        const kept = (await readChoices(stateDir)).chart;
        const refused = kept === "stand-in" ? undefined : await unavailable(helm, signal);
        const choice: Choice = kept === "stand-in" || refused !== undefined ? "stand-in" : "official";
        if (kept === "official" && refused !== undefined) refuseChanges([{ path: "chart", ...notToBeHad(refused) }]);
        await keepChoices(stateDir, { chart: choice });
        if (choice === "official") return { result: OFFICIAL, says: `kube-prometheus-stack ${VERSIONS.kubePrometheusStack}` };
        const run = async (program: string, args: readonly string[]) =>
            (await exec(program, [...args], { timeout: 120_000, maxBuffer: 16 << 20, signal })).stdout;
        return {
            result: await assembleChart(`${cacheDirectory()}/charts`, await crdDirectory(run)),
            says:
                refused === undefined
                    ? "the stand-in, with which the fleet was made"
                    : `the stand-in: the official kube-prometheus-stack cannot be downloaded here (${refused})`,
        };
    });
}

/** Why the official chart cannot be downloaded, as Helm says; undefined if it can. */
async function unavailable(helm: string, signal: AbortSignal): Promise<string | undefined> {
    const show = ["show", "chart", OFFICIAL, "--version", VERSIONS.kubePrometheusStack];
    const why = await exec(helm, show, { timeout: 15_000, signal }).then(
        () => undefined,
        (error: Error & { stderr?: string }) => lastLine(error.stderr) || "no answer within 15 s",
    );
    signal.throwIfAborted();
    return why;
}

const lastLine = (stderr = "") => (stderr.trim().split("\n").at(-1) ?? "").replace(/^Error: /, "");
