import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compactFlags } from "../../components/thanos/compact";
import { toolFlags, toolValues } from "../../components/thanos/toolKit";
import type { Tool } from "../../config/schema";
import * as schema from "../../config/schema/thanos";
import { openMetrics } from "../../local/history";
import { eventually } from "../support/eventually";
import { Processes } from "../support/processes";
import { RealThanos } from "../support/realThanos";
import { ROOT } from "../support/root";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** Real tools and a real Compact on real blocks, with the flags that the program writes. Each stream is another damage. */

const HOUR = 3600;
/** A whole number of eight hours, the range of Compact's second level. */
const START = Math.floor(Date.now() / 1000 / (8 * HOUR) - 6) * 8 * HOUR;
const COMPACT = schema.compact.parse({ consistencyDelay: "0s" });
const RUNBOOK = readFileSync(join(ROOT, "docs/runbooks/FleetCompactHalted.md"), "utf8");

describe("the tools", () => {
    const directory = temporaryDirectory();
    const processes = new Processes(directory);
    let binaries: Awaited<ReturnType<typeof tools<"thanos" | "promtool">>>;
    let thanos: RealThanos;

    before(async () => {
        binaries = await tools("thanos", "promtool");
        thanos = new RealThanos(processes, binaries);
    });
    after(() => processes.stop());

    /** Uploads blocks of two hours each with blue's samples, and answers their ids in the order of time. */
    async function upload(stream: string, fromHour: number, toHour: number): Promise<string[]> {
        const name = `${stream}-${fromHour}-${toHour}`;
        const path = join(directory, name);
        mkdirSync(path);
        writeFileSync(`${path}.txt`, openMetrics("blue", START + fromHour * HOUR, START + toHour * HOUR - 1));
        const make = ["tsdb", "create-blocks-from", "openmetrics", `${path}.txt`, path];
        const send = ["tools", "bucket", "upload-blocks", `--objstore.config=${thanos.objectStore(stream)}`, `--path=${path}`];
        for (const [binary, args] of [
            [binaries.promtool.path, make],
            [binaries.thanos.path, [...send, '--label=cluster="blue"']],
        ] as [string, string[]][]) {
            const { code, output } = await run(binary, args, { within: 60 });
            assert.equal(code, 0, output);
        }
        // The upload leaves a folder of its own there.
        return readdirSync(path)
            .filter((name) => existsSync(join(path, name, "meta.json")))
            .sort();
    }

    const inBucket = (stream: string, ...path: string[]) => join(directory, "bucket", stream, ...path);
    /** Blocks in the bucket, those included that are marked. */
    const blocks = (stream: string) =>
        readdirSync(inBucket(stream))
            .filter((name) => existsSync(inBucket(stream, name, "meta.json")))
            .sort();
    const marks = (stream: string, block: string) => readdirSync(inBucket(stream, block)).filter((file) => file.endsWith("-mark.json"));

    /** Runs a tool as its Job does: Kubernetes puts the values of variables into the arguments. */
    async function tool(
        stream: string,
        name: Tool,
        values: Record<string, string> = {},
        settings = COMPACT,
    ): Promise<{ code: number; output: string }> {
        const all = { ...toolValues(name, settings), ...values };
        const flags = toolFlags(name, settings).map((flag) =>
            flag.replace(/\$\((\w+)\)/g, (_, key: string) => all[key] ?? "?").replace("/tmp/", `${directory}/`),
        );
        return thanos.end(`${name}-${stream}`, flags, { "objstore.yml": thanos.objectStore(stream) });
    }
    async function worked(stream: string, name: Tool, values: Record<string, string> = {}, settings = COMPACT): Promise<string> {
        const { code, output } = await tool(stream, name, values, settings);
        assert.equal(code, 0, output);
        return output;
    }

    let started = 0;
    /** Starts a Compact, and answers what it says of itself. */
    async function compact(stream: string) {
        const name = `compact-${stream}-${started++}`;
        const { http } = await thanos.start(name, compactFlags(COMPACT), { "objstore.yml": thanos.objectStore(stream) });
        const metric = async (metricName: string) =>
            Number(new RegExp(`^${metricName} (\\d+)`, "m").exec(await (await fetch(`http://${http}/metrics`)).text())?.[1]);
        return {
            halted: () => metric("thanos_compact_halted"),
            iterations: () => metric("thanos_compact_iterations_total"),
            log: () => readFileSync(join(directory, `${name}.log`), "utf8"),
            stop: () => processes.kill([name]),
        };
    }

    /** The commands of a section of the runbook. */
    const commandsOf = (section: string) =>
        [...(RUNBOOK.split(`### ${section}\n`)[1]?.split("### ")[0] ?? "").matchAll(/^ +(tool STREAM|kubectl) (.*)$/gm)].map(
            ([, program, rest = ""]) => {
                const [name = "", ...values] = rest.split(" ");
                return program === "kubectl"
                    ? "restart"
                    : { name: name as Tool, values: Object.fromEntries(values.map((value) => value.split("="))) };
            },
        );

    describe("on a stream of sound blocks", () => {
        let ids: string[];
        before(async () => {
            ids = await upload("sound", 0, 8);
        });

        for (const name of ["ls", "inspect"] as const)
            it(`name every block: ${name}`, async () => {
                const output = await worked("sound", name);
                for (const id of ids) assert.ok(output.includes(id), output);
            });

        it("find nothing wrong: verify", async () => {
            const output = await worked("sound", "verify");
            assert.match(output, /overlapped_blocks/);
            assert.match(output, /index_known_issues/);
            assert.doesNotMatch(output, /level=(warn|error)/);
        });

        it("mark a block, and take the mark away again: mark, unmark", async () => {
            const [BLOCK = ""] = ids;
            await worked("sound", "mark", { BLOCK, DETAILS: "why" });
            const mark = readFileSync(inBucket("sound", BLOCK, "no-compact-mark.json"), "utf8");
            assert.equal((JSON.parse(mark) as { details: string }).details, "why");
            await worked("sound", "unmark", { BLOCK });
            assert.deepEqual(marks("sound", BLOCK), []);
        });

        it("do nothing without a block to work on: mark, unmark, rewrite", async () => {
            for (const name of ["mark", "unmark", "rewrite"] as const) assert.notEqual((await tool("sound", name)).code, 0);
            assert.deepEqual(
                ids.flatMap((id) => marks("sound", id)),
                [],
            );
            assert.deepEqual(blocks("sound"), ids);
        });

        it("write a block anew without some series, and mark the old one: rewrite", async () => {
            const [BLOCK = ""] = ids;
            const series = (block: string) =>
                (JSON.parse(readFileSync(inBucket("sound", block, "meta.json"), "utf8")) as { stats: { numSeries: number } }).stats
                    .numSeries;
            await worked("sound", "rewrite", { BLOCK, DELETE: `[{matchers: '{__name__="shop_queue_length"}'}]` });
            const [anew = ""] = blocks("sound").filter((id) => !ids.includes(id));
            assert.deepEqual([series(BLOCK), series(anew)], [4, 3]);
            assert.deepEqual(marks("sound", BLOCK), ["deletion-mark.json"]);
        });

        it("delete marked blocks when the mark is old enough: cleanup", async () => {
            const [rewritten = ""] = ids;
            await worked("sound", "cleanup");
            assert.ok(blocks("sound").includes(rewritten));
            await worked("sound", "cleanup", { DELAY: "0s" });
            assert.ok(!blocks("sound").includes(rewritten));
        });

        it("mark what is older than the stream's retention: retention", async () => {
            const left = blocks("sound");
            await worked("sound", "retention");
            assert.deepEqual(
                left.flatMap((id) => marks("sound", id)),
                [],
            );
            await worked("sound", "retention", {}, { ...COMPACT, retention: { raw: "24h", fiveMinutes: "10d", oneHour: "10d" } });
            assert.deepEqual(
                left.map((id) => marks("sound", id)),
                left.map(() => ["deletion-mark.json"]),
            );
        });
    });

    describe("of the runbook about a halted Compact", () => {
        it("mend a stream with blocks that overlap, and Compact goes on", async () => {
            const good = await upload("overlap", 0, 16);
            const [second = ""] = await upload("overlap", 2, 4);
            let running = await compact("overlap");
            await eventually("it halts", 30, async () => assert.equal(await running.halted(), 1));
            assert.match(running.log(), new RegExp(`halting.*${second}|${second}.*halting`));

            const steps = commandsOf("Blocks overlap");
            assert.deepEqual(
                steps.map((step) => (step === "restart" ? step : step.name)),
                ["verify", "mark", "cleanup", "restart"],
            );
            for (const step of steps)
                if (step === "restart") {
                    await running.stop();
                    running = await compact("overlap");
                } else {
                    const output = await worked("overlap", step.name, { ...step.values, ...("BLOCK" in step.values && { BLOCK: second }) });
                    if (step.name === "verify") assert.match(output, new RegExp(second));
                }
            await eventually("it has compacted the others", 30, async () => assert.ok((await running.iterations()) >= 1));
            assert.equal(await running.halted(), 0);
            assert.ok(!blocks("overlap").includes(second));
            assert.ok(blocks("overlap").some((block) => !good.includes(block) && marks("overlap", block).length === 0));
        });

        it("mend a stream with a broken block, and Compact goes on without it", async () => {
            const all = await upload("broken", 0, 24);
            const bad = all[1] ?? "";
            truncateSync(inBucket("broken", bad, "index"), 1000);
            // It does not halt: it ends, and Kubernetes starts it again and again.
            const { code, output } = await thanos.end("compact-broken", [...compactFlags(COMPACT), "--http-address=127.0.0.1:0"], {
                "objstore.yml": thanos.objectStore("broken"),
            });
            assert.notEqual(code, 0);
            assert.match(output, new RegExp(`${bad}[^ ]*: open index file`));

            const steps = commandsOf("A block is broken");
            assert.deepEqual(
                steps.map((step) => (step === "restart" ? step : step.name)),
                ["mark"],
            );
            for (const step of steps) if (step !== "restart") await worked("broken", step.name, { ...step.values, BLOCK: bad });
            const running = await compact("broken");
            await eventually("it has compacted others", 30, async () => assert.ok((await running.iterations()) >= 1));
            assert.equal(await running.halted(), 0);
            assert.ok(blocks("broken").some((block) => !all.includes(block)));
            assert.deepEqual(marks("broken", bad), ["no-compact-mark.json"]);
        });
    });
});
