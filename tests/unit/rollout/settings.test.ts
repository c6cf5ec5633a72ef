import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../config/configError";
import { readSettings } from "../../../rollout/settings";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("rollout.yaml", () => {
    const read = (text?: string) => {
        const directory = temporaryDirectory();
        if (text !== undefined) writeFileSync(join(directory, "rollout.yaml"), text);
        return readSettings(directory);
    };

    it("need not exist, and may be empty", () => {
        const defaults = { waves: [1, "10%", "100%"].map((size) => ({ labels: {}, size })), parallel: 4, maxUnhealthy: 10 };
        assert.deepEqual(read(), defaults);
        assert.deepEqual(read("# later\n"), defaults);
    });

    it("is refused with every problem at once", () =>
        assert.throws(
            () => read("parallel: 0\nwaves: [{size: 0%}, {stack: [blue]}]\nmaxUnhealthy: many\n"),
            (error) => {
                assert.ok(error instanceof ConfigError);
                assert.deepEqual(
                    error.problems.map(({ path }) => path),
                    ["waves.0.size", "waves.1", "parallel", "maxUnhealthy"],
                );
                return true;
            },
        ));

    it("has a gate with its own defaults, whose deadline is longer than its soak", () => {
        assert.deepEqual(read("gate: {query: http://10.0.0.1:9090}\n").gate, {
            query: "http://10.0.0.1:9090",
            soak: "5m",
            deadline: "30m",
            alerts: "Fleet.*",
            severities: ["critical", "warning"],
        });
        for (const [gate, path] of [
            ["{}", "gate.query"],
            ["{query: 'ftp://x'}", "gate.query"],
            ["{query: 'http://x', soak: 1 hour}", "gate.soak"],
            ["{query: 'http://x', soak: 1h}", "gate.deadline"],
            ["{query: 'http://x', severities: ['a|b']}", "gate.severities.0"],
            ["{query: 'http://x', alerts: '\"}'}", "gate.alerts"],
        ])
            assert.throws(
                () => read(`gate: ${gate}\n`),
                (error) => error instanceof ConfigError && error.problems.map((problem) => problem.path).join() === path,
                gate,
            );
    });

    it("is refused where it is no YAML", () => assert.throws(() => read("waves: [\n"), ConfigError));
});
