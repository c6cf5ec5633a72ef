/**
 * The one child of a cluster's init process (tini), started by `tree.ts` in mount, network and process namespaces of its own.
 *
 * It starts the cluster's programs in order and starts again what exits: kubelet, for one, gives up for good when it loses the race
 * for its CSINode object on a busy machine. If this process ends, init ends, and with it everything in the namespaces.
 *
 * Usage: supervisor.ts <plan.json>
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serveLoadBalancers } from "../../services/loadBalancers";
import type { Component, Plan } from "./clusterPlan";
import { isServing } from "./health";
import { BRIDGE, type ClusterFiles, filesOf, type Network, PRIVATE_DIRECTORIES } from "./spec";

/** How long a program may take until the next one is started, and how long the network may take to appear. */
const READY_WITHIN_MS = 180_000;

const say = (text: string) => console.log(`${new Date().toISOString()} ${text}`);
const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: 20_000 });

async function main(planFile: string): Promise<void> {
    const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
    const dir = path.dirname(planFile);
    const files = filesOf(path.dirname(dir), path.basename(dir));
    process.env.PATH = plan.PATH;

    isolate(files);
    await connect(plan.network);
    // A socket of an earlier run looks ready but nobody answers.
    rmSync(files.containerdSocket, { force: true });
    for (const component of plan.components) {
        keep(component, files, plan.PATH);
        await until(`${component.name} answers`, () => answers(component.ready));
    }
    say("all started");
    await serveLoadBalancers(files.kubeconfigFor("admin"), plan.network.nodeIp, new AbortController().signal);
}

/**
 * Gives this cluster its own /run (network namespaces of pods, shims' sockets, the lock of iptables), its own of the directories that
 * kubelet names by itself, and its own answer to what kubelet asks of the kernel: it would otherwise set the machine's sysctls.
 */
function isolate(files: ClusterFiles): void {
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run");
    // As after a reboot, no pod has an address yet.
    rmSync(files.privateDirectory("/var/lib/cni"), { recursive: true, force: true });
    for (const directory of PRIVATE_DIRECTORIES) {
        mkdirSync(files.privateDirectory(directory), { recursive: true });
        run("mount", "--bind", files.privateDirectory(directory), directory);
    }
    const wanted = {
        "vm/overcommit_memory": 1,
        "vm/panic_on_oom": 0,
        "kernel/panic": 10,
        "kernel/panic_on_oops": 1,
        "kernel/keys/root_maxkeys": 1_000_000,
        "kernel/keys/root_maxbytes": 25_000_000,
    };
    for (const [sysctl, value] of Object.entries(wanted).filter(([name]) => existsSync(`/proc/sys/${name}`))) {
        const answer = `/run/sysctl-${sysctl.replaceAll("/", "-")}`;
        writeFileSync(answer, `${value}\n`);
        run("mount", "--bind", answer, `/proc/sys/${sysctl}`);
    }
    // Volumes that kubelet mounts have to reach the containers that are already running.
    run("mount", "--make-rshared", "/");
}

/** Waits for the end of the veth pair that `host.ts` puts into this namespace, and sets the node's address. */
async function connect({ nodeIp }: Network): Promise<void> {
    await until("eth0 is there", async () => readFileSync("/proc/net/dev", "utf8").includes("eth0:"));
    run("ip", "link", "set", "lo", "up");
    run("ip", "addr", "add", `${nodeIp}/24`, "dev", "eth0");
    run("ip", "link", "set", "eth0", "up");
    run("ip", "route", "add", "default", "via", BRIDGE.address.split("/")[0]!);
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
}

/** Runs a program for as long as the cluster lives: again after 1 s, later if it keeps failing at once, but never later than 10 s. */
function keep({ name, command, args }: Component, files: ClusterFiles, PATH: string, delay = 1000): void {
    const log = openSync(path.join(files.logs, `${name}.log`), "a");
    const started = Date.now();
    // Nothing of the caller's environment: a proxy set there would be asked for the cluster's own addresses.
    const child = spawn(command, args, { cwd: files.dir, env: { PATH, HOME: files.dir }, stdio: ["ignore", log, log] });
    say(`${name} started`);
    let ended = false;
    const again = async (why: string) => {
        if (ended) {
            return;
        }
        ended = true;
        const wait = Date.now() - started > 30_000 ? 1000 : delay;
        say(`${name} ${why}; starting it again in ${wait / 1000} s`);
        await sleep(wait);
        keep({ name, command, args }, files, PATH, Math.min(wait * 2, 10_000));
    };
    child.on("error", (error) => void again(`cannot be started (${error.message})`));
    child.on("exit", (code, signal) => void again(`ended (${signal ?? `exit code ${code}`})`));
}

async function answers(ready: Component["ready"]): Promise<boolean> {
    if (ready === undefined) {
        return true;
    }
    if ("readyz" in ready) {
        return isServing(ready.readyz);
    }
    const target = "socket" in ready ? { path: ready.socket } : { port: ready.port, host: "127.0.0.1" };
    return new Promise((resolve) => {
        const socket = net.connect(target, () => socket.end(() => resolve(true)));
        socket.setTimeout(2000, () => socket.destroy(new Error("timeout")));
        socket.on("error", () => resolve(false));
    });
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await check())) {
        if (Date.now() > deadline) {
            throw new Error(`waited ${READY_WITHIN_MS / 1000} s in vain: ${what}`);
        }
        await sleep(200);
    }
}

process.on("SIGTERM", () => process.exit(0));
main(process.argv[2]!).catch((error: Error) => {
    say(`gives up: ${error.message}`);
    process.exit(1);
});
