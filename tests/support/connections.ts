import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";

/** An established TCP connection, as the side that accepted it sees it. */
export interface Connection {
    /** Address of the pod. */
    to: string;
    port: number;
    /** Address of the other side. */
    from: string;
}

/** Every established TCP connection in the network namespaces of this machine, both sides of each. */
export function establishedConnections(): Connection[] {
    const processes = new Map<string, string>();
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
        try {
            processes.set(readlinkSync(`/proc/${pid}/ns/net`), pid);
        } catch {
            // It has just ended.
        }
    return [...processes.values()].flatMap((pid) => {
        try {
            return parse(
                execFileSync("nsenter", ["--target", pid, "--net", "ss", "-Htn", "state", "established"], {
                    encoding: "utf8",
                    stdio: ["ignore", "pipe", "ignore"],
                }),
            );
        } catch {
            return [];
        }
    });
}

/** Lines of `ss`: queues, own address and port, the other side's. Addresses of IPv4 may be written in IPv6. */
const parse = (output: string): Connection[] =>
    [...output.matchAll(/^\d+\s+\d+\s+\[?(?:::ffff:)?([\d.]+)\]?:(\d+)\s+\[?(?:::ffff:)?([\d.]+)\]?:\d+/gm)].map(
        ([, to = "", port, from = ""]) => ({
            to,
            port: Number(port),
            from,
        }),
    );
