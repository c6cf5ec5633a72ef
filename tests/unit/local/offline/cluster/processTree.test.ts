import assert from "node:assert/strict";
import { parseStat } from "../../../../../local/offline/cluster/processTree";

describe("a built cluster's processes", () => {
    it("are read from /proc although a command has brackets and spaces", () => {
        const rest = "S 17 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200";
        assert.deepEqual(parseStat(`4711 (a (b) c) ${rest}`), { pid: 4711, parent: 17, state: "S", started: 987654 });
    });
});
