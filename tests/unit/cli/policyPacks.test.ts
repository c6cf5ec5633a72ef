import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { POLICY_PACK, policyPacksOf } from "../../../cli/policyPacks";
import { ROOT } from "../../support/root";
import { run } from "../../support/run";
import { temporaryDirectory } from "../../support/temporaryDirectory";

describe("the options --policy-pack and --policy-pack-config", () => {
    const directory = temporaryDirectory();
    const [, , own] = POLICY_PACK;
    function file(name: string, text: string): string {
        const path = join(directory, name);
        writeFileSync(path, text);
        return path;
    }

    it("name this project's pack, and no configuration, unless something else is said", () =>
        assert.deepEqual(policyPacksOf({ policyPack: own }), { policyPacks: [join(ROOT, "policies", "pack.js")], policyPackConfigs: [] }));

    it("are paths from where the command was called", () => {
        const config = file("relative.json", '{"receive-replicates": "advisory"}');
        assert.deepEqual(policyPacksOf({ policyPack: ["packs/own"], policyPackConfig: [relative(process.cwd(), config)] }), {
            policyPacks: [join(process.cwd(), "packs", "own")],
            policyPackConfigs: [config],
        });
    });

    it("know the policies of this project's pack, as an executable and as a folder", () => {
        const config = file("unknown.json", '{"own": "advisory"}');
        for (const pack of [...own, join(ROOT, "policies")])
            assert.throws(() => policyPacksOf({ policyPack: [pack], policyPackConfig: [config] }), /own: is no policy of this pack\./);
        policyPacksOf({ policyPack: ["packs/own"], policyPackConfig: [config] });
    });

    for (const command of ["up", "preview"])
        it(`refuse every wrong configuration before ${command} looks at any stack`, async function () {
            this.timeout(120_000);
            const list = file("list.json", "[]");
            const broken = file("broken.json", '{"receive-replicates": ');
            const wrong = file("wrong.json", '{"receive-replicates": {"minReplicationFactor": 0}}');
            const missing = join(directory, "missing.json");
            const args = [
                "cli/thanos-fleet.js",
                command,
                "-C",
                join(directory, "nowhere"),
                "--policy-pack-config",
                wrong,
                list,
                broken,
                missing,
            ];
            const { code, output } = await run(process.execPath, args, { within: 60 });
            assert.equal(code, 2);
            assert.deepEqual(
                output
                    .trim()
                    .replace(/is no JSON: .*\. Correct/, "is no JSON: .... Correct")
                    .split("\n"),
                [
                    "command line: 5 problems. Nothing was changed.",
                    `  ${wrong} receive-replicates.minReplicationFactor: 0 is not a whole number of at least 1. Fewest copies of each sample.`,
                    `  ${list}: is no JSON object. Write {policy: level} or {policy: {enforcementLevel: level, setting: value}}.`,
                    `  --policy-pack-config ${broken}: is no JSON: .... Correct it.`,
                    `  --policy-pack-config ${missing}: cannot be read (ENOENT). Name a JSON file.`,
                    `  --policy-pack-config ${[wrong, list, broken, missing].join(" ")}: is not one for each policy pack: there are 1. Name one for each, in their order; one with {} changes nothing.`,
                ],
            );
        });
});
