import { type Duration, parseDuration } from "../duration";
import { isMap } from "../isMap";
import { isKnown, type Known, type Prometheus, type Sidecar, type Source } from "../model";
import { isIn } from "../version";
import { type CommandLine, durationIn, parseArgv, text } from "./commandLine";
import { externalLabels, type Label } from "./externalLabels";
import type { Manifest } from "./manifest";
import { ifKnown, NotKnownError } from "./notKnown";
import { expand, notKnown, type Process, processesOf, readYaml, releaseIn, type Surroundings, scriptOf } from "./process";
import { serviceNamed, serviceOf } from "./services";
import { type Container, RECEIVE_PATH, type Variable, type Workload, workloadOf } from "./workload";

/** A Prometheus in a workload that people have written, and not prometheus-operator. */
interface Server {
    readonly manifest: Manifest;
    readonly workload: Workload;
    readonly container: Container;
    readonly flags: CommandLine["flags"];
    /** What its configuration file says. */
    readonly config: Known<Record<string, unknown>>;
}

const IMAGE = /(^|\/)prometheus([:@]|$)/;
const PROGRAM = /(^|\/)prometheus$/;
/** No other program has a flag that begins so. */
const FLAG = /^--storage\.(tsdb|agent)\./;

function argumentsOf({ image = "", command = [], args = [] }: Container): readonly string[] | undefined {
    const script = scriptOf("prometheus", command, args);
    if (script !== undefined) return script;
    const words = [...command, ...args];
    // Images of other programs are called so, too: sflow/prometheus. Flags of Prometheus have two hyphens.
    if (words.some((word) => /^-[^-]/.test(word))) return undefined;
    return IMAGE.test(image) || PROGRAM.test(command[0] ?? "") || words.some((word) => FLAG.test(word)) ? words : undefined;
}

function serverOf(manifest: Manifest, around: Surroundings): Server | undefined {
    const workload = workloadOf(manifest);
    const found = around.quietly(() =>
        (workload?.containers ?? []).flatMap((container) => {
            const argv = argumentsOf(container);
            return argv === undefined ? [] : [{ container, argv }];
        }),
    )?.[0];
    if (workload === undefined || found === undefined) return undefined;
    const { container, argv } = found;
    const { flags } = parseArgv(argv.map((word) => expand(word, container, workload)));
    return { manifest, workload, container, flags, config: configOf(workload, container, flags, around) };
}

/** Where it is if no argument names it: that of the image's own arguments, and that of the program, if other arguments replace these. */
const CONFIG_FILES = ["/etc/prometheus/prometheus.yml", "prometheus.yml"];
/** Of the image. */
const WORKING_DIR = "/prometheus";

function configOf(workload: Workload, container: Container, flags: CommandLine["flags"], around: Surroundings): Server["config"] {
    const named = text(flags, "config.file");
    const files = named === undefined ? CONFIG_FILES : [named];
    const [origin] = files.flatMap(
        (file) => workload.originOf({ workingDir: WORKING_DIR, ...container }, file) ?? templateOf(file, workload) ?? [],
    );
    const content = origin === undefined ? notKnown(`${files[0]} is in no ConfigMap and no Secret of its pods`) : around.files.text(origin);
    if (!isKnown(content)) return content;
    const config = readYaml(content);
    return isMap(config) ? config : notKnown(`${files[0]} is no map of YAML`);
}

/** What the reloader of the sidecar makes the file of (docs/components/sidecar.md, --reloader.config-envsubst-file). */
function templateOf(file: string, workload: Workload) {
    const reloaders = workload.containers.map((container) => ({
        container,
        flags: parseArgv([...(container.command ?? []), ...(container.args ?? [])]).flags,
    }));
    const reloader = reloaders.find(({ flags }) => text(flags, "reloader.config-envsubst-file") === file);
    const template = reloader && text(reloader.flags, "reloader.config-file");
    return reloader && template !== undefined ? workload.originOf(reloader.container, template) : undefined;
}

/** The sidecar of a Prometheus: in its pod, or a service of docker-compose that asks it. */
function sidecarOf(server: Server, path: string, around: Surroundings): Process | undefined {
    const [beside] = processesOf(server.manifest, path, ["sidecar"], around);
    return (
        beside ??
        around.manifests.flatMap((manifest) => processesOf(manifest, path, ["sidecar"], around)).find((one) => asks(one, server, around))
    );
}

const asks = ({ line, workload }: Process, { manifest }: Server, around: Surroundings): boolean =>
    leadsTo(
        /^https?:\/\/([\w.-]+)/.exec(text(line.flags, "prometheus.url") ?? "")?.[1],
        workload.namespace,
        (one) => one === manifest,
        around,
    );

/** Whether a host is a Service before such a workload. */
function leadsTo(host = "", namespace: string, isSuch: (manifest: Manifest) => boolean, around: Surroundings): boolean {
    const named = serviceNamed(host, namespace);
    return (named && serviceOf(named, around.manifests)?.behind.some(({ manifest }) => isSuch(manifest))) ?? false;
}

const at = (value: unknown, ...keys: string[]): unknown => keys.reduce((inner, key) => (isMap(inner) ? inner[key] : undefined), value);

const listAt = (value: unknown, ...keys: string[]): readonly unknown[] => {
    const found = at(value, ...keys);
    return Array.isArray(found) ? found : [];
};

const mapAt = (value: unknown, ...keys: string[]): Record<string, unknown> => {
    const found = at(value, ...keys);
    return isMap(found) ? found : {};
};

const featuresOf = ({ flags }: Server) => (flags.get("enable-feature") ?? []).flatMap((names) => names.split(","));

const isAgent = (server: Server) => text(server.flags, "agent") === "true" || featuresOf(server).includes("agent");

const writesToReceive = ({ config }: Server) =>
    isKnown(config) && listAt(config, "remote_write").some((target) => String(at(target, "url")).includes(RECEIVE_PATH));

/** A Prometheus with a sidecar or a remote write to Receive, with all such that scrape the same targets. */
export function plainPrometheusOf(manifest: Manifest, path: string, around: Surroundings): Prometheus[] {
    const server = serverOf(manifest, around);
    if (server === undefined || !isOfThanos(server, path, around)) return [];
    const replicas = server.workload.replicas;
    // It is switched off, or another program scales it.
    if (replicas === 0) return [];
    const twins = around.manifests
        .flatMap((other) => (other === manifest ? [] : (serverOf(other, around) ?? [])))
        .filter((other) => isOfThanos(other, path, around) && isTwin(server, other, path, around));
    return [{ path, replicas: twins.reduce((sum, { workload }) => sum + workload.replicas, replicas), agent: isAgent(server) }];
}

/** Thanos has what it scrapes. */
const isOfThanos = (server: Server, path: string, around: Surroundings) =>
    writesToReceive(server) || sidecarOf(server, path, around) !== undefined;

/** Whether another Prometheus scrapes the same targets, as people write two of them for two replicas. */
function isTwin(server: Server, other: Server, path: string, around: Surroundings): boolean {
    const pair = [server, other];
    const isOfPair = (manifest: Manifest) =>
        pair.some(
            (one) =>
                one.manifest === manifest || processesOf(manifest, path, ["sidecar"], around).some((found) => asks(found, one, around)),
        );
    const [targets, others] = pair.map(({ config, workload }) => {
        if (!isKnown(config))
            throw new NotKnownError(
                `whether ${other.manifest.name} and ${server.manifest.name} scrape the same targets is not known: not both configurations are read`,
            );
        // Each of the two scrapes itself and its sidecar.
        return targetsOf(config).filter((target) => {
            const host = /^(?:https?:\/\/)?([\w.-]+)/.exec(target)?.[1];
            return host !== "localhost" && host !== "127.0.0.1" && !leadsTo(host, workload.namespace, isOfPair, around);
        });
    });
    return JSON.stringify(targets) === JSON.stringify(others);
}

/** What it scrapes: addresses, where it finds others, and the steps that leave some of them out, such as those of another shard. In no order. */
function targetsOf(config: Record<string, unknown>): string[] {
    const scrapes = listAt(config, "scrape_configs").filter(isMap);
    return scrapes
        .flatMap((scrape) => [
            ...listAt(scrape, "static_configs").flatMap((group) => listAt(group, "targets").map(String)),
            ...Object.keys(scrape).flatMap((key) =>
                key.endsWith("_sd_configs") ? listAt(scrape, key).map((found) => JSON.stringify(found)) : [],
            ),
            ...listAt(scrape, "relabel_configs").flatMap((step) =>
                LEAVES_OUT.test(String(at(step, "action"))) ? JSON.stringify(step) : [],
            ),
        ])
        .sort();
}

const LEAVES_OUT = /^(keep|drop)/i;

export function plainSidecarOf(manifest: Manifest, path: string, around: Surroundings): Sidecar[] {
    const server = serverOf(manifest, around);
    const sidecar = server && sidecarOf(server, path, around);
    if (server === undefined || sidecar === undefined) return [];
    const floats = isKnown(server.config) ? at(server.config, "storage", "tsdb", "chunk_encoding", "floats") : server.config;
    return [
        {
            path,
            uploads: uploads(sidecar),
            prometheus: releaseIn("Prometheus", server.container.image),
            thanos: { ...(sidecar.version && { image: sidecar.version }) },
            operated: false,
            compactionOff: false,
            features: featuresOf(server),
            ...(floats !== undefined && { floats: floats as Known<string> }),
        },
    ];
}

const uploads = (sidecar: Process) => sidecar.content("objstore.config") !== undefined;

export function plainSourceOf(manifest: Manifest, path: string, around: Surroundings): Source[] {
    const server = serverOf(manifest, around);
    const sidecar = server && sidecarOf(server, path, around);
    if (server === undefined || sidecar === undefined) return [];
    const { workload, config } = server;
    const labels = isKnown(config) ? labelsOf(config, server) : config;
    const retention = ifKnown(() => retentionOf(server));
    return [
        {
            path,
            program: "Prometheus",
            stream: sidecar.blocks().stream,
            uploads: uploads(sidecar),
            replicas: workload.replicas,
            ...(isKnown(labels) ? externalLabels(labels, (name) => variableOf(server, name)) : { replicaLabels: labels }),
            outOfOrder:
                durationOf("storage.tsdb.out_of_order_time_window", at(config, "storage", "tsdb", "out_of_order_time_window")) ?? NONE,
            ...(retention !== undefined && { retention }),
        },
    ];
}

const NONE = parseDuration("0");

/** Prometheus replaces `${NAME}` and `$NAME` in external labels from release 3 on, and before with a feature. The reloader replaces `$(NAME)`. */
function labelsOf(config: Record<string, unknown>, server: Server): Known<Label[]> {
    const labels = Object.entries(mapAt(config, "global", "external_labels")).map(([name, value]) => ({ name, value: String(value) }));
    const { image } = releaseIn("Prometheus", server.container.image);
    const expands = featuresOf(server).includes("expand-external-labels") || isIn(">=3.0.0", image);
    if (expands === undefined && labels.some(({ value }) => /\$[{\w]/.test(value)))
        return notKnown("the release of Prometheus is not known, which decides whether it replaces variables in external labels");
    const read = (value: string) =>
        expands ? value.replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, "$($1$2)") : value.replace(/\$(?!\()/g, "");
    return labels.map(({ name, value }) => ({ name, value: read(value) }));
}

/** A pod is the name of its containers' host. */
function variableOf({ container, workload, manifest }: Server, name: string): Variable | undefined {
    const own = [container, ...workload.containers].flatMap(({ env = [] }) => env).find((variable) => variable.name === name);
    const isHost = name === "HOSTNAME" && manifest.kind !== "DaemonSet";
    return own ?? (isHost ? { name, valueFrom: { fieldRef: { fieldPath: "metadata.name" } } } : undefined);
}

/** Undefined where a size ends it, or where nobody knows. */
function retentionOf({ flags, config }: Server): Duration | undefined {
    const time = text(flags, "storage.tsdb.retention.time") ?? text(flags, "storage.tsdb.retention");
    if (time !== undefined) return durationOf("--storage.tsdb.retention.time", time);
    if (flags.has("storage.tsdb.retention.size") || !isKnown(config) || at(config, "storage", "tsdb", "retention") !== undefined)
        return undefined;
    return DEFAULT_RETENTION;
}

const DEFAULT_RETENTION = parseDuration("15d");

const durationOf = (name: string, value: unknown): Duration | undefined =>
    typeof value === "string" ? durationIn(name, value, "Prometheus") : undefined;
