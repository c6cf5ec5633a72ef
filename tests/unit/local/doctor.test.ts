import assert from "node:assert/strict";
import { failures, type Verdict, verdictLine, verdicts } from "../../../local/doctor";
import type { SourceKind } from "../../../local/fleet/state";
import type { MachineFacts } from "../../../local/machineFacts";
import { problemText } from "../../../rules/problem";
import { FakePrograms } from "../../support/fakePrograms";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const GIB = 1024 ** 3;

/** A machine that lacks nothing. */
const GOOD: MachineFacts = {
    platform: "linux",
    root: true,
    docker: { version: "28.5.1" },
    dockerMemory: 8 * GIB,
    dockerCpus: 4,
    memory: 8 * GIB,
    free: [
        { directory: "/state", bytes: 20 * GIB },
        { directory: "/cache", bytes: 20 * GIB },
    ],
    proxies: [],
    inotifyInstances: 512,
    addresses: [{ interface: "eth0", address: "192.0.2.7" }],
};

describe("what a machine is told before the fleet begins", () => {
    const told = (how: SourceKind, facts: Partial<MachineFacts>, hasFleet = false) =>
        verdicts("sidecars", how, { ...GOOD, ...facts }, hasFleet)
            .filter(({ state }) => state !== "ok")
            .map(verdictLine);

    it("is nothing, where it lacks nothing", () => {
        for (const how of ["kind", "built", "given"] as const) assert.deepEqual(told(how, {}), [], how);
    });

    it("is every check that matters for its source of clusters", () => {
        const checks = (how: SourceKind) => verdicts("sidecars", how, GOOD, false).map(verdictLine);
        const everywhere = ["ok       disk /state: 20.0 GiB free", "ok       disk /cache: 20.0 GiB free", "ok       proxy: none is set"];
        assert.deepEqual(checks("kind"), [
            "ok       memory: 8.0 GiB",
            "ok       CPUs: 4",
            "ok       inotify: 512 instances",
            ...everywhere,
        ]);
        assert.deepEqual(checks("built"), [
            "ok       memory: 8.0 GiB",
            "ok       addresses: 172.30.0.0/24 is free, or this fleet's",
            ...everywhere,
        ]);
        assert.deepEqual(checks("given"), everywhere);
    });

    it("is that 4 GB are too little, of Docker's machine or of this one", () => {
        const found = "failed   memory: 4.0 GiB is less than the 7.5 GiB that the fleet's pods need: some would never start.";
        assert.deepEqual(told("built", { memory: 4 * GIB }), [`${found} Use a machine with 8 GB.`]);
        assert.deepEqual(told("kind", { dockerMemory: 4 * GIB }), [`${found} Use a machine with 8 GB.`]);
        assert.deepEqual(told("kind", { dockerMemory: 4 * GIB, platform: "darwin" }), [
            `${found} Give Docker's virtual machine 8 GB, in its settings under Resources.`,
        ]);
        // Pods of a user's clusters run elsewhere.
        assert.deepEqual(told("given", { memory: 1 * GIB }), []);
        // Docker's machine is what counts.
        assert.deepEqual(told("kind", { memory: 4 * GIB }), []);
    });

    it("is that Docker's machine has too few CPUs for what kind's nodes and the observer request", () => {
        const ofAgents = (facts: Partial<MachineFacts>) => verdicts("agents", "kind", { ...GOOD, dockerMemory: 16 * GIB, ...facts }, false);
        const found = "CPUs: 2 are fewer than the 3 that the fleet's pods request: some would never start.";
        assert.deepEqual(failures(ofAgents({ dockerCpus: 2 })).map(problemText), [`${found} Use a machine with 3 CPUs.`]);
        assert.deepEqual(failures(ofAgents({ dockerCpus: 2, platform: "darwin" })).map(problemText), [
            `${found} Give Docker's virtual machine 3 CPUs, in its settings under Resources.`,
        ]);
        assert.deepEqual(failures(ofAgents({ dockerCpus: 3 })), []);
        assert.deepEqual(told("kind", { dockerCpus: 2 }), []);
    });

    it("is that a fleet with agents needs twice as much", () => {
        const ofAgents = (facts: Partial<MachineFacts>) =>
            verdicts("agents", "kind", { ...GOOD, ...facts }, false)
                .filter(({ state }) => state !== "ok")
                .map(verdictLine);
        assert.deepEqual(ofAgents({}), [
            "failed   memory: 8.0 GiB is less than the 13 GiB that the fleet's pods need: some would never start. Use a machine with 16 GB.",
        ]);
        assert.deepEqual(ofAgents({ dockerMemory: 15 * GIB, inotifyInstances: 128 }), [
            'warning  inotify: allows 128 instances: with 5 kind nodes, pods may fail with "too many open files". Run sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288.',
        ]);
    });

    it("is that it may fail, where Docker does not say how large its machine is", () =>
        assert.deepEqual(verdicts("sidecars", "kind", withoutDockersMachine(), false).map(verdictLine).slice(0, 2), [
            "warning  memory: is not known: Docker does not say it. The fleet needs 7.5 GiB.",
            "warning  CPUs: are not known: Docker does not say it. The fleet needs 2.",
        ]));

    it("is that the disk is full, which a fleet that is there fills already", () => {
        const free = [{ directory: "/state", bytes: 9 * GIB }];
        assert.deepEqual(told("built", { free }), [
            "failed   disk /state: has 9.0 GiB free: tools, images and volumes need 10 GiB. Free some, or set XDG_STATE_HOME and XDG_CACHE_HOME to another disk.",
        ]);
        assert.deepEqual(told("built", { free }, true), []);
    });

    it("is that its addresses are taken, but by this fleet's own bridge", () => {
        assert.deepEqual(told("built", { addresses: [{ interface: "tun0", address: "172.30.0.9" }] }), [
            "failed   addresses: 172.30.0.9 of interface tun0 is in 172.30.0.0/24, where the clusters' nodes are. Take tun0 down while the fleet runs, or name clusters with --context.",
        ]);
        assert.deepEqual(told("built", { addresses: [{ interface: "fleet0", address: "172.30.0.1" }] }), []);
        assert.deepEqual(told("kind", { addresses: [{ interface: "tun0", address: "172.30.0.9" }] }), []);
    });

    it("is that kind's nodes may run out of inotify instances", () => {
        assert.deepEqual(told("kind", { inotifyInstances: 128 }), [
            'warning  inotify: allows 128 instances: with 3 kind nodes, pods may fail with "too many open files". Run sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288.',
        ]);
    });

    it("names the variables of the proxy that downloads go through", () =>
        assert.equal(
            verdictLine(verdicts("sidecars", "given", { ...GOOD, proxies: ["HTTPS_PROXY"] }, false).at(-1) as Verdict),
            "ok       proxy: downloads go through HTTPS_PROXY",
        ));

    it("refuses what fails, and not what may fail", () =>
        assert.deepEqual(
            failures(verdicts("sidecars", "kind", { ...GOOD, dockerMemory: 1 * GIB, inotifyInstances: 128 }, false)).map(problemText),
            ["memory: 1.0 GiB is less than the 7.5 GiB that the fleet's pods need: some would never start. Use a machine with 8 GB."],
        ));

    function withoutDockersMachine(): MachineFacts {
        const { dockerMemory: _memory, dockerCpus: _cpus, ...rest } = GOOD;
        return rest;
    }
});

describe("npm start on a machine with a fault", function () {
    this.timeout(120_000);
    let programs: FakePrograms;
    beforeEach(() => {
        programs = new FakePrograms();
    });
    /** With the fake programs only, and none of this machine's tools, caches and state. */
    const start = (...args: string[]) => {
        const directory = temporaryDirectory();
        const env = { PATH: `${programs.directory}/bin:/bin`, HOME: directory, XDG_STATE_HOME: directory, XDG_CACHE_HOME: directory };
        return run(process.execPath, ["cli/thanos-fleet.js", "local", ...args], { env, within: 100 });
    };
    /** A Docker engine whose machine has so much memory, and four CPUs. */
    const docker = (memory: number) =>
        programs.add("docker", `case "$1" in version) echo 28.5.1 ;; info) echo ${memory} 4 ;; *) exit 1 ;; esac`);

    it("--doctor says that Docker's machine has 4 GB, and exits with 2", async () => {
        docker(4 * GIB);
        const { code, output } = await start("--doctor");
        assert.equal(code, 2, output);
        assert.match(output, /^ok {7}clusters: kind: Docker 28\.5\.1 answers\nfailed {3}memory: 4\.0 GiB is less than the 7\.5 GiB/);
        assert.doesNotMatch(output, /\n +at /);
    });

    it("is refused before anything is made, with the same words", async () => {
        docker(4 * GIB);
        const { code, output } = await start();
        assert.equal(code, 2, output);
        assert.match(output, /\nthis machine: 1 problem\. Nothing was changed\.\n {2}memory: 4\.0 GiB is less than the 7\.5 GiB/);
        assert.deepEqual(
            programs.calls().filter((call) => !/^docker (version|info) /.test(call)),
            [],
        );
    });

    it("--doctor says that Docker does not answer where --clusters asks for kind", async () => {
        programs.add("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
        assert.deepEqual(await start("--doctor", "--clusters", "kind"), {
            code: 2,
            output: "failed   clusters: those of --clusters kind need Docker, which does not answer (Cannot connect to the Docker daemon). Start Docker.\nThe fleet cannot run here yet: see what failed.\n",
        });
    });

    it("--doctor says that 8 GB are too little for --agents", async () => {
        docker(8 * GIB);
        const { code, output } = await start("--doctor", "--agents");
        assert.equal(code, 2, output);
        assert.match(output, /\nfailed {3}memory: 8\.0 GiB is less than the 13 GiB that the fleet's pods need/);
    });

    it("--doctor --json prints one object, in which every check is", async () => {
        docker(16 * GIB);
        const { code, output } = await start("--doctor", "--json");
        assert.equal(code, 0, output);
        const { event, checks } = JSON.parse(output) as { event: string; checks: { check: string; state: string }[] };
        assert.equal(event, "doctor");
        assert.deepEqual(
            checks.map(({ check }) => check.split(" ")[0]),
            ["clusters", "memory", "CPUs", "inotify", "disk", "disk", "proxy"],
        );
    });

    it("--json tells a refusal as an event, without colours", async () => {
        docker(4 * GIB);
        const { code, output } = await start("--json");
        assert.equal(code, 2, output);
        const { error } = JSON.parse(output.trim().split("\n").at(-1) ?? "") as { error: { exit: string; problems: { path: string }[] } };
        assert.deepEqual([error.exit, error.problems.map(({ path }) => path)], ["wrongInput", ["memory"]]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what a colour begins with
        assert.doesNotMatch(output, /\u001b|u001b/);
    });

    it("--status says that there is no fleet", async () =>
        assert.deepEqual(await start("--status"), { code: 0, output: "No fleet is on this machine. `npm start` makes one.\n" }));

    it("exits with 2 for a source that does not exist", async () =>
        assert.deepEqual(await start("--clusters", "minikube"), {
            code: 2,
            output: "error: option '--clusters <source>' argument 'minikube' is invalid. Allowed choices are kind, built, given.\n",
        }));
});
