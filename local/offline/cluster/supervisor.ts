/**
 * The one child of a cluster's init process (tini), started by processTree.ts in mount, network and process namespaces of its own.
 *
 * It starts the cluster's programs in order and restarts a program that exits: kubelet, for one, gives up for good when it loses the race for
 * its CSINode object on a busy machine. If this process ends, init ends, and with it everything in the namespaces.
 *
 * Usage: supervisor.ts <plan.json>
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serveLoadBalancers } from "../../services/loadBalancers";
import { resizeVolumes } from "../../services/volumes";
import { until } from "../until";
import type { Component, Plan } from "./clusterPlan";
import { isServing } from "./health";
import { BRIDGE, type ClusterFiles, filesOf, type Network, PRIVATE_DIRECTORIES } from "./spec";

/** How long a program may take until the next one can be started, and how long the network may take to appear. */
const READY_WITHIN_SECONDS = 180;

const log = (text: string) => console.log(`${new Date().toISOString()} ${text}`);
const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: 20_000 });

async function main(planFile: string): Promise<void> {
    const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
    const dir = dirname(planFile);
    const files = filesOf(dirname(dir), basename(dir));
    process.env.PATH = plan.PATH;

    mountPrivateDirectories(files);
    await configureNetwork(plan.network);
    // A socket file of an earlier run exists although nothing listens on it.
    rmSync(files.containerdSocket, { force: true });
    for (const component of plan.components) {
        keepRunning(component, files, plan.PATH);
        await waitUntil(`${component.name} answers`, () => answers(component.ready));
    }
    log("all started");
    const { signal } = new AbortController();
    const admin = files.kubeconfigFor("admin");
    const { servesLoadBalancers = true } = plan.spec;
    await Promise.all([
        ...(servesLoadBalancers ? [serveLoadBalancers(admin, plan.network.nodeIp, signal)] : []),
        resizeVolumes(admin, signal),
    ]);
}

/**
 * Mounts the cluster's own /run (pods' network namespaces, shims' sockets, the lock of iptables) and its own directories where kubelet's paths
 * are fixed, and mounts files over the sysctls that kubelet would otherwise set for the whole machine.
 */
function mountPrivateDirectories(files: ClusterFiles): void {
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run");
    // No pod has an address yet, as after a reboot.
    rmSync(files.privateDirectory("/var/lib/cni"), { recursive: true, force: true });
    for (const directory of PRIVATE_DIRECTORIES) {
        mkdirSync(files.privateDirectory(directory), { recursive: true });
        run("mount", "--bind", files.privateDirectory(directory), directory);
    }
    const expectedByKubelet = {
        "vm/overcommit_memory": 1,
        "vm/panic_on_oom": 0,
        "kernel/panic": 10,
        "kernel/panic_on_oops": 1,
        "kernel/keys/root_maxkeys": 1_000_000,
        "kernel/keys/root_maxbytes": 25_000_000,
    };
    for (const [sysctl, value] of Object.entries(expectedByKubelet).filter(([name]) => existsSync(`/proc/sys/${name}`))) {
        const file = `/run/sysctl-${sysctl.replaceAll("/", "-")}`;
        writeFileSync(file, `${value}\n`);
        run("mount", "--bind", file, `/proc/sys/${sysctl}`);
    }
    // Volumes that kubelet mounts have to reach containers that are already running.
    run("mount", "--make-rshared", "/");
}

/** Waits until hostResources.ts has put one end of a veth pair into this namespace, and gives it the node's address. */
async function configureNetwork({ nodeIp }: Network): Promise<void> {
    await waitUntil("eth0 is there", async () => readFileSync("/proc/net/dev", "utf8").includes("eth0:"));
    run("ip", "link", "set", "lo", "up");
    run("ip", "addr", "add", `${nodeIp}/24`, "dev", "eth0");
    run("ip", "link", "set", "eth0", "up");
    run("ip", "route", "add", "default", "via", BRIDGE.address.split("/")[0]!);
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
}

/** Starts a program and restarts it whenever it exits: after 1 s; if it keeps failing at once, after up to 10 s. */
function keepRunning({ name, command, args }: Component, files: ClusterFiles, PATH: string, delay = 1000): void {
    const output = openSync(join(files.logs, `${name}.log`), "a");
    const started = Date.now();
    // Nothing of the caller's environment: with its proxy settings, requests to the cluster's own addresses would go to the proxy.
    const child = spawn(command, args, { cwd: files.dir, env: { PATH, HOME: files.dir }, stdio: ["ignore", output, output] });
    log(`${name} started`);
    let ended = false;
    const restart = async (why: string) => {
        if (ended) return;
        ended = true;
        const wait = Date.now() - started > 30_000 ? 1000 : delay;
        log(`${name} ${why}; restarting it in ${wait / 1000} s`);
        await sleep(wait);
        keepRunning({ name, command, args }, files, PATH, Math.min(wait * 2, 10_000));
    };
    child.on("error", (error) => void restart(`cannot be started (${error.message})`));
    child.on("exit", (code, signal) => void restart(`ended (${signal ?? `exit code ${code}`})`));
}

async function answers(ready: Component["ready"]): Promise<boolean> {
    if (ready === undefined) return true;
    if ("readyz" in ready) return isServing(ready.readyz);
    const target = "socket" in ready ? { path: ready.socket } : { port: ready.port, host: "127.0.0.1" };
    return new Promise((resolve) => {
        const socket = connect(target, () => socket.end(() => resolve(true)));
        socket.setTimeout(2000, () => socket.destroy(new Error("timeout")));
        socket.on("error", () => resolve(false));
    });
}

async function waitUntil(what: string, check: () => Promise<boolean>): Promise<void> {
    const late = () => `waited ${READY_WITHIN_SECONDS} s in vain: ${what}`;
    await until({ seconds: READY_WITHIN_SECONDS, late, longestPauseMs: 200 }, check);
}

process.on("SIGTERM", () => process.exit(0));
main(process.argv[2]!).catch((error: Error) => {
    log(`gives up: ${error.message}`);
    process.exit(1);
});
