import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { createProgress, formatElapsed, inStep, type ProgressStyle, type Step, styleFor } from "../../../terminal/progress";
import { eventually } from "../../support/eventually";

const stream = (fields: { isTTY?: boolean; columns?: number }) => fields as NodeJS.WriteStream;

describe("styleFor", () => {
    it("rewrites lines on a terminal", () => assert.equal(styleFor(stream({ isTTY: true, columns: 80 }), false), "terminal"));
    it("prints plain lines into a pipe", () => assert.equal(styleFor(stream({}), false), "plain"));
    it("prints plain lines on a terminal without a width", () =>
        assert.equal(styleFor(stream({ isTTY: true, columns: 0 }), false), "plain"));
    it("prints events if they are asked for, on a terminal too", () =>
        assert.equal(styleFor(stream({ isTTY: true, columns: 80 }), true), "json"));
});

describe("formatElapsed", () => {
    it("shows seconds up to a minute", () => assert.equal(formatElapsed(Date.now() - 42_000), "42s"));
    it("shows minutes and two digits of seconds from then on", () => assert.equal(formatElapsed(Date.now() - 185_000), "3m05s"));
});

describe("createProgress", () => {
    const printed = (style: ProgressStyle) => {
        const lines: string[] = [];
        const out = { write: (line: string) => void lines.push(line.trimEnd()) } as unknown as NodeJS.WriteStream;
        const progress = createProgress(style, out);
        const step = progress.step("Deploy blue", 90);
        step.update("creating Secret tls");
        step.done("1 created");
        progress.step("Check").fail("no answer");
        progress.say("Open it");
        progress.event("answer", { up: 3 });
        return lines;
    };

    it("prints plain lines with the estimate, the progress and the result of each step, and no events", () =>
        assert.deepEqual(printed("plain"), [
            "Deploy blue            ... (about 2 min)",
            "Deploy blue            ... creating Secret tls 0s",
            "Deploy blue            ok 1 created 0s",
            "Check                  ...",
            "Check                  FAILED no answer",
            "Open it",
        ]));

    it("prints one JSON object per line in the style json", () =>
        assert.deepEqual(
            printed("json").map((line) => {
                const { time: _, seconds: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
                return rest;
            }),
            [
                { event: "step", name: "Deploy blue", estimate: 90 },
                { event: "progress", name: "Deploy blue", text: "creating Secret tls" },
                { event: "done", name: "Deploy blue", text: "1 created" },
                { event: "step", name: "Check" },
                { event: "failed", name: "Check", text: "no answer" },
                { event: "say", text: "Open it" },
                { event: "answer", up: 3 },
            ],
        ));
});

describe("a terminal", () => {
    /** A terminal of 60 columns, and what people see on it. */
    function screen() {
        const terminal = new Terminal({ cols: 60, rows: 5, convertEol: true, allowProposedApi: true });
        const out = { columns: 60, write: (text: string) => terminal.write(text) } as unknown as NodeJS.WriteStream;
        const lines = async () => {
            await new Promise<void>((resolve) => terminal.write("", resolve));
            const all = [0, 1, 2, 3, 4].map((row) => terminal.buffer.active.getLine(row)?.translateToString(true).trimEnd() ?? "");
            return all.slice(0, all.findLastIndex((line) => line !== "") + 1);
        };
        return { progress: createProgress("terminal", out), lines };
    }
    let running: Step[] = [];
    afterEach(() => {
        for (const step of running.splice(0)) step.done("");
    });

    it("shows the result of a step above the steps that go on", async () => {
        const { progress, lines } = screen();
        const [blue, red, green] = ["blue", "red", "green"].map((name) => progress.step(`Deploy ${name}`)) as [Step, Step, Step];
        running = [blue, green];
        green.update("creating Secret tls");
        red.done("21 created");
        assert.deepEqual(await lines(), [
            "✔ Deploy red             21 created 0s",
            "⠋ Deploy blue            0s",
            "⠋ Deploy green           0s creating Secret tls",
        ]);
    });

    it("rewrites the line of a step while it runs", async () => {
        const { progress, lines } = screen();
        running = [progress.step("Check", 60)];
        running[0]?.update("waiting for targets");
        await eventually("a second is over", 5, async () => {
            const [line, ...others] = await lines();
            assert.match(line ?? "", /^. Check {18}[1-5]s waiting for targets$/);
            assert.deepEqual(others, []);
        });
    });

    it("shows what is said above the steps that go on", async () => {
        const { progress, lines } = screen();
        running = [progress.step("Check")];
        progress.say("Stopping\nin order");
        assert.deepEqual(await lines(), ["Stopping", "in order", "⠋ Check                  0s"]);
    });

    it("cuts the line of a step that runs at the width, and not its result", async () => {
        const { progress, lines } = screen();
        const [blue, red] = [progress.step("Deploy blue"), progress.step("Deploy red")];
        running = [blue];
        blue.update("b".repeat(60));
        red.done("r".repeat(60));
        assert.deepEqual(await lines(), [
            `✔ Deploy red             ${"r".repeat(35)}`,
            `${"r".repeat(25)} 0s`,
            `⠋ Deploy blue            0s ${"b".repeat(31)}`,
        ]);
    });

    it("leaves Ctrl-C to the command", async () => {
        const script = `
            const { createProgress } = require("./terminal/progress");
            process.once("SIGINT", () => setTimeout(() => process.exit(8), 50));
            createProgress("terminal", { isTTY: true, columns: 80, write: () => true }).step("Deploy blue");
            console.log("running");`;
        const child = spawn(process.execPath, ["-r", "./register.js", "-e", script], { cwd: join(__dirname, "../../..") });
        await once(child.stdout, "data");
        child.kill("SIGINT");
        assert.deepEqual(await once(child, "exit"), [8, null]);
    });
});

describe("an event", () => {
    it("has no colours, on a terminal too", () => {
        const lines: string[] = [];
        const progress = createProgress("json", { write: (line: string) => void lines.push(line) } as unknown as NodeJS.WriteStream);
        progress.say("\u001b[1mOpen\u001b[22m it");
        progress.event("answer", { stacks: [{ name: "\u001b[33mblue\u001b[39m" }] });
        const [said, answer] = lines.map((line) => JSON.parse(line) as { text?: string; stacks?: object[] });
        assert.equal(said?.text, "Open it");
        assert.deepEqual(answer?.stacks, [{ name: "blue" }]);
    });
});

describe("inStep", () => {
    const recorded: string[] = [];
    const step: Step = {
        update: (doing) => void recorded.push(`update ${doing}`),
        done: (result) => void recorded.push(`done ${result}`),
        fail: (reason) => void recorded.push(`fail ${reason}`),
    };
    beforeEach(() => recorded.splice(0));

    it("ends the step with what the work says, and returns its result", async () => {
        assert.equal(await inStep(step, async () => ({ result: 1, says: "3 up" })), 1);
        assert.deepEqual(recorded, ["done 3 up"]);
    });

    it("fails the step with the first line of the error, and throws it", async () => {
        const error = new Error("no answer\nand why");
        await assert.rejects(
            inStep(step, () => Promise.reject(error)),
            error,
        );
        assert.deepEqual(recorded, ["fail no answer"]);
    });

    it("says that a step was stopped when its signal aborts", async () => {
        await assert.rejects(inStep(step, async () => AbortSignal.abort().throwIfAborted() as never));
        assert.deepEqual(recorded, ["fail stopped"]);
    });
});
