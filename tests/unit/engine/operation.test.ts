import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConcurrentUpdateError, type EngineEvent, type OpType, type Stack } from "@pulumi/pulumi/automation";
import { cleanMessage, OperationEvents, OperationFailed, runOperation } from "../../../engine/operation";
import { resourceName } from "../../../engine/resourceName";
import { PROJECT } from "../../../engine/stackFile";
import { eventually } from "../../support/eventually";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const URN = "urn:pulumi:blue::thanos-fleet::fleet:index:Observer$kubernetes:apps/v1:StatefulSet::receive";
const at = { sequence: 1, timestamp: 1 };
const metadata = (op: OpType, type = "kubernetes:apps/v1:StatefulSet") => ({ op, urn: URN, type, provider: "" });
const started = (op: OpType): EngineEvent => ({ ...at, resourcePreEvent: { metadata: metadata(op) } });
const ended = (op: OpType, type?: string): EngineEvent => ({ ...at, resOutputsEvent: { metadata: metadata(op, type) } });
const diagnostic = (severity: "error" | "info", message: string, ephemeral = false, urn: string | undefined = URN): EngineEvent => ({
    ...at,
    diagnosticEvent: { ...(urn && { urn }), message, color: "never", severity, ephemeral },
});

interface OperationCall {
    onEvent: (event: EngineEvent) => void;
    signal?: AbortSignal;
    policyPacks?: string[];
    policyPackConfigs?: string[];
}
type Call = [operation: string, options?: OperationCall];
type Run = (...call: Call) => Promise<unknown>;

/** A stack whose operations only record that they were called; `run` decides how `up`, `preview` and `destroy` end. */
function fakeStack(backend: string, run: Run = async () => ({ outputs: {} })): { stack: Stack; calls: Call[] } {
    const calls: Call[] = [];
    const record =
        (operation: string) =>
        async (options: OperationCall): Promise<unknown> => {
            calls.push([operation, options]);
            return run(operation, options);
        };
    const stack = {
        name: "blue",
        workspace: { envVars: { PULUMI_BACKEND_URL: `file://${backend}` } },
        up: record("up"),
        preview: record("preview"),
        destroy: record("destroy"),
        cancel: async () => void calls.push(["cancel"]),
    };
    return { stack: stack as unknown as Stack, calls };
}

const failureOf = (run: Promise<unknown>): Promise<OperationFailed> =>
    run.then(
        () => assert.fail("the operation succeeded"),
        (error) => {
            assert.ok(error instanceof OperationFailed, String(error));
            return error;
        },
    );

describe("runOperation", () => {
    let backend = "";
    before(() => {
        backend = temporaryDirectory();
    });

    it("returns the outputs of `up`, and what it counted", async () => {
        const { stack } = fakeStack(backend, async (_, options) => {
            options?.onEvent(ended("create"));
            options?.onEvent(ended("same"));
            return { outputs: { contract: { value: 1, secret: false } } };
        });
        assert.deepEqual(await runOperation(stack, "up"), {
            counts: { created: 1, updated: 0, replaced: 0, deleted: 0, same: 1 },
            outputs: { contract: { value: 1, secret: false } },
        });
    });

    it("runs what it is asked for, `up` and `preview` with policy packs and their configurations", async () => {
        const { stack, calls } = fakeStack(backend);
        for (const operation of ["up", "preview", "destroy"] as const)
            assert.deepEqual(
                (await runOperation(stack, operation, { policyPacks: ["policies"], policyPackConfigs: ["policies.json"] })).outputs,
                {},
            );
        assert.deepEqual(
            calls.map(([operation, options]) => [operation, options?.policyPacks, options?.policyPackConfigs]),
            [
                ["up", ["policies"], ["policies.json"]],
                ["preview", ["policies"], ["policies.json"]],
                ["destroy", undefined, undefined],
            ],
        );
    });

    it("settles what was interrupted before it changes something, and not for a preview", async () => {
        const urn = "urn:pulumi:blue::thanos-fleet::random:index/randomString:RandomString::a";
        const resource = { urn, type: "random:index/randomString:RandomString", custom: true };
        const state = JSON.stringify({ version: 3, deployment: { resources: [], pending_operations: [{ type: "creating", resource }] } });
        const command = join(backend, "pulumi");
        writeFileSync(command, `#!/bin/sh\necho "$1 $2" >>'${backend}/commands'\n[ "$2" = export ] && echo '${state}'\nexit 0\n`, {
            mode: 0o755,
        });
        const settled: string[] = [];
        const commands = async (operation: "up" | "preview" | "destroy") => {
            writeFileSync(join(backend, "commands"), "");
            const { stack } = fakeStack(backend);
            Object.assign(stack.workspace, { pulumiCommand: { command }, workDir: backend });
            Object.assign(stack, { exportStack: async () => JSON.parse(state) });
            const openCluster = () => assert.fail("no cluster has to be asked");
            await runOperation(stack, operation, { openCluster, onSettled: (text) => settled.push(text) });
            return readFileSync(join(backend, "commands"), "utf8").trim().split("\n");
        };
        assert.deepEqual(await commands("preview"), [""]);
        assert.deepEqual(settled, []);
        for (const operation of ["up", "destroy"] as const) assert.deepEqual(await commands(operation), ["stack export", "stack import"]);
        assert.deepEqual(settled, Array(2).fill("RandomString a exists only in the state, and is made anew"));
    });

    describe("with a lock of an earlier run", () => {
        const locks = () => join(backend, ".pulumi", "locks", "organization", PROJECT, "blue");
        const lock = (...pids: number[]) => {
            mkdirSync(locks(), { recursive: true });
            for (const pid of pids) writeFileSync(join(locks(), `${pid}.json`), JSON.stringify({ pid, username: "someone" }));
        };
        const pidOfEndedProcess = () => spawnSync(process.execPath, ["--version"]).pid;
        afterEach(() => rmSync(locks(), { recursive: true, force: true }));

        const operationsAfter = async (...pids: number[]): Promise<string[]> => {
            lock(...pids);
            const { stack, calls } = fakeStack(backend);
            await runOperation(stack, "up");
            return calls.map(([operation]) => operation);
        };

        it("removes the lock first if its process has ended", async () =>
            assert.deepEqual(await operationsAfter(pidOfEndedProcess()), ["cancel", "up"]));

        it("removes the lock of a process that has ended and waits for its parent to notice", async function () {
            if (process.platform !== "linux") this.skip();
            // `exec` leaves a parent that never asks for its child, which ends later: the shell itself might ask for one that has ended before.
            const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"]);
            try {
                const [pid] = (await once(parent.stdout, "data")) as [Buffer];
                await eventually("the child has ended", 10, async () =>
                    assert.match(readFileSync(`/proc/${Number(pid)}/stat`, "utf8"), /\) Z /),
                );
                assert.deepEqual(await operationsAfter(Number(pid)), ["cancel", "up"]);
            } finally {
                parent.kill();
            }
        });

        it("settles nothing while another run holds the stack: what that run is doing is pending too", async () => {
            lock(process.pid);
            const { stack, calls } = fakeStack(backend);
            Object.assign(stack.workspace, { pulumiCommand: { command: "/nonexistent" } });
            await runOperation(stack, "up", { openCluster: () => assert.fail("a cluster was asked") });
            assert.deepEqual(
                calls.map(([operation]) => operation),
                ["up"],
            );
        });

        it("keeps the lock while its process runs", async () => assert.deepEqual(await operationsAfter(process.pid), ["up"]));

        it("keeps the lock of a running process of another user", async () => assert.deepEqual(await operationsAfter(1), ["up"]));

        it("keeps every lock while one of their processes runs", async () =>
            assert.deepEqual(await operationsAfter(pidOfEndedProcess(), process.pid), ["up"]));

        it("removes a lock that a killed CLI left half-written, but not one that is just being written", async () => {
            lock(pidOfEndedProcess());
            const half = join(locks(), "half.json");
            writeFileSync(half, '{"pid":1');
            const operations = async () => {
                const { stack, calls } = fakeStack(backend);
                await runOperation(stack, "up");
                return calls.map(([operation]) => operation);
            };
            assert.deepEqual(await operations(), ["up"]);
            const longAgo = new Date(Date.now() - 60_000);
            utimesSync(half, longAgo, longAgo);
            assert.deepEqual(await operations(), ["cancel", "up"]);
        });

        it("reports that another run is changing the stack", async () => {
            lock(process.pid);
            const { stack } = fakeStack(backend, async () => {
                throw Object.create(ConcurrentUpdateError.prototype, {
                    message: { value: "stderr: error: the stack is currently locked by 1 lock(s)" },
                });
            });
            const { message, because } = await failureOf(runOperation(stack, "up"));
            assert.equal(message, "Another run is changing stack blue. Wait until it ends, or end it, then try again.");
            assert.equal(because, "locked");
        });
    });

    describe("when its signal aborts", () => {
        let stop: AbortController;
        beforeEach(() => {
            stop = new AbortController();
        });
        const abortedRun =
            (end: () => unknown): Run =>
            async (_, options) => {
                stop.abort();
                options?.onEvent(ended("create"));
                return end();
            };
        const expected = { message: "The up of stack blue was cancelled. Run it again to continue.", because: "cancelled", created: 1 };
        const seen = ({ message, because, counts }: OperationFailed) => ({ message, because, created: counts.created });

        it("counts an operation that the CLI ended with an error as cancelled", async () => {
            const { stack } = fakeStack(
                backend,
                abortedRun(() => assert.fail("Command failed with exit code 255")),
            );
            assert.deepEqual(seen(await failureOf(runOperation(stack, "up", { signal: stop.signal }))), expected);
        });

        it("does not start an operation that was cancelled before", async () => {
            const { stack, calls } = fakeStack(backend);
            stop.abort();
            assert.deepEqual(seen(await failureOf(runOperation(stack, "up", { signal: stop.signal }))), { ...expected, created: 0 });
            assert.deepEqual(calls, []);
        });

        it("counts an operation that the CLI ended without an error as cancelled, too", async () => {
            const { stack } = fakeStack(
                backend,
                abortedRun(() => ({ outputs: {} })),
            );
            assert.deepEqual(seen(await failureOf(runOperation(stack, "up", { signal: stop.signal }))), expected);
        });
    });

    if (process.platform === "linux")
        it("passes the signal to the CLI, which runs in its own session", async () => {
            const { stack, calls } = fakeStack(backend);
            const { signal } = new AbortController();
            await runOperation(stack, "destroy", { signal });
            assert.equal(calls[0]?.[1]?.signal, signal);
        });

    describe("when it fails", () => {
        const messageOf = async (error: string, ...events: EngineEvent[]): Promise<string> => {
            const { stack } = fakeStack(backend, async (_, options) => {
                for (const event of events) options?.onEvent(event);
                throw new Error(error);
            });
            return (await failureOf(runOperation(stack, "preview"))).message;
        };
        const cliError = (stderr: string) => `code: 255\n stdout: Previewing update\n stderr: ${stderr}\n err?: undefined\n`;

        it("names the resources that failed, and not the output of the CLI", async () =>
            assert.equal(
                await messageOf(cliError("error: preview failed"), diagnostic("error", "not ready\nsee its events")),
                "The preview of stack blue failed.\n  StatefulSet receive: not ready\n  see its events",
            ));

        it("has the CLI's error lines if no resource failed", async () =>
            assert.equal(
                await messageOf(cliError("warning: slow\nerror: could not decrypt the state: <{%fg 1%}>bad passphrase<{%reset%}>")),
                "The preview of stack blue failed.\n  could not decrypt the state: bad passphrase",
            ));

        it("has the first line of a CLI's output without error lines", async () =>
            assert.equal(await messageOf(cliError("panic: oops\ngoroutine 1")), "The preview of stack blue failed.\n  panic: oops"));

        it("says which signal killed the CLI", async () =>
            assert.equal(
                await messageOf("Command was killed with SIGKILL (Forced termination): pulumi preview"),
                "The preview of stack blue failed.\n  the engine was killed by SIGKILL. Run it again to continue.",
            ));
    });
});

describe("OperationEvents", () => {
    it("reports progress, counts resources, and keeps one message per problem", () => {
        const doing: string[] = [];
        const events = new OperationEvents((text) => doing.push(text));
        events.onEvent(started("create"));
        events.onEvent(diagnostic("info", "waiting for 1 of 3 replicas ready", true));
        events.onEvent(diagnostic("error", "<{%reset%}>1 error occurred:\n\t* not ready\n\n<{%reset%}>"));
        events.onEvent(diagnostic("error", "1 error occurred:\n\t* not ready\n\n"));
        events.onEvent(diagnostic("error", "update failed"));
        events.onEvent(ended("create"));
        assert.deepEqual(doing, ["creating StatefulSet receive", "StatefulSet receive: waiting for 1 of 3 replicas ready"]);
        assert.equal(events.message(), "StatefulSet receive: not ready");
        assert.deepEqual(events.counts, { created: 1, updated: 0, replaced: 0, deleted: 0, same: 0 });
    });

    it("does not count the stack and its providers", () => {
        const events = new OperationEvents();
        for (const type of ["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"]) events.onEvent(ended("create", type));
        assert.equal(events.counts.created, 0);
    });

    it("counts a replacement once, though the engine reports three events", () => {
        const events = new OperationEvents();
        for (const op of ["create-replacement", "replace", "delete-replaced"] as const) events.onEvent(ended(op));
        assert.deepEqual(events.counts, { created: 0, updated: 0, replaced: 1, deleted: 0, same: 0 });
    });

    it("does not name the stack in a problem of the program", () => {
        const events = new OperationEvents();
        events.onEvent(diagnostic("error", "no bucket", false, "urn:pulumi:blue::thanos-fleet::pulumi:pulumi:Stack::thanos-fleet-blue"));
        assert.equal(events.message(), "no bucket");
    });

    it("reports the violation of a mandatory policy as a problem, and a warning not", () => {
        const events = new OperationEvents();
        const violation = (enforcementLevel: "mandatory" | "warning", policyName: string): EngineEvent => ({
            ...at,
            policyEvent: {
                resourceUrn: URN,
                message: "one replica",
                color: "never",
                policyName,
                policyPackName: "policies",
                policyPackVersion: "1",
                policyPackVersionTag: "1",
                enforcementLevel,
            },
        });
        events.onEvent(violation("mandatory", "L07"));
        events.onEvent(violation("warning", "L31"));
        assert.equal(events.message(), "StatefulSet receive: one replica (policy L07)");
    });
});

describe("resourceName", () => {
    it("is the type without its package, and the name", () => assert.equal(resourceName(URN), "StatefulSet receive"));
    it("keeps a name that contains two colons", () =>
        assert.equal(resourceName("urn:pulumi:blue::thanos-fleet::kubernetes:rbac.authorization.k8s.io/v1:Role::a::b"), "Role a::b"));
});

describe("cleanMessage", () => {
    it("removes the class of an exception and the stack trace", () =>
        assert.equal(cleanMessage("error: Unhandled exception: Error: no bucket\n    at x (index.ts:1:1)\n    at y"), "no bucket"));
});
