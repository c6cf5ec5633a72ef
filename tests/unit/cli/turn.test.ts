import assert from "node:assert/strict";
import { CommandFailed } from "../../../cli/exitCodes";
import { Turn, waitOf } from "../../../cli/turn";
import { ConfigError } from "../../../config/configError";
import { Locked } from "../../../rollout/locked";

const locked = (by: string) => new Locked("rollout", [{ path: "lock", problem: `${by} has it.`, remedy: "Wait." }]);

describe("--wait", () => {
    it("is a duration", () => {
        assert.equal(waitOf(undefined), 0);
        assert.equal(waitOf("5m"), 300_000);
        assert.throws(() => waitOf("soon"), ConfigError);
    });
});

describe("whoever waits for a lock", () => {
    /** Waits so long, milliseconds, and tries again every millisecond. */
    function turn(wait: number, signal = new AbortController().signal) {
        const said: string[] = [];
        const print = {
            say: (text: string) => void said.push(text),
            doing: (stack: string, text: string) => void said.push(`${stack} ${text}`),
        };
        return { one: new Turn(wait, signal, print, 1), said };
    }
    /** Fails with these errors, then answers. */
    function failing(...errors: Error[]): () => Promise<string> {
        const left = [...errors];
        return async () => {
            const error = left.shift();
            if (error) throw error;
            return "done";
        };
    }

    it("is refused at once where it does not want to wait", async () => {
        const { one, said } = turn(0);
        await assert.rejects(one.of(failing(locked("ci"))), Locked);
        assert.equal(await one.comesFor("blue"), false);
        assert.deepEqual(said, []);
    });

    it("tries again until it is free, and says once who has it", async () => {
        const { one, said } = turn(60_000);
        assert.equal(await one.of(failing(locked("ci"), locked("ci"), locked("me"))), "done");
        assert.deepEqual(
            said.map((text) => /(\w+) has it/.exec(text)?.[1]),
            ["ci", "me"],
        );
    });

    it("gives up when the time is over", async () => {
        const { one } = turn(20);
        await assert.rejects(
            one.of(() => Promise.reject(locked("ci"))),
            Locked,
        );
        let tried = 0;
        while (await one.comesFor("blue")) tried++;
        assert.ok(tried > 0);
        assert.equal(await one.comesFor("blue"), false);
    });

    it("meets any other error at once", async () => {
        const { one } = turn(60_000);
        await assert.rejects(one.of(failing(new Error("disk full"))), /disk full/);
    });

    it("ends where it is cancelled, and says that nothing was changed", async () => {
        const stop = new AbortController();
        const { one } = turn(60_000, stop.signal);
        const waiting = one.of(() => Promise.reject(locked("ci")));
        setTimeout(() => stop.abort(), 20);
        await assert.rejects(waiting, (error) => error instanceof CommandFailed && error.exit === "cancelled");
    });
});
