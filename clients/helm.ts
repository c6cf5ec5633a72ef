/** Runs the `helm` command against one cluster. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isContent, type KubeSettings } from "./kubeSettings";

const exec = promisify(execFile);

/** The user's `helm`. */
export const helmCommand = () => process.env.HELM_BINARY || "helm";

/** Seconds that Helm waits for objects; its own default. */
const TIMEOUT = 300;

/** One line of `helm list -o json`. */
export interface ListedRelease {
    name: string;
    namespace: string;
    revision: string;
    /** `2026-11-21 18:20:03.123456789 +0000 UTC` */
    updated: string;
    status: string;
    chart: string;
    app_version: string;
}

interface ReleaseRef {
    name: string;
    namespace: string;
}

/** The arguments of `helm uninstall`. It waits, so that the same names can be used again at once. */
export const uninstallArgs = (a: ReleaseRef, seconds = TIMEOUT): string[] => [
    ...["uninstall", a.name, "--namespace", a.namespace, "--wait", "--timeout", `${seconds}s`],
];

/** Rolling back needs no wait: the next upgrade follows at once. */
export const rollbackArgs = (a: ReleaseRef): string[] => ["rollback", a.name, "--namespace", a.namespace, "--timeout", `${TIMEOUT}s`];

/** The time in a line of `helm list`. */
export function helmTime(updated: string): Date {
    const [, day, time, zone] = /^(\S+) (\d+:\d+:\d+)\S* ([+-]\d{4})/.exec(updated) ?? [];
    return new Date(`${day}T${time}${zone}`);
}

export class Helm {
    constructor(
        private readonly command: string,
        private readonly settings: KubeSettings,
        /** Ends a running command: Helm then marks its release as failed, and the next upgrade continues from that. @default never */
        private readonly cancelled?: AbortSignal,
    ) {}

    /** The last revision of a release, whatever its status. */
    async find({ name, namespace }: ReleaseRef): Promise<ListedRelease | undefined> {
        const out = await this.run(["list", "--namespace", namespace, "--all", "--filter", `^${name}$`, "--output", "json"]);
        return (JSON.parse(out) as ListedRelease[]).find((release) => release.name === name);
    }

    /** The values that the last revision of a release was given. */
    async values({ name, namespace }: ReleaseRef): Promise<unknown> {
        return JSON.parse(await this.run(["get", "values", name, "--namespace", namespace, "--output", "json"]));
    }

    async run(args: readonly string[]): Promise<string> {
        const helm = this.command;
        const context = this.settings.context ? ["--kube-context", this.settings.context] : [];
        const config = await this.kubeconfigFile();
        const signal = this.cancelled && { signal: this.cancelled, killSignal: "SIGTERM" as const };
        try {
            const options = { ...signal, maxBuffer: 64 * 2 ** 20, env: process.env };
            return (await exec(helm, [...args, ...context, ...config.args], options)).stdout;
        } catch (error) {
            throw new Error(helmMessage(helm, args, error as NodeJS.ErrnoException & { stderr?: string }));
        } finally {
            await config.remove();
        }
    }

    /** Helm takes a file only; the provider's `kubeconfig` may be the content itself. */
    private async kubeconfigFile(): Promise<{ args: string[]; remove: () => Promise<void> }> {
        const { kubeconfig } = this.settings;
        if (!kubeconfig) return { args: [], remove: async () => {} };
        if (!isContent(kubeconfig)) return { args: ["--kubeconfig", kubeconfig], remove: async () => {} };
        const folder = await mkdtemp(join(tmpdir(), "helm-kubeconfig-"));
        const file = join(folder, "config");
        await writeFile(file, kubeconfig, { mode: 0o600 });
        return { args: ["--kubeconfig", file], remove: () => rm(folder, { recursive: true, force: true }) };
    }
}

function helmMessage(helm: string, args: readonly string[], error: NodeJS.ErrnoException & { stderr?: string }): string {
    if (error.code === "ENOENT")
        return `Cannot find the command "${helm}", which reads and changes Helm releases. Install Helm 3, or set HELM_BINARY to its path.`;
    if (error.name === "AbortError") return `Cancelled during helm ${args[0]}. The next update continues from here.`;
    const timeout = args[args.indexOf("--timeout") + 1];
    const said = (error.stderr ?? "")
        .replace(/context deadline exceeded/, `its objects are not ready after ${timeout}`)
        .split("\n")
        .filter((line) => line.startsWith("Error:"));
    return `helm ${args.slice(0, 2).join(" ")} failed: ${said.join(" ").replace(/^Error: /, "") || (error.stderr ?? error.message).trim()}`;
}
