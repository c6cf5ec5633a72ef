import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BackendFailed, type BackendFolder } from "../../../engine/backend/backendFolder";
import { localFolder } from "../../../engine/backend/localFolder";
import { JournalFailed, lastGoodCommit, lockHolder, newestRollout, openJournal, type Recorded } from "../../../rollout/journalStore";
import { Locked } from "../../../rollout/locked";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const time = "2026-11-22T13:00:00.000Z";
const started: Recorded = { time, event: "started", command: "up", waves: [{ stacks: ["blue"], why: "" }] };
const updating: Recorded = { time, event: "updating", stack: "blue" };
const updated: Recorded = { time, event: "updated", stack: "blue", counts: { created: 0, updated: 0, replaced: 0, deleted: 0, same: 1 } };
const ended: Recorded = { time, event: "ended", how: "done" };

describe("the journal of rollouts", () => {
    let backend: BackendFolder;
    const folder = () => backend.locate(".thanos-fleet/rollouts");
    beforeEach(() => {
        backend = localFolder(temporaryDirectory());
    });
    /** Writes the lock of another process. */
    async function held({ host, pid, processes }: { host: string; pid: number; processes?: string }): Promise<void> {
        const own = await openJournal(backend, "up", ["blue"]);
        const lock = JSON.parse(readFileSync(join(folder(), "lock.json"), "utf8"));
        await own.close();
        writeFileSync(join(folder(), "lock.json"), JSON.stringify({ ...lock, host, pid, ...(processes && { processes }) }));
    }
    /** Records events in a run of its own. */
    async function recorded(...events: Recorded[]): Promise<{ id: string; earlier: readonly Recorded[] }> {
        const journal = await openJournal(backend, "up", ["blue"]);
        for (const event of events) await journal.record(event);
        await journal.close();
        return journal;
    }

    it("gives the next run what was recorded, under the same id, until the rollout is done", async () => {
        const first = await recorded(started, updating);
        assert.deepEqual(first.earlier, []);
        const second = await recorded(started, updated, ended);
        assert.deepEqual([second.id, second.earlier], [first.id, [started, updating]]);
        const third = await recorded();
        assert.notEqual(third.id, first.id);
        assert.deepEqual(third.earlier, []);
    });

    it("does not go on with a rollout of another command", async () => {
        const { id } = await recorded(started, updating);
        const journal = await openJournal(backend, "destroy", ["blue"]);
        await journal.close();
        assert.notEqual(journal.id, id);
        assert.deepEqual(journal.earlier, []);
    });

    it("does not go on with a rollout of other stacks", async () => {
        const { id } = await recorded(started, updating);
        const journal = await openJournal(backend, "up", ["blue", "red"]);
        await journal.close();
        assert.notEqual(journal.id, id);
    });

    it("is not begun by a run that is refused before its first event", async () => {
        await recorded();
        assert.deepEqual(readdirSync(folder()), []);
    });

    it("leaves out an event that a killed run has written in part", async () => {
        const { id } = await recorded(started, updating);
        appendFileSync(join(folder(), `${id}.jsonl`), '{"time":"2026-11-22T13:00');
        assert.deepEqual((await newestRollout(backend))?.events, [started, updating]);
        await recorded(started);
        assert.deepEqual((await newestRollout(backend))?.events, [started, updating, started]);
    });

    it("says so where an event cannot be recorded", async () => {
        const journal = await openJournal(backend, "up", ["blue"]);
        await journal.record(started);
        rmSync(folder(), { recursive: true });
        await assert.rejects(journal.record(started), (error) => {
            assert.ok(error instanceof JournalFailed);
            assert.match(error.message, new RegExp(`^The journal of rollout ${journal.id} cannot be written: .*ENOENT`));
            return true;
        });
    });

    it("knows the commit of the newest update that is done", async () => {
        assert.equal(await lastGoodCommit(backend), undefined);
        for (const [id, ...events] of [
            ["1", { ...started, commit: "one" }, ended],
            ["2", { ...started, commit: "two" }, ended],
            ["3", { ...started, commit: "three" }, updating],
            ["4", { ...started, command: "destroy", commit: "four" }, ended],
            ["5", started, ended],
            ["6", { ...started, commit: "six-dirty" }, ended],
        ] as [string, ...Recorded[]][])
            await backend.create(`.thanos-fleet/rollouts/${id}.jsonl`, events.map((event) => JSON.stringify(event)).join("\n"));
        assert.equal(await lastGoodCommit(backend), "two");
    });

    it("leaves the lock to whoever has it at the end", async () => {
        const journal = await openJournal(backend, "up", ["blue"]);
        rmSync(join(folder(), "lock.json"));
        await journal.close();
        const other = await openJournal(backend, "up", ["blue"]);
        await journal.close();
        assert.ok(await lockHolder(backend));
        await other.close();
    });

    it("says that a lock which was cut is held", async () => {
        mkdirSync(folder(), { recursive: true });
        writeFileSync(join(folder(), "lock.json"), "");
        await assert.rejects(openJournal(backend, "up", ["blue"]), Locked);
    });

    it("knows no rollout of a backend that had none", async () => assert.equal(await newestRollout(backend), undefined));

    it("is held by one run at a time, and leaves nothing but the journal", async () => {
        const journal = await openJournal(backend, "up", ["blue"]);
        await assert.rejects(openJournal(backend, "up", ["blue"]), (error) => {
            assert.ok(error instanceof Locked);
            const [{ path, problem, remedy } = { path: "", problem: "", remedy: "" }] = error.problems;
            assert.equal(path, "lock");
            assert.match(problem, new RegExp(`^a run of .+@${hostname()} \\(process ${process.pid}\\) has it since 20.*\\.$`));
            assert.equal(remedy, `Wait until it ends. If that process is gone, remove ${join(folder(), "lock.json")}.`);
            return true;
        });
        await journal.record(started);
        await journal.close();
        assert.deepEqual(readdirSync(folder()), [`${journal.id}.jsonl`]);
    });

    it("is read only by the run that has the lock, since another one may be writing it", async () => {
        const journal = await openJournal(backend, "up", ["blue"]);
        // Newer than all others, and nothing that can be read.
        mkdirSync(join(folder(), "9999.jsonl"));
        await assert.rejects(openJournal(backend, "up", ["blue"]), Locked);
        await journal.close();
    });

    it("is released where it cannot be read", async () => {
        mkdirSync(join(folder(), "9999.jsonl"), { recursive: true });
        await assert.rejects(openJournal(backend, "up", ["blue"]), BackendFailed);
        assert.deepEqual(readdirSync(folder()), ["9999.jsonl"]);
    });

    it("is opened by one of many runs that find the lock of a process that is gone", async () => {
        const { pid } = spawnSync("true");
        await held({ host: hostname(), pid });
        const runs = await Promise.allSettled(Array.from({ length: 20 }, () => openJournal(backend, "up", ["blue"])));
        const refused = runs.flatMap((run) => (run.status === "rejected" ? [run.reason] : []));
        assert.deepEqual([...new Set(refused.map((error) => error instanceof Locked))], [true]);
        assert.equal(refused.length, 19);
        assert.deepEqual(
            readdirSync(folder()).filter((name) => name.startsWith("lock")),
            ["lock.json"],
        );
    });

    it("takes over the lock of a process of this machine that is gone, and of no other machine", async () => {
        await recorded(started);
        const { pid } = spawnSync("true");
        await held({ host: hostname(), pid });
        await recorded(started);
        await held({ host: `not-${hostname()}`, pid });
        await assert.rejects(openJournal(backend, "up", ["blue"]), Locked);
    });

    it("does not take over the lock of a process in another container of the same name", async () => {
        const { pid } = spawnSync("true");
        await held({ host: hostname(), pid, processes: "of another container" });
        await assert.rejects(openJournal(backend, "up", ["blue"]), Locked);
    });
});
