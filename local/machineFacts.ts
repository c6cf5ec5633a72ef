import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { networkInterfaces, totalmem } from "node:os";
import { dirname } from "node:path";
import { askDocker, type DockerAnswer, dockerMachine } from "./docker";
import { stateDirectory } from "./fleet/settings";
import { cacheDirectory } from "./offline/findTools";

/** What `npm start` has to know of a machine before it begins: local/doctor.ts judges it. Sizes are in bytes. */
export interface MachineFacts {
    platform: string;
    /** Whether this process is root's. */
    root: boolean;
    docker: DockerAnswer;
    /** Memory of the machine that Docker's containers run on: on macOS, Docker Desktop's own. Absent where Docker does not answer. */
    dockerMemory?: number;
    /** CPUs of the same machine. */
    dockerCpus?: number;
    memory: number;
    /** Free space where the fleet writes: its state, and the cache of tools. */
    free: { directory: string; bytes: number }[];
    /** Environment variables that name a proxy. */
    proxies: string[];
    /** `fs.inotify.max_user_instances`; absent where it cannot be read, as on macOS. */
    inotifyInstances?: number;
    /** IPv4 addresses of this machine's interfaces. */
    addresses: { interface: string; address: string }[];
}

/** Reads the facts of this machine. What cannot be read is left out: only what is known to be wrong is refused. */
export async function machineFacts(): Promise<MachineFacts> {
    const docker = await askDocker();
    const [ofDocker, inotify, free] = await Promise.all([
        "version" in docker ? dockerMachine() : {},
        readFile("/proc/sys/fs/inotify/max_user_instances", "utf8").catch(() => undefined),
        Promise.all([stateDirectory(), cacheDirectory()].map(async (directory) => ({ directory, bytes: await freeBytes(directory) }))),
    ]);
    return {
        platform: process.platform,
        root: process.getuid?.() === 0,
        docker,
        ...ofDocker,
        memory: totalmem(),
        free,
        proxies: ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].filter((name) => process.env[name]),
        ...(inotify !== undefined && { inotifyInstances: Number(inotify) }),
        addresses: Object.entries(networkInterfaces()).flatMap(([name, all = []]) =>
            all.filter(({ family }) => family === "IPv4").map(({ address }) => ({ interface: name, address })),
        ),
    };
}

/** Space for this user on the file system of a directory, which need not exist yet. */
async function freeBytes(directory: string): Promise<number> {
    let existing = directory;
    while (!existsSync(existing)) existing = dirname(existing);
    const { bavail, bsize } = await statfs(existing);
    return bavail * bsize;
}
