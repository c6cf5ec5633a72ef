import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import Mocha from "mocha";

const ROOT = join(__dirname, "..", "..");

/**
 * Prints like Mocha's `spec` reporter, and writes totals, the failures and the seconds of each file to
 * reports/<suite>.json, which .ci/run adds up.
 */
module.exports = class extends Mocha.reporters.Spec {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
        super(runner, options);
        const milliseconds: Record<string, number> = {};
        for (const ended of ["test end", "hook end"] as const)
            runner.on(ended, ({ file = "", duration = 0 }: Mocha.Runnable) => {
                milliseconds[file] = (milliseconds[file] ?? 0) + duration;
            });
        runner.once("end", () => {
            const { passes, failures, pending } = this.stats;
            const files = Object.entries(milliseconds).map(([file, took]) => [relative(ROOT, file), Math.round(took / 1000)]);
            const failed = this.failures.map((test) => `${test.fullTitle()}: ${test.err?.stack ?? test.err?.message}`);
            const reports = join(ROOT, "reports");
            mkdirSync(reports, { recursive: true });
            const suite = (options.reporterOptions as { suite?: string } | undefined)?.suite ?? "unit";
            writeFileSync(
                join(reports, `${suite}.json`),
                `${JSON.stringify({ suite, passes, failures, pending, failed, seconds: Object.fromEntries(files) })}\n`,
            );
        });
    }
};
