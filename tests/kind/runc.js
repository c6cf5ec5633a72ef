#!/usr/bin/env node
// runc without the capabilities that this machine does not have: with one of them, `docker run --privileged` fails ("unable to apply caps").
const { spawnSync } = require("node:child_process");
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

/** In the order of their numbers (capabilities(7)). */
const CAPABILITIES = [
    ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE"],
    ...["NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT"],
    ...["SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE"],
    ...["AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"],
    ...["PERFMON", "BPF", "CHECKPOINT_RESTORE"],
];
const bounding = BigInt(`0x${/^CapBnd:\s+(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]}`);
const isHere = (capability) => (bounding >> BigInt(CAPABILITIES.indexOf(capability.replace("CAP_", "")))) & 1n;

function edit(file, processOf) {
    const content = JSON.parse(readFileSync(file, "utf8"));
    const process = processOf(content);
    for (const [set, capabilities] of Object.entries(process.capabilities ?? {})) process.capabilities[set] = capabilities.filter(isHere);
    // Only CAP_SYS_RESOURCE may lower it.
    if (process.oomScoreAdj < 0) process.oomScoreAdj = 0;
    writeFileSync(file, JSON.stringify(content));
}

const args = process.argv.slice(2);
const after = (...flags) => args[args.findIndex((arg) => flags.includes(arg)) + 1];
if (args.includes("create") || args.includes("run")) edit(join(after("--bundle", "-b"), "config.json"), (content) => content.process);
if (args.includes("exec") && after("--process", "-p")) edit(after("--process", "-p"), (content) => content);
process.exit(spawnSync("runc", args, { stdio: "inherit" }).status ?? 1);
