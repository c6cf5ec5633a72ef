import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askDocker } from "../../local/docker";
import { cacheDirectory, thisMachine } from "../../local/offline/tools/machine";
import { temporaryDirectory } from "../support/temporaryDirectory";

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const ANSWERS_WITHIN_MS = 60_000;

/** Runs `work` with the Docker engine that answers, or with one of its own (Debian's `docker.io`), which keeps its images in the cache. */
export async function withEngine(work: () => Promise<void>): Promise<void> {
    if ("version" in (await askDocker())) return work();
    if ((await thisMachine().lookPath("dockerd")) === undefined)
        throw new Error("Docker does not answer, and there is no dockerd to start. Start Docker, or install Debian's docker.io.");
    const data = join(cacheDirectory(), "kind", "docker");
    mkdirSync(data, { recursive: true });
    // Paths of sockets must be short.
    const socket = `unix://${join(temporaryDirectory(), "docker.sock")}`;
    const log = join(data, "dockerd.log");
    // An engine that has to switch forwarding on also drops what it does not know of, that of a fleet that is built here too.
    const forwarding = readFileSync(FORWARDING, "utf8");
    writeFileSync(FORWARDING, "1");
    const engine = spawn("dockerd", engineArgs(data, socket), {
        stdio: ["ignore", openSync(log, "w"), openSync(log, "a")],
        detached: true,
    });
    process.env.DOCKER_HOST = socket;
    try {
        await untilAnswering(log);
        await work();
    } finally {
        if (engine.kill("SIGTERM")) await once(engine, "exit");
        writeFileSync(FORWARDING, forwarding);
    }
}

const engineArgs = (data: string, socket: string) => [
    ...["--data-root", data, "--exec-root", join(data, "exec"), "--pidfile", join(data, "pid"), "--host", socket],
    ...["--add-runtime", `present-capabilities=${join(__dirname, "runc.js")}`, "--default-runtime", "present-capabilities"],
];

async function untilAnswering(log: string): Promise<void> {
    for (const deadline = Date.now() + ANSWERS_WITHIN_MS; "silent" in (await askDocker()); await sleep(1000))
        if (Date.now() > deadline) throw new Error(`dockerd does not answer within ${ANSWERS_WITHIN_MS / 1000} s: see ${log}.`);
}
