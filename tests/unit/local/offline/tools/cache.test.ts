import assert from "node:assert/strict";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { withCacheLock } from "../../../../../local/offline/tools/cache";
import { temporaryDirectory } from "../../../../support/temporaryDirectory";

const never = new AbortController().signal;

describe("the tools' cache lock", () => {
    let dir: string;
    beforeEach(() => {
        dir = temporaryDirectory();
    });

    it("lets one run in at a time", async () => {
        const order: string[] = [];
        const work = (name: string) => () =>
            withCacheLock(
                dir,
                never,
                () => {},
                async () => {
                    order.push(`${name} in`);
                    await new Promise((r) => setTimeout(r, 20));
                    order.push(`${name} out`);
                },
            );
        await Promise.all([work("a")(), work("b")()]);
        assert.deepEqual(
            order.map((o) => o.split(" ")[1]),
            ["in", "out", "in", "out"],
        );
        assert.deepEqual(readdirSync(dir), []);
    });

    it("takes over from a process that is gone, and clears away what it left", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: 2 ** 30, host: hostname(), token: "x" }));
        mkdirSync(path.join(dir, "tmp-old"));
        writeFileSync(path.join(dir, "tmp-old/half"), "");
        await withCacheLock(dir, never, assert.fail, async (tmp) =>
            assert.deepEqual(readdirSync(dir).sort(), ["lock", path.basename(tmp)]),
        );
    });

    it("takes over from a machine whose lock has not been touched for 30 s", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: 1, host: "elsewhere", token: "x" }));
        utimesSync(path.join(dir, "lock"), new Date(), new Date(Date.now() - 31_000));
        assert.equal(await withCacheLock(dir, never, assert.fail, async () => "mine"), "mine");
    });

    it("waits for a live holder, says who it is, and can be stopped", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: process.pid, host: hostname(), token: "x" }));
        const stop = new AbortController();
        const told: string[] = [];
        const waiting = (who: string) => {
            told.push(who);
            stop.abort(new Error("Ctrl-C"));
        };
        await assert.rejects(
            withCacheLock(dir, stop.signal, waiting, async () => {}),
            { message: "Ctrl-C" },
        );
        assert.deepEqual(told, [`process ${process.pid}`]);
        assert.deepEqual(readdirSync(dir), ["lock"]);
    });
});
