import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { loadBalancerAddress } from "../../clients/kubernetes";
import { type ClusterName, clustersDirectory, NAMESPACE, type Target } from "../../local/fleet/settings";
import { findTools } from "../../local/offline/findTools";
import type { ToolName } from "../../local/offline/tools/catalogue";
import type { Progress } from "../../terminal/progress";
import { ROOT } from "./root";

/** The running fleet, as the tests reach it. */

export { NAMESPACE };

export const target = (name: ClusterName): Target => ({ kubeconfig: join(clustersDirectory(), name, "kubeconfig"), context: name });

export const frontend = async () =>
    `http://${await loadBalancerAddress(target("observer"), { name: "thanos-query-frontend-external", namespace: NAMESPACE })}`;

function config(name: ClusterName): KubeConfig {
    const kube = new KubeConfig();
    kube.loadFromFile(target(name).kubeconfig);
    return kube;
}
export const core = (name: ClusterName) => config(name).makeApiClient(CoreV1Api);
export const apps = (name: ClusterName) => config(name).makeApiClient(AppsV1Api);
export const kubeConfig = config;

const nothing = { update: () => {}, done: () => {}, fail: () => {} };
export const quiet: Progress = { step: () => nothing, say: () => {}, event: () => {} };
export const tools = <N extends ToolName>(...names: N[]) => findTools(names, quiet, new AbortController().signal);

export interface Finished {
    code: number;
    output: string;
    /** Seconds from the start to the first output that matched `seen`. */
    seenAfter?: number;
}

export interface RunOptions {
    env?: NodeJS.ProcessEnv;
    /** Remember when this was printed. */
    seen?: RegExp;
    /** Send SIGINT once this was printed. */
    interruptAt?: RegExp;
    /** Seconds. */
    within: number;
    cwd?: string;
}

/** Runs a command as a newcomer would, and keeps all it says. */
export async function run(command: string, args: string[], options: RunOptions): Promise<Finished> {
    const started = Date.now();
    const child = spawn(command, args, {
        cwd: options.cwd ?? ROOT,
        env: options.env ?? process.env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
    });
    const all = (signal: NodeJS.Signals) => child.pid !== undefined && process.kill(-child.pid, signal);
    let output = "";
    let seenAfter: number | undefined;
    let interrupted = false;
    const take = (chunk: Buffer) => {
        output += chunk.toString();
        if (seenAfter === undefined && options.seen?.test(output)) seenAfter = (Date.now() - started) / 1000;
        if (!interrupted && options.interruptAt?.test(output)) {
            interrupted = true;
            // As a terminal does: to the whole foreground process group.
            all("SIGINT");
        }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const timer = setTimeout(() => all("SIGKILL"), options.within * 1000);
    // As shells report it: npm ends by the signal it was sent.
    const code = await new Promise<number>((resolve) =>
        child.once("close", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0))),
    );
    clearTimeout(timer);
    return { code, output, ...(seenAfter !== undefined && { seenAfter }) };
}

export const npmStart = (args: string[], options: RunOptions) => run("npm", ["start", "--", ...args], options);

/** Asks until the answer is there; fails with the last reason. */
export async function eventually<T>(what: string, withinSeconds: number, ask: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + withinSeconds * 1000;
    for (;;) {
        try {
            return await ask();
        } catch (error) {
            if (Date.now() > deadline)
                throw new assert.AssertionError({ message: `${what}: not within ${withinSeconds} s: ${(error as Error).message}` });
            await sleep(1000);
        }
    }
}
