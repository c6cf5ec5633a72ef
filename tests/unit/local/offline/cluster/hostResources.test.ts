import assert from "node:assert/strict";
import { cgroupMounts } from "../../../../../local/offline/cluster/hostResources";

describe("a built cluster's cgroups", () => {
    it("are looked for in the hierarchies of both versions", () => {
        const mounts = "cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\nproc /proc proc rw 0 0\n";
        assert.deepEqual(cgroupMounts(mounts), { v1: ["/sys/fs/cgroup/cpu"], v2: ["/sys/fs/cgroup/unified"] });
    });
});
