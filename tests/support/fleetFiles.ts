import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { stringify } from "yaml";
import { LOCAL_STORAGE_CLASS } from "../../components/naming/names";
import { CLUSTERS, type ClusterName, stackConfig } from "../../local/fleet/settings";
import { localStack } from "./localStack";
import { ROOT } from "./root";
import { targetOf, tools } from "./runningFleet";
import { temporaryDirectory } from "./temporaryDirectory";

type Settings = Record<string, Record<string, unknown>>;

/** The stacks of the running fleet as files of a directory, as `pulumi` and `thanos-fleet` read them. */
export class FleetFiles {
    private env: NodeJS.ProcessEnv = {};

    /** `checkout`: the directory of the program that `thanos-fleet` runs. */
    constructor(
        readonly directory = temporaryDirectory(),
        private readonly checkout = ROOT,
    ) {}

    /** The same files, for the program of another checkout. */
    from(checkout: string): FleetFiles {
        const other = new FleetFiles(this.directory, checkout);
        other.env = this.env;
        return other;
    }

    /** Writes every stack file, with some of the settings changed. */
    async write(changes: Partial<Record<ClusterName, Settings>> = {}): Promise<void> {
        const { pulumi } = await tools("pulumi");
        for (const { name } of CLUSTERS) {
            const plain = stackConfig(name, { target: await targetOf(name), chart: "", storageClass: LOCAL_STORAGE_CLASS });
            const config = Object.entries(changes[name] ?? {}).map(([part, more]) => [part, { ...(plain[part] as object), ...more }]);
            const { workspace } = await localStack(name, { config: Object.fromEntries(config) });
            for (const file of ["Pulumi.yaml", `Pulumi.${name}.yaml`])
                copyFileSync(join(workspace.workDir, file), join(this.directory, file));
            const path = `${dirname(pulumi.path)}${delimiter}${process.env.PATH}`;
            this.env = {
                ...process.env,
                ...workspace.envVars,
                ...(workspace.pulumiHome && { PULUMI_HOME: workspace.pulumiHome }),
                PATH: path,
            };
        }
    }

    /** Writes `rollout.yaml`. */
    settings(content: object): void {
        writeFileSync(join(this.directory, "rollout.yaml"), stringify(content));
    }

    /** Starts `thanos-fleet` on these files. */
    start(command: string, ...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
        const all = ["cli/thanos-fleet.js", command, "-C", this.directory, ...args];
        return spawn(process.execPath, all, { cwd: this.checkout, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
    }

    /** Runs `pulumi` on these files. */
    pulumi(...args: string[]): string {
        return execFileSync("pulumi", [...args, "--non-interactive"], { cwd: this.directory, env: this.env }).toString();
    }

    /** Runs `thanos-fleet` on these files. */
    async run(command: string, ...args: string[]): Promise<{ code: number | null; printed: string }> {
        const child = this.start(command, ...args);
        let printed = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
        const [code] = (await once(child, "close")) as [number | null];
        return { code, printed };
    }
}
