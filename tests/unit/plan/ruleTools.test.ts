import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askRuleTools } from "../../../plan/ruleTools";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the tools that check rule files", () => {
    const path = process.env.PATH;
    afterEach(() => {
        process.env.PATH = path;
    });

    /** Puts nothing on PATH but these programs: what each prints as an error, and its exit code. */
    function onPath(programs: Record<string, { prints: string; exits: number }>): void {
        const directory = temporaryDirectory();
        for (const [name, { prints, exits }] of Object.entries(programs)) {
            writeFileSync(join(directory, name), `#!/bin/sh\necho '${prints}' >&2\nexit ${exits}\n`);
            chmodSync(join(directory, name), 0o755);
        }
        process.env.PATH = directory;
    }

    const rule = { files: ["a.yml", "b.yml"] };
    const promtool = { prints: '  FAILED:\na.yml: 6:15: group "a": could not parse expression', exits: 1 };
    const thanos = { prints: 'level=info msg=checking\nlevel=error error="0:0: group \\"a\\": unclosed"\nlevel=error err=again', exits: 1 };

    it("are not asked where they are not on PATH, nor without rule files", () => {
        onPath({});
        assert.deepEqual(askRuleTools(rule), { problems: [], warnings: [] });
        onPath({ promtool, thanos });
        assert.deepEqual(askRuleTools({}), { problems: [], warnings: [] });
    });

    it("say what they refuse, each file for itself", () => {
        onPath({ promtool, thanos });
        const { problems, warnings } = askRuleTools(rule);
        assert.deepEqual(warnings, []);
        assert.deepEqual(
            problems.map(({ path: at, problem }) => `${at}: ${problem}`),
            [0, 1].flatMap((i) => [
                `rule.files[${i}]: promtool refuses ${rule.files[i]}: a.yml: 6:15: group "a": could not parse expression.`,
                `rule.files[${i}]: thanos refuses ${rule.files[i]}: 0:0: group "a": unclosed.`,
            ]),
        );
    });

    it("are named where they are too old to be asked", () => {
        onPath({ promtool: { prints: "promtool: error: unknown long flag", exits: 1 }, thanos: { prints: "", exits: 0 } });
        assert.deepEqual(askRuleTools({ files: ["a.yml"] }), {
            problems: [],
            warnings: ["rule.files[0]: promtool on PATH cannot check it: promtool: error: unknown long flag"],
        });
    });
});
