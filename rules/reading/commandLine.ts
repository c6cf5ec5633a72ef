import { type Duration, parseDuration } from "../duration";
import type { Compactor } from "../model";

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

/** A flag has a value that its program would refuse. */
export class FlagError extends Error {
    override readonly name = "FlagError";
}

/** What the flags of `thanos compact` say (v0.42). Flags that are not set have Thanos's defaults: keep for ever, downsample. */
export function compactorFlags({ flags }: CommandLine): Pick<Compactor, "downsampling" | "retention" | "shard"> {
    const shard = text(flags, "selector.relabel-config") ?? text(flags, "selector.relabel-config-file");
    return {
        ...(shard !== undefined && { shard }),
        downsampling: text(flags, "downsampling.disable") !== "true",
        retention: {
            raw: duration(flags, "retention.resolution-raw"),
            fiveMinutes: duration(flags, "retention.resolution-5m"),
            oneHour: duration(flags, "retention.resolution-1h"),
        },
    };
}

/** What the flags of `thanos receive` say (cmd/thanos/receive.go, determineMode). */
export interface ReceiveFlags {
    /** It has a hashring, so it routes. */
    readonly forwards: boolean;
    /** It ingests: it has no hashring, or a local endpoint beside it. */
    readonly stores: boolean;
    readonly replicationFactor: number;
    /** The hashrings file, where it is a file. */
    readonly ringFile?: string;
}

export function receiveFlags({ flags }: CommandLine): ReceiveFlags {
    const forwards = flags.has("receive.hashrings") || flags.has("receive.hashrings-file");
    const stores = !forwards || flags.has("receive.local-endpoint");
    const ringFile = text(flags, "receive.hashrings-file");
    return {
        forwards,
        stores,
        replicationFactor: count(flags, "receive.replication-factor", 1),
        ...(ringFile !== undefined && { ringFile }),
    };
}

type Flags = CommandLine["flags"];

/** The last value, as kingpin takes it. */
const text = (flags: Flags, name: string) => flags.get(name)?.at(-1);

function duration(flags: Flags, name: string): Duration {
    try {
        return parseDuration(text(flags, name) ?? "0d");
    } catch (error) {
        throw new FlagError(`--${name}: ${(error as Error).message}`);
    }
}

function count(flags: Flags, name: string, defaultValue: number): number {
    const value = text(flags, name) ?? String(defaultValue);
    if (!/^\d+$/.test(value)) throw new FlagError(`--${name}: ${JSON.stringify(value)} is not a whole number. Write for instance 3.`);
    return Number(value);
}
