import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FleetFailure } from "../../../local/fleet/failure";
import { CLUSTERS, kubeconfigFile } from "../../../local/fleet/settings";
import { kindTargets, removeKindClusters } from "../../../local/kind";
import { FakeApi } from "../../support/fakeApi";
import { FakePrograms } from "../../support/fakePrograms";
import { quiet } from "../../support/quiet";
import { ROOT } from "../../support/root";
import { SteppingKind } from "../../support/steppingKind";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const STEP_SECONDS = 0.1;
const NODE = "thanos-fleet-observer-control-plane";

describe("npm start after one that was interrupted while it made a kind cluster", function () {
    this.timeout(60_000);
    const state = process.env.XDG_STATE_HOME;
    let api: FakeApi;
    let programs: FakePrograms;
    let kind: SteppingKind;
    let stop: AbortController;
    let first: ChildProcess | undefined;
    before(async () => {
        api = new FakeApi(({ url }) => {
            if (url === "/api/v1/namespaces/kube-system") return { metadata: { uid: "0a1b" } };
            return url.endsWith("/configmaps/coredns") ? { data: { Corefile: ".:53 {\n}\n" } } : { items: [] };
        });
        await api.start();
    });
    after(() => api.stop());
    beforeEach(() => {
        process.env.XDG_STATE_HOME = temporaryDirectory();
        programs = new FakePrograms();
        kind = new SteppingKind(programs, api.kubeconfig("kind-thanos-fleet-observer"), STEP_SECONDS);
        programs.install();
        stop = new AbortController();
    });
    afterEach(() => {
        stop.abort();
        first?.kill("SIGKILL");
        for (const pid of makers()) process.kill(pid, "SIGKILL");
        programs.restore();
        if (state === undefined) delete process.env.XDG_STATE_HOME;
        else process.env.XDG_STATE_HOME = state;
    });

    /** Starts a run that makes the cluster, in a process group of its own as a shell does, and returns once it has begun a step. */
    async function runUntil(step: string): Promise<ChildProcess> {
        const args = ["-r", "./register.js", "tests/support/kindRun.ts"];
        first = spawn(process.execPath, args, { cwd: ROOT, stdio: "ignore", detached: true });
        const ended = once(first, "exit").then(([code]) => {
            throw new Error(`it ended with ${code} before it began to ${step}`);
        });
        ended.catch(() => {});
        const begun = async () => {
            while (!kind.hasBegun(step)) await sleep(20);
        };
        await Promise.race([begun(), ended]);
        return first;
    }

    async function interrupt(run: ChildProcess, how: "SIGKILL" | "SIGINT"): Promise<void> {
        const ended = once(run, "exit");
        // A terminal sends Ctrl-C to the whole group.
        process.kill(how === "SIGINT" ? -(run.pid as number) : (run.pid as number), how);
        await ended;
    }

    /** Process ids of the programs of this test that still run. */
    const makers = () =>
        execFileSync("ps", ["-Awwo", "pid=,stat=,args="], { encoding: "utf8" })
            .split("\n")
            .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [])
            .filter(([, , stat = "Z", args = ""]) => !stat.startsWith("Z") && args.includes(programs.directory))
            .map(([, pid]) => Number(pid));

    const make = () => kindTargets(CLUSTERS.slice(0, 1), { path: "kind" }, quiet, stop.signal);

    /** One cluster, complete, and nothing that changes it any more. */
    async function assertClean(): Promise<void> {
        await sleep(2 * STEP_SECONDS * 1000);
        assert.deepEqual(kind.done(), { [NODE]: SteppingKind.COMPLETE });
        assert.equal(existsSync(`${kubeconfigFile("observer")}.lock`), false);
        assert.match(readFileSync(kubeconfigFile("observer"), "utf8"), /kind-thanos-fleet-observer/);
        assert.deepEqual(makers(), []);
    }

    for (const how of ["SIGKILL", "SIGINT"] as const)
        for (const step of SteppingKind.STEPS)
            it(`has one complete cluster (${how === "SIGINT" ? "Ctrl-C" : "kill -9"} at: ${step})`, async () => {
                await interrupt(await runUntil(step), how);
                await make();
                await assertClean();
            });

    it("leaves nothing of it with --down, and what made it makes nothing afterwards", async () => {
        await interrupt(await runUntil("kubeadm init"), "SIGKILL");
        assert.deepEqual(await removeKindClusters("kind"), ["kind cluster thanos-fleet-observer"]);
        await sleep(2 * STEP_SECONDS * 1000);
        assert.deepEqual(kind.done(), {});
        assert.deepEqual(makers(), []);
    });

    it("is refused while the other one goes on", async () => {
        const other = await runUntil("kubeadm init");
        const ended = once(other, "exit");
        await assert.rejects(make(), {
            message: `Another run (process ${other.pid}) makes kind cluster thanos-fleet-observer now. Wait for its end, or end it.`,
        });
        const [code] = await ended;
        assert.equal(code, 0);
        await assertClean();
    });

    it("ends no process that has got the recorded number since", async () => {
        const bystander = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
        const record = join(dirname(kubeconfigFile("observer")), "kind");
        mkdirSync(dirname(record), { recursive: true });
        writeFileSync(record, `begun ${bystander.pid} 1`);
        await make();
        assert.equal(bystander.exitCode, null);
        assert.equal(bystander.signalCode, null);
        bystander.kill();
        await assertClean();
    });

    it("tells what kind said where it fails", async () => {
        programs.add("docker", 'case "$1" in pull) echo "no space left on device" >&2; exit 1 ;; esac');
        await assert.rejects(make(), (error) => {
            assert.ok(error instanceof FleetFailure);
            assert.match(error.message, /^`kind create cluster .*` failed: ERROR: failed to create cluster$/);
            return true;
        });
    });
});
