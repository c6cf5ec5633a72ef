import { parseAllDocuments } from "yaml";
import { type Known, type NotKnown, type Release, STREAM_LABEL, type Store } from "../model";
import { type Program, releaseOf } from "../version";
import { type CommandLine, parseArgv, text } from "./commandLine";
import { type Files, type Origin, originText } from "./files";
import type { Manifest } from "./manifest";
import { type Container, type Variable, type Workload, workloadOf } from "./workload";

/** What a reader of parts knows besides its manifest. */
export interface Surroundings {
    /** Those of its cluster. */
    readonly manifests: readonly Manifest[];
    /** What tells its cluster from others that are read together. Absent: there are none. */
    readonly cluster?: string;
    readonly files: Files;
    /** Undefined where the value is unknown before the update. */
    quietly<T>(read: () => T): T | undefined;
}

/** A container that runs a component of Thanos. */
export interface Process {
    /** Where its workload is described. */
    readonly path: string;
    /** `query-frontend`. */
    readonly component: string;
    /** By the tag of its image. */
    readonly version: string | undefined;
    readonly workload: Workload;
    readonly line: CommandLine;
    /** What the blocks are called that it works on. */
    blocks(): Pick<Store, "stream" | "streamLack">;
    /** The text of a pair of flags, `--x` and `--x-file`; or why it is not known. Undefined where neither is set. */
    content(flag: string, unknownContent?: "throw"): Known<string> | undefined;
    /** The same of a flag that is the path of a file, without a twin: `--http.config`. */
    file(flag: string): Known<string> | undefined;
    /** The variable of its container that a flag's value names: `$(NAME)`. */
    variable(name: string): Variable | undefined;
}

const COMPONENTS = ["sidecar", "store", "query", "query-frontend", "rule", "compact", "receive", "tools"];

/** A Thanos image: `quay.io/thanos/thanos:v0.42.4`, or a mirror's `.../thanos@sha256:...`. */
const IMAGE = /(^|\/)thanos([:@]|$)/;
const PROGRAM = /(^|\/)thanos$/;
/** Flags that no other program has beside a component's name. */
const FLAG =
    /^--(objstore\.config|receive\.|retention\.resolution-|query-range\.|query-frontend\.|store\.|endpoint|grpc-address|prometheus\.url|query\.replica-label)/;

/** The Thanos containers of a manifest that run one of the wanted components. The component is read before the other arguments, which may be unknown. */
export function processesOf(manifest: Manifest, path: string, wanted: readonly string[], around: Surroundings): Process[] {
    const workload = wanted.length > 0 ? workloadOf(manifest) : undefined;
    return (workload?.containers ?? []).flatMap((container) => {
        const argv = thanosArguments(container, wanted, around);
        if (argv === undefined || workload === undefined) return [];
        const line = parseArgv(argv.map((word) => expand(word, container, workload)));
        const component = line.command[0] ?? "";
        return wanted.includes(component) ? [processOf({ path, component, workload, line }, container, around)] : [];
    });
}

/** The arguments of a container that runs Thanos, without the program's name. Undefined, where it is another program or another component. */
function thanosArguments(container: Container, wanted: readonly string[], { quietly }: Surroundings): string[] | undefined {
    const { image, command, args } = container;
    const isWanted = (first = "") => first.startsWith("--") || wanted.includes(first);
    const started = quietly(() => startedIn(command, args));
    if (started !== undefined) return isWanted(started[0]) ? started : undefined;
    if (image !== undefined && IMAGE.test(image)) {
        const script = scriptOf("thanos", command, args);
        if (script !== undefined) return script;
        return isWanted(command?.[1] ?? args?.[0]) ? [...(command ?? []).slice(1), ...(args ?? [])] : undefined;
    }
    // Whatever its image is called: it is Thanos if the program is, or if a component is followed by a flag of Thanos.
    return quietly(() => {
        const script = scriptOf("thanos", command, args);
        if (script !== undefined) return script;
        const words = [...(command ?? []), ...(args ?? [])];
        if (PROGRAM.test(words[0] ?? "")) return isWanted(words[1]) ? words.slice(1) : undefined;
        const named = COMPONENTS.includes(words[0] ?? "") && wanted.includes(words[0] ?? "");
        return named && words.some((word) => FLAG.test(word)) ? words : undefined;
    });
}

/** The arguments of Thanos in `wait-for-it.sh minio:9000 -- /bin/thanos store --x=y`, or behind an init. */
function startedIn(command: readonly string[] = [], args: readonly string[] = []): string[] | undefined {
    // Arguments that begin with a component or a flag have no other program before them, and may be unknown.
    const first = command[0] ?? args[0] ?? "--";
    if (first.startsWith("-") || COMPONENTS.includes(first)) return undefined;
    const words = [...command, ...args];
    const program = words.findIndex((word, i) => i > 0 && PROGRAM.test(word) && COMPONENTS.includes(words[i + 1] ?? ""));
    return program === -1 ? undefined : words.slice(program + 1);
}

/** The arguments of `sh -c "exec thanos receive --x=y"`. */
export function scriptOf(
    program: "thanos" | "prometheus",
    command: readonly string[] = [],
    args: readonly string[] = [],
): string[] | undefined {
    const words = command.length > 0 ? [...command, ...args] : args;
    if (!/(^|\/)(ba|da|a)?sh$/.test(words[0] ?? "")) return undefined;
    const script = words.find((word, i) => i > 0 && !word.startsWith("-")) ?? "";
    const call = CALLS[program].exec(script)?.[1];
    if (call === undefined) return undefined;
    const pieces = call.replaceAll("\\\n", " ").match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
    return pieces.map((piece) => piece.replace(/(^|=)(["'])([\s\S]*)\2$/, "$1$3"));
}

const CALLS = {
    thanos: /(?:^|[\s;&|])(?:\S*\/)?thanos\s+((?:\\\n|[^\n;&|])*)/,
    prometheus: /(?:^|[\s;&|])(?:\S*\/)?prometheus\s+(?=-)((?:\\\n|[^\n;&|])*)/,
};

/** The release that the tag of an image names. */
export function releaseIn(program: Program, image = ""): Pick<Release, "image"> {
    const [name = ""] = image.split("@");
    const release = releaseOf(program, /:([^/:]+)$/.exec(name)?.[1]);
    return release === undefined ? {} : { image: release };
}

/** Fills `$(NAME)` in, as Kubernetes does, where the container says the value, or that it is the namespace of its pod. */
export const expand = (word: string, { env }: Container, workload: Workload): string =>
    word.replace(/\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name: string) => {
        const { value, valueFrom } = env?.find((variable) => variable.name === name) ?? {};
        return value ?? (valueFrom?.fieldRef?.fieldPath === "metadata.namespace" ? workload.namespace : whole);
    });

function processOf(parts: Pick<Process, "path" | "component" | "workload" | "line">, container: Container, around: Surroundings): Process {
    const { workload, line } = parts;
    const { files } = around;
    const variable = (name: string) => container.env?.find((candidate) => candidate.name === name);
    interface Source {
        readonly text?: string;
        readonly origin?: Origin;
        readonly notKnown: string;
    }
    const sourceAt = (path: string): Source => {
        const origin = workload.originOf(container, path);
        return { ...(origin && { origin }), notKnown: `${path} is in no ConfigMap and no Secret of its pods` };
    };
    const source = (flag: string): Source | undefined => {
        const inline = text(line.flags, flag);
        const file = text(line.flags, `${flag}-file`);
        if (inline !== undefined) {
            const name = /^\$\((.*)\)$/.exec(inline.trim())?.[1];
            if (name === undefined) return { text: inline, notKnown: "" };
            const origin = originOfVariable(variable(name), workload.namespace);
            return { ...(origin && { origin }), notKnown: `--${flag} is ${inline}` };
        }
        return file === undefined ? undefined : sourceAt(file);
    };
    const textOf = ({ text: inline, origin, notKnown: fact }: Source, unknownContent?: "throw"): Known<string> => {
        if (inline !== undefined) return inline;
        return origin === undefined ? { notKnown: fact } : files.text(origin, unknownContent);
    };
    return {
        ...parts,
        version: releaseIn("Thanos", container.image).image,
        content(flag, unknownContent) {
            const found = source(flag);
            return found && textOf(found, unknownContent);
        },
        file(flag) {
            const path = text(line.flags, flag);
            return path === undefined ? undefined : textOf(sourceAt(path));
        },
        variable,
        blocks() {
            const label = workload.labels[STREAM_LABEL];
            if (label !== undefined) return { stream: label };
            const found = source("objstore.config");
            const content = found?.text ?? (found?.origin && files.text(found.origin));
            const stream = blocksOf(content, found?.origin, workload, around);
            return found === undefined || content !== undefined ? { stream } : { stream, streamLack: notKnown(found.notKnown) };
        },
    };
}

function originOfVariable(variable: Variable | undefined, namespace: string): Origin | undefined {
    const { secretKeyRef, configMapKeyRef } = variable?.valueFrom ?? {};
    const ref = secretKeyRef ?? configMapKeyRef;
    if (ref?.name === undefined || ref.key === undefined) return undefined;
    return { kind: secretKeyRef === undefined ? "ConfigMap" : "Secret", namespace, name: ref.name, key: ref.key };
}

/**
 * The name of the blocks that an objstore file leads to: bucket and prefix; else the object that the file comes from, since the same file means the same
 * blocks; else the workload, so that its blocks are like no others.
 */
export function blocksOf(
    content: Known<string> | undefined,
    origin: Origin | undefined,
    workload: { readonly namespace: string; readonly name: string },
    { cluster }: Surroundings,
): string {
    const here = cluster === undefined ? "" : ` in ${cluster}`;
    const place = typeof content === "string" ? placeOf(content, here) : undefined;
    if (place !== undefined) return place;
    return `the blocks of ${origin === undefined ? `${workload.namespace}/${workload.name}` : originText(origin)}${here}`;
}

interface ObjectStore {
    readonly type?: unknown;
    readonly prefix?: unknown;
    readonly config?: Readonly<Record<string, unknown>>;
}

/** What names a bucket, in the stores that Thanos knows (thanos-io/objstore), and where it is. */
const BUCKET = ["bucket", "container", "container_name", "directory"];
const HOST = ["endpoint", "storage_account"];

/** An address that means another store in each cluster: `minio:9000`, `minio.storage.svc:9000`. */
const INSIDE = /^[^.]+$|\.svc\b/;

function placeOf(content: string, here: string): string | undefined {
    const file = readYaml(content) as ObjectStore | undefined;
    const config = file?.config;
    const written = (keys: readonly string[]) =>
        keys.map((key) => config?.[key]).filter((value) => typeof value === "string" && value !== "");
    const names = written([...HOST, ...BUCKET]);
    // A placeholder is left empty, and many buckets have the same host.
    if (typeof file?.type !== "string" || written(BUCKET).length === 0) return undefined;
    const place = [`${file.type.toUpperCase()} ${names.join("/")}`, file.prefix]
        .filter((part) => typeof part === "string" && part !== "")
        .join("/");
    const endpoint = config?.endpoint;
    return typeof endpoint === "string" && INSIDE.test(endpoint) ? `${place}${here}` : place;
}

/** The first document of a YAML text, which is the one that Thanos reads; undefined if it is none. */
export function readYaml(content: string): unknown {
    try {
        const [first] = parseAllDocuments(content);
        return first === undefined || first.errors.length > 0 ? undefined : (first as { toJS(): unknown }).toJS();
    } catch {
        // Too many aliases.
        return undefined;
    }
}

/** How many documents of a YAML text have something in them. */
export const documentsIn = (content: string): number =>
    [...parseAllDocuments(content)].filter((document) => document.contents !== null).length;

export const notKnown = (fact: string): NotKnown => ({ notKnown: fact });
