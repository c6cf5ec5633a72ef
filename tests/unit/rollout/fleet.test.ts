import assert from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ConfigError } from "../../../config/configError";
import { readFleet } from "../../../rollout/fleet";
import { problemText } from "../../../rules/problem";
import { ROOT } from "../../support/root";
import { temporaryDirectory } from "../../support/temporaryDirectory";
import { observeeConfig, observerConfig } from "../../support/testFleet";

describe("the stacks of a rollout", () => {
    const before = process.cwd();
    const write = (stack: string, config: object) =>
        writeFileSync(
            `Pulumi.${stack}.yaml`,
            stringify({ config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`thanos-fleet:${key}`, value])) }),
        );
    beforeEach(() => {
        process.chdir(temporaryDirectory());
        copyFileSync(join(ROOT, "Pulumi.yaml"), "Pulumi.yaml");
        write("main", observerConfig("local"));
        write("my-blue", observeeConfig("blue", "local", { observer: "organization/thanos-fleet/main" }));
    });
    afterEach(() => process.chdir(before));

    it("are their roles, clusters, labels and observers, by their files", () => {
        const prometheus = { externalLabels: { region: "eu-west-1" } };
        write("my-blue", observeeConfig("blue", "local", { observer: "organization/thanos-fleet/main", prometheus }));
        assert.deepEqual(readFleet(["my-blue", "main"]), [
            { name: "my-blue", role: "observee", cluster: "blue", labels: { region: "eu-west-1" }, observer: "main" },
            { name: "main", role: "observer", cluster: "observer", labels: {} },
        ]);
    });

    it("are refused with the problems of all files, each with its stack and its line", () => {
        write("my-blue", observeeConfig("BLUE", "local"));
        assert.throws(
            () => readFleet(["main", "my-blue", "red"]),
            (error) => {
                assert.ok(error instanceof ConfigError);
                const [cluster = "", file = "", ...others] = error.problems.map(problemText);
                assert.match(cluster, /^my-blue: cluster Pulumi\.my-blue\.yaml:\d+: "BLUE" /);
                assert.match(file, /^red: Pulumi\.red\.yaml: does not exist\./);
                assert.deepEqual(others, []);
                return true;
            },
        );
    });
});
