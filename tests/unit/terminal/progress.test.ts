import assert from "node:assert/strict";
import { styleFor } from "../../../terminal/progress";

const stream = (fields: { isTTY?: boolean; columns?: number }) => fields as NodeJS.WriteStream;

describe("the style of progress", () => {
    it("rewrites lines on a terminal", () => assert.equal(styleFor(stream({ isTTY: true, columns: 80 }), false), "terminal"));
    it("is plain lines where it is piped", () => assert.equal(styleFor(stream({}), false), "plain"));
    it("is plain lines on a terminal without a width", () => assert.equal(styleFor(stream({ isTTY: true, columns: 0 }), false), "plain"));
    it("is events where they are asked for, on a terminal too", () =>
        assert.equal(styleFor(stream({ isTTY: true, columns: 80 }), true), "json"));
});
