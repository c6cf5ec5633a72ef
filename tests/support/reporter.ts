import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Mocha from "mocha";

/** Prints like Mocha's `spec` reporter, and writes the totals to reports/<suite>.json, which .ci/run adds up. */
module.exports = class extends Mocha.reporters.Spec {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
        super(runner, options);
        runner.once("end", () => {
            const { passes, failures, pending } = this.stats;
            const reports = join(__dirname, "..", "..", "reports");
            mkdirSync(reports, { recursive: true });
            const suite = (options.reporterOptions as { suite?: string } | undefined)?.suite ?? "unit";
            writeFileSync(join(reports, `${suite}.json`), `${JSON.stringify({ suite, passes, failures, pending })}\n`);
        });
    }
};
