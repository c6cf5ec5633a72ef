import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compact } from "../../../../config/schema/thanos";
import { ROOT } from "../../../support/root";

interface Default {
    field: string;
    /** By the doc comment's `@default`. */
    stated: string | undefined;
    /** By the schema. */
    set: string;
}

const FIELD = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ +(\w+): (?:(?!^ +(?:\w+:|\/\*\*))[\s\S])*?\.default\((.*)\)/gm;

const defaultsIn = (source: string): Default[] =>
    [...source.matchAll(FIELD)].map(([, comment = "", field = "", set = ""]) => ({
        field,
        stated: /@default (.*)/.exec(comment)?.[1]?.trim(),
        set,
    }));

describe("doc comments of the schema", () => {
    for (const file of ["index.ts", "prometheus.ts", "alerting.ts", "thanos.ts", "rule.ts", "cache.ts", "aws.ts"])
        it(`state the default of every field of ${file} that has one`, () => {
            const source = readFileSync(join(ROOT, "config/schema", file), "utf8");
            const defaults = defaultsIn(source);
            assert.equal(defaults.length, source.split(".default(").length - 1);
            for (const { field, stated, set } of defaults) assert.equal(stated, set, field);
        });
});

describe("the CPU of Compact", () => {
    const cpuOf = (settings: unknown) => compact.parse(settings).cpu;

    it("is a core for each compaction or downsampling at once, unless it is set", () =>
        assert.deepEqual(
            [
                {},
                { concurrency: { compactions: 4 } },
                { concurrency: { downsamplings: 3 } },
                { concurrency: { compactions: 4 }, cpu: "250m" },
            ].map(cpuOf),
            ["1", "4", "3", "250m"],
        ));
});
