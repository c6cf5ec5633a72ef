import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { helmCommand } from "../../clients/helm";
import { type Run, runInProcess } from "../../engine/runInProcess";
import { toEngineConfig } from "../../engine/stackFile";
import { type ImportedStack, importFleet, type ReleaseInput } from "../../import/fleet";
import { chartFrom, readReleases } from "../../import/readValues";
import type { ComponentName } from "../../import/thanosRelease";
import { parseDuration } from "../../rules/duration";
import { isMap } from "../../rules/isMap";
import { copyWithSubcharts, type Manifest } from "./chartEquality";
import { temporaryDirectory } from "./temporaryDirectory";
import { observerConfig } from "./testFleet";

/** A values file of others, with the chart that it is for. */
export interface PublicValues {
    readonly file: string;
    /** `bitnami@17.3.1` */
    readonly chart: string;
    readonly chartDirectory: string;
}

/** The files `set/<chart>@<version>-<n>.yaml` of a folder, with the charts in its `charts/<chart>@<version>/`. Throws where there is none. */
export function publicValues(folder: string | undefined): PublicValues[] {
    const set = folder && join(folder, "set");
    const names = set && existsSync(set) ? readdirSync(set).filter((name) => /^[a-z-]+@[\d.]+-\d+\.yaml$/.test(name)) : [];
    if (!folder || !set || names.length === 0)
        throw new Error(
            "Set IMPORT_SET to a folder with set/<chart>@<version>-<n>.yaml, values files of others, and charts/<chart>@<version>/, the chart that each is for.",
        );
    return names.sort().map((name) => {
        const chart = name.replace(/-\d+\.yaml$/, "");
        return { file: join(set, name), chart, chartDirectory: join(folder, "charts", chart) };
    });
}

/** Which bucket it is changes no flag, and many files have it in a Secret. */
const OBJECT_STORE = { file: "objstore.yml", text: "{type: S3, config: {bucket: blocks, endpoint: s3.eu-west-1.amazonaws.com}}" };
/** A file as a person who settles it would write one. */
const RULE_FILE = "tests/support/rules/fleet.yml";
const CLUSTER = "blue";

/** The release in a values file, and the stack that it becomes. */
export function importedFrom({ file, chart }: PublicValues): { release: ReleaseInput; stack: ImportedStack } {
    const isPrometheus = chart.startsWith("kube-prometheus-stack@");
    const [release, ...others] = readReleases([isPrometheus ? `${CLUSTER}=${file}` : file], chartFrom(chart));
    if (release === undefined || others.length > 0) throw new Error(`${file} has ${others.length + 1} releases: put each into a file.`);
    const [stack] = importFleet({ releases: [release], domain: "fleet.test", ...(!isPrometheus && { objectStore: OBJECT_STORE }) }).stacks;
    if (stack === undefined) throw new Error(`${file} became no stack.`);
    return { release, stack };
}

/** The resources of an imported stack, once a person has done what import says: rule files, and a cluster that writes to Receive. */
export async function resourcesOf({ role, settings }: ImportedStack): Promise<Run["resources"]> {
    const of = (name: string, more: Record<string, unknown>) => toEngineConfig({ ...settings, ...more, cluster: name });
    if (role === "observee") {
        const observees = [{ name: CLUSTER, mode: "sidecar" }];
        const observer = await runInProcess("observer", toEngineConfig(observerConfig("aws", { domain: settings.domain, observees })));
        return (await runInProcess(CLUSTER, of(CLUSTER, {}), () => observer.outputs)).resources;
    }
    const rule = isMap(settings.rule) && { rule: { ...settings.rule, files: [RULE_FILE] } };
    const observees = [{ name: "writer", mode: "sidecar-remote-write" }];
    return (await runInProcess("observer", of("observer", { ...rule, observees }))).resources;
}

/** What Helm makes of a chart and values, without subcharts that are not beside it. */
export function rendered(chartDirectory: string, values: Readonly<Record<string, unknown>>): Manifest[] {
    const chart = copyWithSubcharts(chartDirectory, temporaryDirectory());
    // Bitnami's chart refuses images of others unless told.
    const args = ["template", "thanos", chart, "--namespace", "monitoring", "--kube-version", "1.34.4", "--values", "-"];
    const options = { input: stringify(values), encoding: "utf8", maxBuffer: 64 << 20, timeout: 120_000 } as const;
    return parseAllDocuments(execFileSync(helmCommand(), [...args, "--set", "global.security.allowInsecureImages=true"], options))
        .map((document) => document.toJS() as Manifest | null)
        .filter((manifest) => manifest !== null);
}

/** Flags of a container, by name: as often as they are given. */
export type Flags = ReadonlyMap<string, readonly string[]>;

/** The flags of each component of Thanos among workloads. Of several that are one component, those of the one with this part of a name, else of the first. */
export function flagsByComponent(workloads: readonly { name: string; spec: unknown }[], preferred = "?"): Map<ComponentName, Flags> {
    const found = new Map<ComponentName, { name: string; flags: Flags }>();
    for (const { name, spec } of workloads)
        for (const args of commandLines(spec)) {
            const flags = parsedFlags(args);
            const component = componentOf(args, flags);
            const known = component && found.get(component);
            if (component && (known === undefined || (!known.name.includes(preferred) && name.includes(preferred))))
                found.set(component, { name, flags });
        }
    return new Map([...found].map(([component, { flags }]) => [component, flags]));
}

const COMPONENTS: readonly ComponentName[] = ["query", "query-frontend", "store", "compact", "receive", "rule"];

function componentOf(args: readonly string[], flags: Flags): ComponentName | undefined {
    const [command = "", second, third] = args;
    if (command === "tools" && second === "bucket" && third === "web") return "bucket-web";
    // The one that takes no samples has no directory for them.
    if (command === "receive" && !flags.has("tsdb.path") && !flags.has("tsdb.retention")) return "receive-router";
    return COMPONENTS.find((component) => component === command);
}

function commandLines(spec: unknown): string[][] {
    const podOf = (value: unknown): unknown =>
        isMap(value) ? (value.containers ? value : podOf(value.template ?? value.spec ?? value.jobTemplate)) : undefined;
    const pod = podOf(spec);
    const containers = isMap(pod) && Array.isArray(pod.containers) ? (pod.containers as { args?: unknown; command?: unknown }[]) : [];
    return containers.map(({ command, args }) =>
        [command, args].flatMap((part) => (Array.isArray(part) ? part.map(String) : [])).filter((word) => !/(^|\/)thanos$/.test(word)),
    );
}

function parsedFlags(args: readonly string[]): Flags {
    const flags = new Map<string, string[]>();
    for (const [i, arg] of args.entries()) {
        const [, name, value] = /^--([^=\s]+)(?:=([\s\S]*))?$/.exec(arg.trim()) ?? [];
        if (name === undefined) continue;
        const next = args[i + 1];
        const given = value ?? (next !== undefined && !next.startsWith("-") ? next : "true");
        flags.set(name, [...(flags.get(name) ?? []), comparable(given)].sort());
    }
    return flags;
}

/** `24h`, `1d` and `24h0m0s` are one time. */
export function comparable(value: string): string {
    try {
        return `${parseDuration(value.replace(/^(\d+h)0m0s$/, "$1"))}ms`;
    } catch {
        // Charts differ in the name of the variable with the pod's name.
        return value.trim().replace(/="\$\([A-Z_]+\)"$/, '="$(POD_NAME)"');
    }
}
