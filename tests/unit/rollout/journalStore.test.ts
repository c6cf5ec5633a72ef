import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../config/configError";
import { JournalFailed, newestRollout, openJournal, type Recorded } from "../../../rollout/journalStore";
import { temporaryDirectory } from "../../support/temporaryDirectory";

const time = "2026-11-22T13:00:00.000Z";
const started: Recorded = { time, event: "started", command: "up", waves: [{ stacks: ["blue"], why: "" }] };
const updating: Recorded = { time, event: "updating", stack: "blue" };
const updated: Recorded = { time, event: "updated", stack: "blue", counts: { created: 0, updated: 0, replaced: 0, deleted: 0, same: 1 } };
const ended: Recorded = { time, event: "ended", how: "done" };

describe("the journal of rollouts", () => {
    let backend = "";
    const folder = () => join(backend, ".thanos-fleet", "rollouts");
    beforeEach(() => {
        backend = temporaryDirectory();
    });
    /** Records events in a run of its own. */
    async function recorded(...events: Recorded[]): Promise<{ id: string; earlier: readonly Recorded[] }> {
        const journal = await openJournal(backend, "up");
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
        const journal = await openJournal(backend, "destroy");
        await journal.close();
        assert.notEqual(journal.id, id);
        assert.deepEqual(journal.earlier, []);
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
        const journal = await openJournal(backend, "up");
        await journal.record(started);
        await journal.close();
        await assert.rejects(journal.record(started), (error) => {
            assert.ok(error instanceof JournalFailed);
            assert.match(error.message, new RegExp(`^The journal of rollout ${journal.id} cannot be written: .+\\. What ran has finished`));
            return true;
        });
    });

    it("knows no rollout of a backend that had none", async () => assert.equal(await newestRollout(backend), undefined));

    it("is held by one run at a time, and leaves nothing but the journal", async () => {
        const journal = await openJournal(backend, "up");
        await assert.rejects(openJournal(backend, "up"), (error) => {
            assert.ok(error instanceof ConfigError);
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
        const journal = await openJournal(backend, "up");
        // Newer than all others, and nothing that can be read.
        mkdirSync(join(folder(), "9999.jsonl"));
        await assert.rejects(openJournal(backend, "up"), ConfigError);
        await journal.close();
    });

    it("is released where it cannot be read", async () => {
        mkdirSync(join(folder(), "9999.jsonl"), { recursive: true });
        await assert.rejects(openJournal(backend, "up"), { code: "EISDIR" });
        assert.deepEqual(readdirSync(folder()), ["9999.jsonl"]);
    });

    it("is opened by one of many runs that find the lock of a process that is gone", async () => {
        const { pid } = spawnSync("true");
        mkdirSync(folder(), { recursive: true });
        writeFileSync(join(folder(), "lock.json"), JSON.stringify({ user: "me", host: hostname(), pid, since: time }));
        const runs = await Promise.allSettled(Array.from({ length: 20 }, () => openJournal(backend, "up")));
        const refused = runs.flatMap((run) => (run.status === "rejected" ? [run.reason] : []));
        assert.deepEqual([...new Set(refused.map(({ name }: Error) => name))], ["ConfigError"]);
        assert.equal(refused.length, 19);
        assert.deepEqual(
            readdirSync(folder()).filter((name) => name.startsWith("lock")),
            ["lock.json"],
        );
    });

    it("takes over the lock of a process of this machine that is gone, and of no other machine", async () => {
        await recorded(started);
        const { pid } = spawnSync("true");
        const held = (host: string) => writeFileSync(join(folder(), "lock.json"), JSON.stringify({ user: "me", host, pid, since: time }));
        held(hostname());
        await recorded(started);
        held(`not-${hostname()}`);
        await assert.rejects(openJournal(backend, "up"), ConfigError);
    });
});
