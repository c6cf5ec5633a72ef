import assert from "node:assert/strict";
import { accessOf, checkRunDir, networkOf } from "../../../../../local/offline/cluster/spec";
import { spec } from "../../../../support/exampleCluster";

describe("a built cluster's addresses and paths", () => {
    it("derives every address from the index", () => {
        assert.deepEqual(networkOf(spec), {
            nodeIp: "172.30.0.12",
            apiUrl: "https://172.30.0.12:6443",
            pods: "10.102.0.0/24",
            services: "10.202.0.0/24",
            dns: "10.202.0.10",
            interface: "fleetnode2",
        });
    });

    it("refuses a run directory whose sockets have too long a path", () => {
        const dir = `/${"d".repeat(79)}`;
        assert.doesNotThrow(() => checkRunDir(dir, ["blue"]));
        assert.throws(() => checkRunDir(dir, ["blue", "yellow"]), {
            message: `The run directory ${dir} is too long: a socket's path may have 107 characters, ${dir}/yellow/containerd.sock.ttrpc has 109. Choose a shorter one.`,
        });
    });

    it("refuses a run directory that a cluster mounts something else over", () => {
        assert.throws(() => checkRunDir("/run/fleet", []), {
            message: "The run directory /run/fleet is in /run, over which each cluster mounts its own. Choose one elsewhere.",
        });
    });

    it("names the kubeconfig and the context by which a cluster is reached", () => {
        assert.deepEqual(accessOf("/fleet", "blue"), { kubeconfig: "/fleet/blue/kubeconfig", context: "blue" });
    });
});
