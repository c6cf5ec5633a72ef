import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cgroupMounts, nodeInterfaces } from "../../../../../local/offline/cluster/hostResources";
import { temporaryDirectory } from "../../../../support/temporaryDirectory";

describe("a built cluster's cgroups", () => {
    it("are looked for in the hierarchies of both versions", () => {
        const mounts = "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\nproc /proc proc rw 0 0\n";
        assert.deepEqual(cgroupMounts(mounts), { v1: ["/sys/fs/cgroup/cpu"], v2: ["/sys/fs/cgroup/unified"] });
    });
});

describe("built clusters' network interfaces", () => {
    it("have the cluster's index in their name, and its directory as alias", () => {
        const directory = temporaryDirectory();
        for (const [name, alias] of [
            ["eth0", ""],
            ["fleetnode2", "/state/clusters/blue\n"],
        ] as const) {
            mkdirSync(join(directory, name));
            writeFileSync(join(directory, name, "ifalias"), alias);
        }
        assert.deepEqual(nodeInterfaces(directory), [{ index: 2, dir: "/state/clusters/blue" }]);
    });

    it("are none on a machine that is not Linux", () => assert.deepEqual(nodeInterfaces(join(temporaryDirectory(), "net")), []));
});
