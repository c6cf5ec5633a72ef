import { type Duration, parseDuration } from "../duration";
import type { Compactor, Store } from "../model";
import { NotKnownError } from "./notKnown";

/** A parsed command line: the words that choose the component, and each flag's values in order. */
export interface CommandLine {
    readonly command: readonly string[];
    readonly flags: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parses the arguments of Thanos or Prometheus as their own parser does (kingpin): `--x=y`, `--x y`, `--x`, `--no-x`, repeated flags.
 *
 * kingpin knows which flags take a value; this parser takes a word after `--x` for its value. The result is the same, because no component of
 * either program takes positional arguments, and kingpin refuses a value that begins with a hyphen unless it is written `--x=-y`.
 */
export function parseArgv(argv: readonly string[]): CommandLine {
    const command: string[] = [];
    const flags = new Map<string, string[]>();
    for (let i = 0; i < argv.length; i++) {
        const word = argv[i] ?? "";
        if (!word.startsWith("--")) {
            command.push(word);
            continue;
        }
        const equals = word.indexOf("=");
        const next = argv[i + 1];
        if (equals !== -1) add(flags, word.slice(2, equals), word.slice(equals + 1));
        else if (next !== undefined && !next.startsWith("-")) {
            add(flags, word.slice(2), next);
            i++;
        } else if (word.startsWith("--no-")) add(flags, word.slice("--no-".length), "false");
        else add(flags, word.slice(2), "true");
    }
    return { command, flags };
}

function add(flags: Map<string, string[]>, name: string, value: string): void {
    flags.set(name, [...(flags.get(name) ?? []), value]);
}

/** A flag of Thanos, or a field of prometheus-operator, has a value that is refused. */
export class FlagError extends Error {
    override readonly name = "FlagError";

    constructor(
        message: string,
        readonly refusedBy: "Thanos" | "prometheus-operator" | "Prometheus" = "Thanos",
    ) {
        super(message);
    }
}

type CompactorFlags = Pick<Compactor, "downsampling" | "retention" | "deleteDelay"> & Required<Pick<Compactor, "merging">>;

/** What the flags of `thanos compact` say (v0.42). Flags that are not set have Thanos's defaults: keep for ever, downsample. */
export function compactorFlags({ flags }: CommandLine): CompactorFlags {
    const replicaLabels = (flags.get("deduplication.replica-label") ?? []).flatMap((labels) => labels.split(","));
    return {
        downsampling: text(flags, "downsampling.disable") !== "true",
        retention: {
            raw: duration(flags, "retention.resolution-raw", "0d"),
            fiveMinutes: duration(flags, "retention.resolution-5m", "0d"),
            oneHour: duration(flags, "retention.resolution-1h", "0d"),
        },
        deleteDelay: duration(flags, "delete-delay", "48h"),
        merging: {
            // A replica label switches it on (cmd/thanos/compact.go).
            vertical: text(flags, "compact.enable-vertical-compaction") === "true" || replicaLabels.length > 0,
            replicaLabels,
            penalty: text(flags, "deduplication.func") === "penalty",
        },
    };
}

/** What the flags of `thanos store` say (v0.42). */
export const storeFlags = ({ flags }: CommandLine): Omit<Store, "path" | "stream"> => ({
    ignoreDeletionMarksDelay: duration(flags, "ignore-deletion-marks-delay", "24h"),
    minAge: age(flags, "max-time"),
    syncInterval: goDurationOf(flags, "sync-block-duration", "15m"),
});

/** An age before now: `-22h`. A fixed time (`9999-12-31T23:59:59Z`, the default) is none. */
function age(flags: Flags, name: string): Duration {
    const value = text(flags, name) ?? "";
    return value.startsWith("-") ? durationIn(`--${name}`, value.slice(1)) : NONE;
}

const NONE = parseDuration("0");

/** What a Receive is (cmd/thanos/receive.go, determineMode). */
interface ReceiveMode {
    /** It has a hashring, so it routes. */
    readonly forwards: boolean;
    /** It ingests: it has no hashring, or a local endpoint beside it. */
    readonly stores: boolean;
    /** It has a name in a hashring. */
    readonly isNamed: boolean;
}

/** What the flags of `thanos receive` say. */
export interface ReceiveFlags extends ReceiveMode {
    readonly replicationFactor: number;
    readonly algorithm: string;
    readonly protocol: string;
}

/** It needs no flag whose value may be wrong. */
export function receiveMode({ flags }: CommandLine): ReceiveMode {
    const forwards = flags.has("receive.hashrings") || flags.has("receive.hashrings-file");
    const isNamed = flags.has("receive.local-endpoint");
    return { forwards, stores: !forwards || isNamed, isNamed };
}

export function receiveFlags(line: CommandLine): ReceiveFlags {
    const { flags } = line;
    return {
        ...receiveMode(line),
        replicationFactor: count(flags, "receive.replication-factor", 1),
        algorithm: text(flags, "receive.hashrings-algorithm") ?? "hashmod",
        protocol: text(flags, "receive.replication-protocol") ?? "protobuf",
    };
}

type Flags = CommandLine["flags"];

/** The last value, as kingpin takes it. */
export const text = (flags: Flags, name: string) => flags.get(name)?.at(-1);

/** Parts of a text that something fills in later: Kubernetes or a shell from a variable that is not known here, envsubst, or a template. */
const FILLED_IN = /\$[({A-Za-z_]|\{\{/;

function refuseFilledIn(name: string, value: string): void {
    if (FILLED_IN.test(value)) throw new NotKnownError(`${name} is ${value}`);
}

/** A duration as Prometheus writes it. */
export const duration = (flags: Flags, name: string, defaultValue: string): Duration =>
    durationIn(`--${name}`, text(flags, name) ?? defaultValue);

/** The duration that a flag or a field has. */
export function durationIn(name: string, value: string, refusedBy?: FlagError["refusedBy"]): Duration {
    refuseFilledIn(name, value);
    try {
        return parseDuration(value);
    } catch (error) {
        throw new FlagError(`${name}: ${(error as Error).message}`, refusedBy);
    }
}

const GO_UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const GO_DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/;

/** A duration as Go writes it, which has fractions and no days: `1.5h`, `5m0s`. */
function goDurationOf(flags: Flags, name: string, defaultValue: string): Duration {
    const value = text(flags, name) ?? defaultValue;
    refuseFilledIn(`--${name}`, value);
    if (value === "0") return NONE;
    if (!GO_DURATION.test(value))
        throw new FlagError(`--${name}: ${JSON.stringify(value)} is not a duration of Go. Write for instance 15m.`);
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * GO_UNITS[unit as keyof typeof GO_UNITS], 0) as Duration;
}

function count(flags: Flags, name: string, defaultValue: number): number {
    const value = text(flags, name) ?? String(defaultValue);
    refuseFilledIn(`--${name}`, value);
    if (!/^\d+$/.test(value)) throw new FlagError(`--${name}: ${JSON.stringify(value)} is not a whole number. Write for instance 3.`);
    return Number(value);
}
