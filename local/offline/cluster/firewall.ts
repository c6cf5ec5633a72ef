/** The way of packets between the clusters through this machine's packet filter. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { FleetFailure } from "../../fleet/failure";
import { type Process, treeOf } from "./processTree";
import { runCommand } from "./runCommand";
import { BRIDGE, filesOf, networkOf } from "./spec";

/** There if the kernel can show packets between the ports of a bridge to iptables; "1" if it does so. */
const BRIDGE_SETTING = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** Accepts what the fleet's bridge forwards from one of its ports to another. */
const RULE = ["FORWARD", "-i", BRIDGE.interface, "-o", BRIDGE.interface, "-j", "ACCEPT"];

const iptables = (...args: string[]) =>
    runCommand("iptables", ["-w", "10", ...args], { timeout: 20_000, env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
const hasRule = () =>
    iptables("-C", ...RULE).then(
        () => true,
        () => false,
    );

/**
 * Puts a rule of our own before all others, where iptables sees the bridge's packets. Docker sets this kernel setting, and drops by default what is forwarded
 * (https://docs.docker.com/engine/network/packet-filtering-firewalls/), also after it was stopped: without the rule no cluster would reach another.
 */
export async function acceptBridgeTraffic(setting = BRIDGE_SETTING): Promise<void> {
    if (existsSync(setting) && readFileSync(setting, "utf8").trim() === "1" && !(await hasRule())) await iptables("-I", ...RULE);
}

/** Removes the rule. True if there was one. */
export async function removeBridgeRule(setting = BRIDGE_SETTING): Promise<boolean> {
    if (!existsSync(setting) || !(await hasRule())) return false;
    await iptables("-D", ...RULE);
    return true;
}

/** Prints each address (`host:port`, an argument) to which no connection is made within 3 s, and why. */
const PROBE = `
const { connect } = require("node:net");
for (const address of process.argv.slice(1)) {
    const [host, port] = address.split(":");
    const socket = connect({ host, port: Number(port), timeout: 3000 }, () => socket.destroy());
    const failed = (why) => { console.log(address + " " + why); socket.destroy(); };
    socket.on("timeout", () => failed("nothing within 3 s")).on("error", (error) => failed(error.code));
}`;

/** The addresses that cannot be reached from a process's network namespace, each with the reason after a space. */
export async function unreachableFrom({ pid }: Pick<Process, "pid">, addresses: readonly string[]): Promise<string[]> {
    const args = ["--target", String(pid), "--net", "--", process.execPath, "-e", PROBE, ...addresses];
    const { stdout } = await promisify(execFile)("nsenter", args, { timeout: 20_000 });
    return stdout.split("\n").filter(Boolean);
}

/** Refuses clusters of which one cannot reach another's API server: nothing that is deployed to them would find the other either. */
export async function checkReachability(runDir: string, clusters: readonly { name: string; index: number }[]): Promise<void> {
    const addressOf = (cluster: { name: string; index: number }) => `${networkOf(cluster).nodeIp}:6443`;
    const problems = await Promise.all(
        clusters.map(async (from) => {
            const tree = treeOf(filesOf(runDir, from.name));
            const others = clusters.filter((to) => to !== from).map(addressOf);
            // A cluster that has ended since is reported by what needs it next.
            return (tree ? await unreachableFrom(tree, others) : []).map((failed) => `  ${from.name} cannot reach ${failed}`);
        }),
    );
    if (problems.flat().length > 0)
        throw new FleetFailure(
            [
                `The clusters cannot reach each other: this machine's firewall does not let packets pass its bridge ${BRIDGE.interface}.`,
                ...problems.flat(),
                `Allow what ${BRIDGE.interface} forwards to itself (\`nft list ruleset\` and \`iptables -S FORWARD\` show the rules), then run \`npm start\` again.`,
            ].join("\n"),
        );
}
