import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ROOT } from "../support/root";
import { run } from "../support/run";

/**
 * Two network namespaces at a bridge, in a third one that plays the machine, as Docker leaves it: what is forwarded is dropped, and iptables sees the packets
 * of bridges. Nothing of the real machine is changed.
 */
const SCRIPT = `
set -e
iptables -P FORWARD DROP
ip link add fleet0 type bridge
ip link set fleet0 up
for i in 1 2; do
    unshare --net sleep 60 & pid=$!
    eval "pid$i=$pid"
    until [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link add fleetnode$i type veth peer name eth0 netns $pid
    ip link set fleetnode$i master fleet0 up
    nsenter --target $pid --net sh -c "ip link set lo up; ip addr add 172.30.0.1$i/24 dev eth0; ip link set eth0 up"
done
nsenter --target $pid2 --net node -e 'require("node:net").createServer((s) => s.end()).listen(6443)' & server=$!
trap 'kill $pid1 $pid2 $server' EXIT
until nsenter --target $pid2 --net node -e 'require("node:net").connect(6443, "127.0.0.1", () => process.exit(0)).on("error", () => process.exit(1))'; do sleep 0.1; done
node -r ./register.js -e '
const firewall = require("./local/offline/cluster/firewall");
(async () => {
    const probe = async (when) => console.log(when + ": " + JSON.stringify(await firewall.unreachableFrom({ pid: Number(process.argv[1]) }, ["172.30.0.12:6443"])));
    await probe("before");
    await firewall.acceptBridgeTraffic();
    await probe("with the rule");
    console.log("removed: " + (await firewall.removeBridgeRule()));
    await probe("after");
})();' $pid1
iptables -S FORWARD
`;

describe("clusters on a machine where Docker has run", () => {
    before(function () {
        if (existsSync("/proc/sys/net/bridge")) return;
        console.log("      not run: the kernel module br_netfilter is not loaded, so no packet of a bridge passes iptables");
        this.skip();
    });

    it("reach each other by a rule of the fleet's own, which is removed again", async () => {
        const { code, output } = await run("unshare", ["--net", "sh", "-c", SCRIPT], { within: 60, cwd: ROOT });
        assert.equal(code, 0, output);
        assert.equal(
            output,
            [
                'before: ["172.30.0.12:6443 nothing within 3 s"]',
                "with the rule: []",
                "removed: true",
                'after: ["172.30.0.12:6443 nothing within 3 s"]',
                "-P FORWARD DROP",
                "",
            ].join("\n"),
        );
    });
});
