import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { acceptBridgeTraffic, removeBridgeRule } from "../../../../../local/offline/cluster/firewall";
import { FakePrograms } from "../../../../support/fakePrograms";
import { temporaryDirectory } from "../../../../support/temporaryDirectory";

/** tests/e2e/firewall.test.ts has the rule in a real packet filter. */
describe("the rule that lets built clusters reach each other", () => {
    const RULE = "FORWARD -i fleet0 -o fleet0 -j ACCEPT";
    let programs: FakePrograms;
    let setting: string;
    beforeEach(() => {
        programs = new FakePrograms();
        const rule = join(programs.directory, "rule");
        programs.add("iptables", `case "$3" in -C) [ -e '${rule}' ] ;; -I) touch '${rule}' ;; -D) rm '${rule}' ;; esac`);
        programs.install();
        setting = join(temporaryDirectory(), "bridge-nf-call-iptables");
    });
    afterEach(() => programs.restore());

    it("is put before all others once, where iptables sees a bridge's packets", async () => {
        writeFileSync(setting, "1\n");
        await acceptBridgeTraffic(setting);
        await acceptBridgeTraffic(setting);
        assert.deepEqual(programs.calls(), [`iptables -w 10 -C ${RULE}`, `iptables -w 10 -I ${RULE}`, `iptables -w 10 -C ${RULE}`]);
    });

    for (const [where, content] of [
        ["where iptables does not see them", "0\n"],
        ["where the kernel has no such setting", undefined],
    ] as const)
        it(`is not made ${where}`, async () => {
            if (content !== undefined) writeFileSync(setting, content);
            await acceptBridgeTraffic(setting);
            assert.deepEqual(programs.calls(), []);
        });

    it("is removed, and only if it is there", async () => {
        writeFileSync(setting, "1\n");
        assert.equal(await removeBridgeRule(setting), false);
        await acceptBridgeTraffic(setting);
        assert.equal(await removeBridgeRule(setting), true);
        assert.equal(await removeBridgeRule(setting), false);
    });

    it("is not looked for on a machine whose kernel has no such setting", async () => {
        assert.equal(await removeBridgeRule(setting), false);
        assert.deepEqual(programs.calls(), []);
    });
});
