import assert from "node:assert/strict";
import { until } from "../../../../local/offline/until";

describe("a wait", () => {
    it("checks once even without time", async () => {
        const wait = { seconds: 0, late: () => "too late" };
        assert.equal(await until(wait, async () => "here"), "here");
        await assert.rejects(
            until(wait, async () => undefined),
            { message: "too late" },
        );
    });

    it("takes false for no answer", async () => {
        const answers = [false, undefined, 0, 1];
        assert.equal(await until({ seconds: 5, late: () => "too late", longestPauseMs: 1 }, () => answers.shift()), 0);
    });

    it("ends at once when its signal aborts, with the signal's reason", async () => {
        const control = new AbortController();
        setTimeout(() => control.abort(new Error("Cancelled.")), 20);
        const started = Date.now();
        await assert.rejects(
            until({ seconds: 60, signal: control.signal, late: () => "" }, async () => undefined),
            { message: "Cancelled." },
        );
        assert.ok(Date.now() - started < 2000);
    });
});
