import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { ROOT } from "./root";
import { tools } from "./runningFleet";
import { temporaryDirectory } from "./temporaryDirectory";

export const PASSPHRASE = "passphrase-of-the-fleet";

/** A folder of stack files with a backend of its own, for the real engine with the real program, and no cluster: plugins record what they are asked to create. */
export class EngineFleet {
    readonly root = temporaryDirectory();
    readonly directory = join(this.root, "fleet");
    readonly backend = join(this.root, "backend");
    readonly env: NodeJS.ProcessEnv = {
        ...process.env,
        PULUMI_HOME: join(this.root, "home"),
        PULUMI_BACKEND_URL: `file://${this.backend}`,
        PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
        // So that every file of every run is below `root`.
        TMPDIR: join(this.root, "tmp"),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };

    /** Finds the engine, and writes Pulumi.yaml. */
    async make(): Promise<void> {
        const { pulumi } = await tools("pulumi");
        this.env.PATH = `${dirname(pulumi.path)}${delimiter}${process.env.PATH}`;
        mkdirSync(this.directory, { recursive: true });
        mkdirSync(this.backend);
        mkdirSync(join(this.root, "tmp"));
        const standIns = join(ROOT, "local", "offline", "standins", "bin");
        const project = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as { main?: string };
        // The program is this checkout's, wherever the stack files are.
        delete project.main;
        const providers = [
            { name: "kubernetes", path: join(ROOT, "tests", "support", "pluginRecorder", "bin", "kubernetes") },
            { name: "random", path: join(standIns, "random") },
            { name: "tls", path: join(standIns, "tls") },
        ];
        // For policy packs that are folders; this project's is an executable.
        const plugins = { providers, analyzers: [{ name: "policy-nodejs", path: join(ROOT, "tests", "support", "policyRunner") }] };
        writeFileSync(join(this.directory, "Pulumi.yaml"), stringify({ ...project, plugins }));
    }

    /** Writes settings into a stack file, and keeps what the engine has written there: its own keys, and settings with an encrypted value. */
    write(stack: string, settings: Record<string, unknown>): void {
        const file = join(this.directory, `Pulumi.${stack}.yaml`);
        const old = existsSync(file) ? (parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> }) : {};
        const encrypted = Object.entries(old.config ?? {}).filter(([, value]) => JSON.stringify(value).includes('"secure":'));
        const config = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`thanos-fleet:${key}`, value]));
        writeFileSync(file, stringify({ ...old, config: { ...config, ...Object.fromEntries(encrypted) } }));
    }

    /** Runs `pulumi` with these arguments, and returns what it prints. */
    pulumi = (...args: string[]) =>
        execFileSync("pulumi", [...args, "--non-interactive"], { cwd: this.directory, env: this.env, maxBuffer: 256 << 20 }).toString();

    /** Runs `thanos-fleet` with these arguments, on these stack files. */
    async thanosFleet(command: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
        const child = spawn(process.execPath, ["cli/thanos-fleet.js", command, "-C", this.directory, ...args], {
            cwd: ROOT,
            env: this.env,
            stdio: ["ignore", "pipe", "pipe"],
        });
        const printed = { stdout: "", stderr: "" };
        for (const stream of ["stdout", "stderr"] as const) child[stream].on("data", (chunk) => (printed[stream] += chunk));
        const [code] = (await once(child, "close")) as [number | null];
        return { code, ...printed };
    }
}
