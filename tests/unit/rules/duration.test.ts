import assert from "node:assert/strict";
import { formatDuration, goDuration, parseDuration } from "../../../rules/duration";

const HOUR = 3_600_000;

describe("goDuration", () => {
    it("writes no unit longer than an hour, which Go does not know", () =>
        assert.deepEqual(
            ["1d", "1w", "90m", "30s", "1h30m", "1500ms", "0d"].map((text) => goDuration(parseDuration(text))),
            ["24h", "168h", "90m", "30s", "90m", "1500ms", "0h"],
        ));
});

describe("a duration", () => {
    const valid: [string, number, string][] = [
        ["0", 0, "0d"],
        ["0d", 0, "0d"],
        ["2h", 2 * HOUR, "2h"],
        ["24h", 24 * HOUR, "1d"],
        ["1d12h", 36 * HOUR, "36h"],
        ["1d16h", 40 * HOUR, "40h"],
        ["90d", 90 * 24 * HOUR, "90d"],
        ["1y", 365 * 24 * HOUR, "365d"],
        ["1y2w3d4h5m6s7ms", (365 + 14 + 3) * 24 * HOUR + 4 * HOUR + 306_007, "33019506007ms"],
        ["90m", 1.5 * HOUR, "90m"],
    ];
    for (const [text, ms, formatted] of valid) {
        it(`${text} is ${ms} ms, and is written as ${formatted}`, () => {
            assert.equal(parseDuration(text), ms);
            assert.equal(formatDuration(parseDuration(text)), formatted);
            assert.equal(parseDuration(formatted), ms);
        });
    }
    for (const text of ["", " 2h", "2", "2h ", "-2h", "1.5h", "2H", "2h1d", "2h2h", "h", "1d 12h", "forever"]) {
        it(`${JSON.stringify(text)} is not one`, () => {
            const message = `${JSON.stringify(text)} is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.`;
            assert.throws(() => parseDuration(text), { message });
        });
    }
    it("300y is longer than Go can count", () => {
        assert.throws(() => parseDuration("300y"), {
            message: '"300y" is longer than Prometheus can count (292y). Write 0d to keep for ever.',
        });
        assert.equal(parseDuration("292y"), 292 * 365 * 24 * HOUR);
    });
});
