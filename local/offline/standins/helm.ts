/**
 * Helm releases through the real `helm` command; the official provider has Helm built in (provider/pkg/provider/helm_release.go). The arguments that
 * this project uses are supported; others are refused, not ignored.
 */

import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { type Helm, type ListedRelease, uninstallArgs } from "../../../clients/helm";
import { isMap } from "../../../rules/isMap";
import type { ApiServer } from "./apiServer";
import { type Decision, differences } from "./diff";
import { explainTrouble } from "./podTrouble";
import { type Bag, keepSecrets, revealBag } from "./secretValues";
import { NotReady, type Request } from "./server";

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
}

const SUPPORTED = new Set([
    ...[
        "name",
        "namespace",
        "chart",
        "version",
        "repositoryOpts",
        "values",
        "createNamespace",
        "skipCrds",
        "skipAwait",
        "waitForJobs",
        "allowNullValues",
    ],
    ...["atomic", "cleanupOnFail", "timeout", "maxHistory", "compat", "resourceNames"],
]);

/** Seconds; the official provider's default. */
const TIMEOUT = 300;

const chartArgs = (a: Pick<ReleaseArgs, "chart" | "version" | "repositoryOpts">) => [
    ...(a.version ? ["--version", a.version] : []),
    ...(a.repositoryOpts?.repo ? ["--repo", a.repositoryOpts.repo] : []),
];

const commonArgs = (a: ReleaseArgs, valuesFile: string) => [
    ...[a.name, a.chart, "--namespace", a.namespace, "--values", valuesFile, ...chartArgs(a)],
    ...(a.skipAwait ? [] : ["--wait"]),
    ...(a.waitForJobs && !a.skipAwait ? ["--wait-for-jobs"] : []),
    ...(a.atomic ? ["--atomic"] : []),
    ...["--timeout", `${a.timeout ?? TIMEOUT}s`],
];

/** Helm refuses a name that is in use. */
export const installArgs = (a: ReleaseArgs, valuesFile: string): string[] => [
    ...["install", ...commonArgs(a, valuesFile)],
    ...(a.createNamespace ? ["--create-namespace"] : []),
    ...(a.skipCrds ? ["--skip-crds"] : []),
];

/** Helm refuses a release that is in the middle of another operation. */
export const upgradeArgs = (a: ReleaseArgs, valuesFile: string): string[] => [
    ...["upgrade", ...commonArgs(a, valuesFile)],
    ...(a.cleanupOnFail ? ["--cleanup-on-fail"] : []),
    ...(a.maxHistory === undefined ? [] : ["--history-max", String(a.maxHistory)]),
];

export function decideRelease(olds: Bag, news: Bag): Decision {
    const changes = differences(olds, news);
    const replaces = changes.map((c) => c.path).filter((path) => path === "name" || path === "namespace");
    return { changes, replaces, deleteBeforeReplace: false };
}

export class HelmReleases {
    constructor(
        private readonly apiServer: ApiServer,
        private readonly cancelled: AbortSignal,
        private readonly helm: Helm,
    ) {}

    /** Loads the chart, and takes its version as an input: a changed chart directory is a change only if its version is another one. */
    async check({ inputs, oldInputs, name, urn }: Request, now: number): Promise<Bag> {
        const plain = revealBag(inputs);
        const ignored = Object.keys(plain).filter((key) => !SUPPORTED.has(key));
        if (ignored.length > 0)
            throw new Error(
                `The stand-in provider for Helm releases does not support ${ignored.join(", ")}. Leave it out, or install the official plugin.`,
            );
        const digits = createHash("sha256").update(`${urn} ${now}`).digest("hex").slice(0, 8);
        const args = plain as unknown as ReleaseArgs;
        const shown = await this.helm.run(["show", "chart", args.chart, ...chartArgs(args)]).catch((error: Error) => {
            throw new Error(`${error.message}; check the chart name and repository configuration.`);
        });
        const { compat: _, resourceNames: __, ...rest } = inputs;
        return {
            ...(args.skipAwait ? {} : { timeout: TIMEOUT }),
            ...rest,
            name: plain.name ?? revealBag(oldInputs).name ?? `${name}-${digits}`,
            namespace: plain.namespace ?? this.apiServer.namespace,
            version: (parse(shown) as { version: string }).version,
        };
    }

    async create(request: Request): Promise<{ id: string; outputs: Bag }> {
        const args = revealBag(request.inputs) as unknown as ReleaseArgs;
        return { id: `${args.namespace}/${args.name}`, outputs: await this.apply(request, args, installArgs) };
    }

    async update(request: Request): Promise<Bag> {
        return this.apply(request, revealBag(request.inputs) as unknown as ReleaseArgs, upgradeArgs);
    }

    /** A release without a state is one that is imported: its inputs are what Helm knows of it. */
    async read(request: Request): Promise<{ id: string; outputs: Bag; inputs: Bag } | undefined> {
        const [namespace = "", name = ""] = request.id.split("/");
        const found = await this.helm.find({ namespace, name });
        if (found === undefined) return undefined;
        const status = statusOf(found);
        if (Object.keys(request.oldOutputs).length > 0)
            return { id: request.id, outputs: { ...request.oldOutputs, status }, inputs: request.oldInputs };
        const values = (await this.helm.values({ namespace, name })) ?? {};
        const inputs = { name, namespace, chart: status.chart, version: status.version, values, timeout: TIMEOUT };
        return { id: request.id, outputs: { ...inputs, status }, inputs };
    }

    /** Fails if the release is gone. */
    async delete(request: Request): Promise<void> {
        const [namespace = "", name = ""] = request.id.split("/");
        await this.helm.run(uninstallArgs({ namespace, name }, request.timeout || TIMEOUT));
    }

    private async apply(request: Request, args: ReleaseArgs, argsOf: typeof installArgs): Promise<Bag> {
        const before = await this.helm.find(args);
        const folder = await mkdtemp(join(tmpdir(), "helm-values-"));
        try {
            const values = join(folder, "values.json");
            await writeFile(values, JSON.stringify(args.values ?? {}), { mode: 0o600 });
            await this.helm.run(argsOf({ ...args, timeout: request.timeout || args.timeout || TIMEOUT }, values));
        } catch (error) {
            const left = await this.helm.find(args).catch(() => undefined);
            // Helm did not begin, so there is no new revision.
            if (left === undefined || left.revision === before?.revision) throw error;
            const message = [(error as Error).message, ...(await this.explain(args))].join("\n  ");
            throw new NotReady(message, `${args.namespace}/${args.name}`, outputsOf(request.inputs, left));
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
        const release = await this.helm.find(args);
        if (release === undefined) throw new Error(`Helm release ${args.namespace}/${args.name} is missing right after it was made.`);
        return outputsOf(request.inputs, release);
    }

    /** What the release's pods report; Helm itself only says "context deadline exceeded". */
    private async explain(args: ReleaseArgs): Promise<string[]> {
        if (this.cancelled.aborted) return [];
        const release = { apiVersion: "helm.sh/v3", kind: "Release", metadata: { name: args.name, namespace: args.namespace } };
        return explainTrouble(this.apiServer, release, { "app.kubernetes.io/instance": args.name });
    }
}

const statusOf = (r: ListedRelease) => ({
    name: r.name,
    namespace: r.namespace,
    revision: Number(r.revision),
    status: r.status,
    chart: chartName(r.chart)[0],
    version: chartName(r.chart)[1],
    appVersion: r.app_version,
});

/** `kube-prometheus-stack-88.5.3-standin` as the chart's name and its version. */
function chartName(chart: string): [name: string, version: string] {
    const [, name = chart, version = ""] = /^(.*?)-(\d+\.\d+\.\d+.*)$/.exec(chart) ?? [];
    return [name, version];
}

const outputsOf = (inputs: Bag, release: ListedRelease): Bag => {
    const outputs = isMap(inputs) ? inputs : {};
    return keepSecrets({ ...outputs, status: statusOf(release) }, inputs) as Bag;
};
