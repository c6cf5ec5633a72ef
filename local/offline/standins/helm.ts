/**
 * Helm releases through the real `helm` command ($HELM_BINARY, else on PATH); the official provider has Helm built in. The arguments that this
 * project uses are supported; others are refused, not ignored.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type ApiServer, isContent } from "./apiServer";
import { type Decision, differences } from "./diff";
import { fieldManagerOf } from "./objectLifecycle";
import { explainTrouble } from "./podTrouble";
import { type Bag, isBag, keepSecrets, revealBag } from "./secretValues";
import { NotReady, type Request } from "./server";

const exec = promisify(execFile);

interface ReleaseArgs {
    name: string;
    namespace: string;
    chart: string;
    version?: string;
    repositoryOpts?: { repo?: string };
    values?: Bag;
    createNamespace?: boolean;
    skipCrds?: boolean;
    skipAwait?: boolean;
    waitForJobs?: boolean;
    atomic?: boolean;
    cleanupOnFail?: boolean;
    /** Seconds for each wait of Helm. @default 300 */
    timeout?: number;
    maxHistory?: number;
    /** SHA-256 of a local chart's files. `check` sets it, so that a change of the chart is a change of the inputs. */
    checksum?: string;
}

const SUPPORTED = new Set([
    ...["name", "namespace", "chart", "version", "repositoryOpts", "values", "createNamespace", "skipCrds", "skipAwait", "waitForJobs"],
    ...["atomic", "cleanupOnFail", "timeout", "maxHistory", "checksum", "compat", "resourceNames"],
]);

/** Seconds; the official provider's default. */
const TIMEOUT = 300;

/** The label that marks a release as made by one resource of a stack (see `fieldManagerOf`). */
const LABEL = "thanos-fleet-owner";

export function upgradeArgs(a: ReleaseArgs, valuesFile: string, owner: string): string[] {
    return [
        ...["upgrade", a.name, a.chart, "--install", "--namespace", a.namespace, "--values", valuesFile],
        ...(a.version ? ["--version", a.version] : []),
        ...(a.repositoryOpts?.repo ? ["--repo", a.repositoryOpts.repo] : []),
        ...(a.createNamespace ? ["--create-namespace"] : []),
        ...(a.skipCrds ? ["--skip-crds"] : []),
        ...(a.skipAwait ? [] : ["--wait"]),
        ...(a.waitForJobs && !a.skipAwait ? ["--wait-for-jobs"] : []),
        ...(a.atomic ? ["--atomic"] : []),
        ...(a.cleanupOnFail ? ["--cleanup-on-fail"] : []),
        ...(a.maxHistory === undefined ? [] : ["--history-max", String(a.maxHistory)]),
        ...["--timeout", `${a.timeout ?? TIMEOUT}s`, "--labels", `${LABEL}=${owner}`],
    ];
}

/** One line of `helm list -o json`. */
export interface ListedRelease {
    name: string;
    namespace: string;
    revision: string;
    status: string;
    chart: string;
    app_version: string;
}

/**
 * What has to happen before `helm upgrade`. Helm marks a release as pending while it works on it, and a killed Helm leaves the mark: every later
 * upgrade then ends with "another operation is in progress". The engine locks the stack, so no other operation is running: a first revision is
 * uninstalled (there is none to go back to), a later one is rolled back.
 */
export function recovery(release: ListedRelease | undefined): "none" | "uninstall" | "rollback" {
    if (release === undefined) return "none";
    if (release.status === "uninstalling") return "uninstall";
    if (!release.status.startsWith("pending-")) return "none";
    return release.revision === "1" ? "uninstall" : "rollback";
}

export function decideRelease(olds: Bag, news: Bag): Decision {
    const changes = differences(olds, news);
    const replaces = changes.map((c) => c.path).filter((path) => path === "name" || path === "namespace");
    return { changes, replaces, deleteBeforeReplace: false };
}

/** SHA-256 of a chart directory or archive; undefined for a chart from a repository, which its version identifies. */
async function checksumOf(chart: string): Promise<string | undefined> {
    const found = await stat(chart).catch(() => undefined);
    if (found === undefined) return undefined;
    const files = found.isDirectory() ? (await readdir(chart, { recursive: true })).sort() : [""];
    const digest = createHash("sha256");
    for (const file of files) {
        const path = join(chart, file);
        if ((await stat(path)).isFile()) digest.update(`${file}\0`).update(await readFile(path));
    }
    return digest.digest("hex");
}

export class HelmReleases {
    constructor(
        private readonly apiServer: ApiServer,
        private readonly cancelled: AbortSignal,
        private readonly kubeconfig: { kubeconfig?: string; context?: string },
    ) {}

    async check({ inputs, oldInputs, name, urn }: Request, now: number): Promise<Bag> {
        const plain = revealBag(inputs);
        const ignored = Object.keys(plain).filter((key) => !SUPPORTED.has(key));
        if (ignored.length > 0)
            throw new Error(
                `The stand-in provider for Helm releases does not support ${ignored.join(", ")}. Leave it out, or install the official plugin.`,
            );
        const digits = createHash("sha256").update(`${urn} ${now}`).digest("hex").slice(0, 8);
        const checksum = await checksumOf(String(plain.chart));
        const { compat: _, resourceNames: __, ...rest } = inputs;
        return {
            ...rest,
            name: plain.name ?? revealBag(oldInputs).name ?? `${name}-${digits}`,
            namespace: plain.namespace ?? this.apiServer.namespace,
            ...(checksum && { checksum }),
        };
    }

    async create(request: Request): Promise<{ id: string; outputs: Bag }> {
        const args = revealBag(request.inputs) as unknown as ReleaseArgs;
        const existing = await this.find(args);
        const ours = existing && (await this.find(args, `${LABEL}=${fieldManagerOf(request.urn)}`));
        if (existing && !ours)
            throw new Error(
                `A Helm release "${args.name}" already exists in namespace ${args.namespace} and was not made by this stack. ` +
                    `Remove it with \`helm uninstall ${args.name} -n ${args.namespace}\`, or give this one another name.`,
            );
        return { id: `${args.namespace}/${args.name}`, outputs: await this.upgrade(request, args, existing) };
    }

    async update(request: Request): Promise<Bag> {
        const args = revealBag(request.inputs) as unknown as ReleaseArgs;
        return this.upgrade(request, args, await this.find(args));
    }

    async read(request: Request): Promise<{ id: string; outputs: Bag; inputs: Bag } | undefined> {
        const [namespace = "", name = ""] = request.id.split("/");
        const found = await this.find({ namespace, name });
        return found && { id: request.id, outputs: { ...request.oldOutputs, status: statusOf(found) }, inputs: request.oldInputs };
    }

    async delete(request: Request): Promise<void> {
        const [namespace = "", name = ""] = request.id.split("/");
        if ((await this.find({ namespace, name })) === undefined) return;
        await this.helm(uninstallArgs({ namespace, name }, request.timeout || TIMEOUT));
    }

    private async upgrade(request: Request, args: ReleaseArgs, existing: ListedRelease | undefined): Promise<Bag> {
        const step = recovery(existing);
        if (step !== "none") request.say(`the last operation was interrupted (${existing?.status}): ${step}`);
        if (step === "uninstall") await this.helm(uninstallArgs(args, TIMEOUT));
        if (step === "rollback") await this.helm(["rollback", args.name, "--namespace", args.namespace, "--timeout", `${TIMEOUT}s`]);

        const folder = await mkdtemp(join(tmpdir(), "helm-values-"));
        try {
            const values = join(folder, "values.json");
            await writeFile(values, JSON.stringify(args.values ?? {}), { mode: 0o600 });
            await this.helm(
                upgradeArgs({ ...args, timeout: request.timeout || args.timeout || TIMEOUT }, values, fieldManagerOf(request.urn)),
            );
        } catch (error) {
            const left = await this.find(args).catch(() => undefined);
            if (left === undefined) throw error;
            const message = [(error as Error).message, ...(await this.explain(args))].join("\n  ");
            throw new NotReady(message, `${args.namespace}/${args.name}`, outputsOf(request.inputs, left));
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
        const release = await this.find(args);
        if (release === undefined) throw new Error(`helm upgrade of ${args.namespace}/${args.name} succeeded, but the release is missing.`);
        return outputsOf(request.inputs, release);
    }

    /** What the release's pods report; Helm itself only says "context deadline exceeded". */
    private async explain(args: ReleaseArgs): Promise<string[]> {
        if (this.cancelled.aborted) return [];
        const release = { apiVersion: "helm.sh/v3", kind: "Release", metadata: { name: args.name, namespace: args.namespace } };
        return explainTrouble(this.apiServer, release, { "app.kubernetes.io/instance": args.name });
    }

    private async find(args: { name: string; namespace: string }, selector?: string): Promise<ListedRelease | undefined> {
        const filter = ["--namespace", args.namespace, "--all", "--filter", `^${args.name}$`, "--output", "json"];
        const out = await this.helm(["list", ...filter, ...(selector ? ["--selector", selector] : [])]);
        return (JSON.parse(out) as ListedRelease[]).find((r) => r.name === args.name);
    }

    private async helm(args: string[]): Promise<string> {
        const helm = process.env.HELM_BINARY || "helm";
        const context = this.kubeconfig.context ? ["--kube-context", this.kubeconfig.context] : [];
        const config = await this.kubeconfigFile();
        // On SIGTERM Helm ends its wait and marks the release as failed; the next upgrade continues from that.
        const options = { signal: this.cancelled, killSignal: "SIGTERM", maxBuffer: 64 * 2 ** 20, env: process.env } as const;
        try {
            const { stdout } = await exec(helm, [...args, ...context, ...config.args], options);
            return stdout;
        } catch (error) {
            throw new Error(helmMessage(helm, args, error as NodeJS.ErrnoException & { stderr?: string }));
        } finally {
            await config.remove();
        }
    }

    /** Helm takes a file only; the provider's `kubeconfig` may be the content itself. */
    private async kubeconfigFile(): Promise<{ args: string[]; remove: () => Promise<void> }> {
        const { kubeconfig } = this.kubeconfig;
        if (!kubeconfig) return { args: [], remove: async () => {} };
        if (!isContent(kubeconfig)) return { args: ["--kubeconfig", kubeconfig], remove: async () => {} };
        const folder = await mkdtemp(join(tmpdir(), "helm-kubeconfig-"));
        const file = join(folder, "config");
        await writeFile(file, kubeconfig, { mode: 0o600 });
        return { args: ["--kubeconfig", file], remove: () => rm(folder, { recursive: true, force: true }) };
    }
}

export const uninstallArgs = (a: { name: string; namespace: string }, seconds: number): string[] => [
    ...["uninstall", a.name, "--namespace", a.namespace, "--wait", "--ignore-not-found", "--timeout", `${seconds}s`],
];

function helmMessage(helm: string, args: string[], error: NodeJS.ErrnoException & { stderr?: string }): string {
    if (error.code === "ENOENT")
        return `Cannot find the command "${helm}", which installs Helm releases. Install Helm 3, or set HELM_BINARY to its path.`;
    if (error.name === "AbortError") return `Cancelled during helm ${args[0]}. The next update continues from here.`;
    const timeout = args[args.indexOf("--timeout") + 1];
    const said = (error.stderr ?? "")
        .replace(/context deadline exceeded/, `its objects are not ready after ${timeout}`)
        .split("\n")
        .filter((line) => line.startsWith("Error:"));
    return `helm ${args.slice(0, 2).join(" ")} failed: ${said.join(" ").replace(/^Error: /, "") || (error.stderr ?? error.message).trim()}`;
}

const statusOf = (r: ListedRelease): Bag => ({
    name: r.name,
    namespace: r.namespace,
    revision: Number(r.revision),
    status: r.status,
    chart: r.chart.replace(/-[^-]*$/, ""),
    version: /[^-]*$/.exec(r.chart)?.[0] ?? "",
    appVersion: r.app_version,
});

const outputsOf = (inputs: Bag, release: ListedRelease): Bag => {
    const outputs = isBag(inputs) ? inputs : {};
    return keepSecrets({ ...outputs, status: statusOf(release) }, inputs) as Bag;
};
