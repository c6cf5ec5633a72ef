import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./eventually";

const run = promisify(execFile);
const STOP_WITHIN_MS = 10_000;

/** A free port on 127.0.0.1. */
export async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
}

async function connected(host: string, port: number): Promise<void> {
    const socket = connect({ host, port, timeout: 5000 });
    try {
        await once(socket, "connect");
    } finally {
        socket.destroy();
    }
}

/**
 * Thanos 0.42 looks for idle tenants in the first minute of every fourth hour, by UTC, and crashes where it is still opening one then: `shouldBeMarkedInactive` has
 * no TSDB yet (pkg/receive/multitsdb.go; cmd/thanos/receive.go has the time, twice the length of a block). Mended after 0.42.4: thanos#8990.
 */
async function afterPruning(): Promise<void> {
    const minute = () => Math.floor(Date.now() / 60_000) % (4 * 60);
    while (minute() === 0) await new Promise((resolve) => setTimeout(resolve, 1000));
}

/** Servers that a test starts, with their files and logs in `directory`. They get only the given environment: no credentials of this machine. */
export class Processes {
    private readonly children = new Map<string, ChildProcess>();

    constructor(readonly directory: string) {}

    /** Starts a server and resolves when the URL `ready` answers 200, or takes connections if it is `tcp://host:port`. */
    async start(name: string, command: string, args: string[], ready: string, env: Record<string, string> = {}): Promise<void> {
        if (args[0] === "receive") await afterPruning();
        const log = join(this.directory, `${name}.log`);
        const file = openSync(log, "w");
        const child = spawn(command, args, { env: { HOME: this.directory, ...env }, cwd: this.directory, stdio: ["ignore", file, file] });
        closeSync(file);
        this.children.set(name, child);
        const ended = once(child, "exit").then(([code]) => {
            throw new Error(`${name} exited with ${code}`);
        });
        const answers = eventually(`${name} is ready`, 60, async () => {
            const { protocol, hostname, port } = new URL(ready);
            if (protocol === "tcp:") return connected(hostname, Number(port));
            const { status } = await fetch(ready, { signal: AbortSignal.timeout(5000) });
            if (status !== 200) throw new Error(`it answers ${status}`);
        });
        await Promise.race([answers, ended]).catch((error: Error) => {
            throw new Error(`${error.message}\n${readFileSync(log, "utf8").slice(-2000)}`);
        });
    }

    /** Ends servers as a lost machine does. */
    async kill(names: readonly string[]): Promise<void> {
        for (const name of names) {
            const child = this.children.get(name);
            if (child === undefined) throw new Error(`${name} was not started`);
            child.kill("SIGKILL");
            await once(child, "exit");
        }
    }

    /** Lets a server keep its connections and answer nothing, until `resume`. Its threads may run on for a moment after the signal. */
    async suspend(name: string): Promise<void> {
        const { pid } = this.signal(name, "SIGSTOP");
        await eventually(`${name} is suspended`, 10, async () => {
            const { stdout } = await run("ps", ["-o", "state=", "-p", String(pid)]);
            assert.equal(stdout.trim()[0], "T");
        });
    }

    resume(name: string): void {
        this.signal(name, "SIGCONT");
    }

    private signal(name: string, signal: NodeJS.Signals): ChildProcess {
        const child = this.children.get(name);
        if (!child?.kill(signal)) throw new Error(`${name} does not run`);
        return child;
    }

    async stop(): Promise<void> {
        await Promise.all(
            [...this.children.values()].map(async (child) => {
                if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
                child.kill("SIGTERM");
                child.kill("SIGCONT");
                const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
                await once(child, "exit");
                clearTimeout(kill);
            }),
        );
    }
}
