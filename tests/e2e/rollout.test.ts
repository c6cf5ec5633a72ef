import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stringify } from "yaml";
import { CONFIG_INFO } from "../../config/ruleFiles";
import type { StateResource } from "../../engine/checkpoint";
import { askEvidence } from "../../rollout/gate";
import { EngineFleet, PASSPHRASE } from "../support/engineFleet";
import { eventually } from "../support/eventually";
import { CHANGED_BY_OTHERS } from "../support/pluginRecorder/recorder";
import { freePort, Processes } from "../support/processes";
import { ROOT } from "../support/root";
import { tools } from "../support/runningFleet";
import { observeeConfig, observerConfig } from "../support/testFleet";

interface Event {
    event: string;
    stack?: string;
    text?: string;
    error?: { code: number; exit: string; message: string };
}

/** What `drift --json` prints. */
interface Drift {
    verdict: string;
    stacks: { name: string; drift: { name: string; what: string; properties: { path: string; how: string }[] }[]; unknown?: string }[];
}

interface Signal {
    name: NodeJS.Signals;
    at: (event: Event) => boolean;
}

interface Finished {
    code: number;
    events: Event[];
}

const KEY = "secret-key-of-the-object-store";
const STORE = { type: "S3", config: { bucket: "blocks", endpoint: "s3.example.test", access_key: "id", secret_key: "none yet" } };

/** How a secret may be written: as it is, or inside of something that is written in base64, which has three forms for the rest of it. */
const formsOf = (secret: string): string[] => [
    secret,
    ...[0, 1, 2].map((before) => {
        const encoded = Buffer.from(`${"-".repeat(before)}${secret}`).toString("base64");
        return encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + secret.length) * 4) / 3));
    }),
];

/** The real engine with the real program, and no cluster: plugins record what they are asked to create, or keep it in the state only. */
describe("thanos-fleet up", () => {
    const fleet = new EngineFleet();
    const { root, directory, backend, env } = fleet;
    const write = fleet.write.bind(fleet);
    const locks = (stack: string) => join(backend, ".pulumi", "locks", "organization", "thanos-fleet", stack);

    /** What all runs of `thanos-fleet` have printed. */
    let printed = "";

    const up = (args: string[] = [], signal?: Signal, more?: NodeJS.ProcessEnv) => run("up", args, signal, more);

    /** Runs a command with `--json`. Sends the signal to the process, and only to it, at the first event that matches. */
    async function run(command: string, args: string[], signal?: Signal, more: NodeJS.ProcessEnv = {}): Promise<Finished> {
        const child = spawn(process.execPath, ["cli/thanos-fleet.js", command, "-C", directory, "--json", ...args], {
            cwd: ROOT,
            env: { ...env, ...more },
            stdio: ["ignore", "pipe", "pipe"],
        });
        child.stderr.on("data", (chunk) => {
            printed += chunk;
        });
        const events: Event[] = [];
        for await (const line of createInterface({ input: child.stdout })) {
            printed += `${line}\n`;
            const event = JSON.parse(line) as Event;
            events.push(event);
            if (signal?.at(event)) child.kill(signal.name);
        }
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        return { code: child.exitCode ?? -1, events };
    }

    const status = () =>
        JSON.parse(
            execFileSync(process.execPath, ["cli/thanos-fleet.js", "status", "-C", directory, "--json"], { cwd: ROOT, env }).toString(),
        ) as {
            id: string;
            verdict: string;
            ended?: string;
        };
    /** What happened to the stacks, in order: "updated blue". */
    const steps = ({ events }: Finished) =>
        events.filter(({ event, stack }) => stack !== undefined && event !== "doing").map(({ event, stack }) => `${event} ${stack}`);
    const verdictOf = ({ events }: Finished) => events.find(({ event }) => event === "verdict")?.text;
    const errorOf = ({ events }: Finished) => events.at(-1)?.error;
    const heldLocks = () => ["observer", "blue", "red"].flatMap((stack) => (existsSync(locks(stack)) ? readdirSync(locks(stack)) : []));

    before(async () => {
        await fleet.make();
        write("observer", observerConfig("local", { objectStore: STORE }));
        for (const name of ["blue", "red"]) write(name, observeeConfig(name, "local"));
    });

    it("exits with 6 where Pulumi does not know the stacks, and names them", async () => {
        const refused = await up();
        assert.equal(refused.code, 6);
        assert.match(
            errorOf(refused)?.message ?? "",
            /^Pulumi's backend has no stack blue, observer, red\. Make each with `pulumi stack init NAME`/,
        );
        for (const stack of ["observer", "blue", "red"]) fleet.pulumi("stack", "init", stack, "--no-select");
        fleet.pulumi("config", "set", "--secret", "--path", "thanos-fleet:objectStore.config.secret_key", KEY, "--stack", "observer");
    });

    it("stops before anything where a policy refuses a stack, and exits with 5", async () => {
        // Configuration checks refuse what this project's policies refuse: only another pack can show it.
        const pack = join(root, "pack");
        mkdirSync(pack);
        writeFileSync(join(pack, "PulumiPolicy.yaml"), "runtime: nodejs\nmain: index.js\n");
        writeFileSync(join(pack, "package.json"), '{"name":"nothing","version":"1.0.0","main":"index.js"}\n');
        writeFileSync(
            join(pack, "index.js"),
            `const { PolicyPack } = require(${JSON.stringify(require.resolve("@pulumi/policy"))});
new PolicyPack("nothing", { policies: [{ name: "no-namespace", description: "none", enforcementLevel: "mandatory",
    validateResource: ({ type }, report) => type === "kubernetes:core/v1:Namespace" && report("no namespaces here") }] });
`,
        );
        const refused = await up(["--policy-pack", pack]);
        assert.equal(refused.code, 5);
        assert.deepEqual(steps(refused), ["previewing observer", "failed observer"]);
        assert.equal(verdictOf(refused), "Stopped in wave 1 of 3: the preview of observer failed. Not changed: observer, blue, red.");
    });

    it("deploys the observer, then one observee, then the other, and leaves no lock", async () => {
        const deployed = await up();
        assert.equal(deployed.code, 0, JSON.stringify(errorOf(deployed)));
        const done = (stack: string) => ["previewing", "previewed", "updating", "updated"].map((event) => `${event} ${stack}`);
        assert.deepEqual(steps(deployed), [...done("observer"), ...done("blue"), ...done("red")]);
        assert.equal(verdictOf(deployed), "Done: 3 stacks in 3 waves. Changed: observer, blue, red.");
        assert.equal(status().ended, "done");
        assert.deepEqual(heldLocks(), []);
    });

    it("brings encrypted settings to the stacks that need them", () => {
        for (const stack of ["observer", "blue"]) {
            assert.ok(fleet.pulumi("stack", "export", "--show-secrets", "--stack", stack).includes(KEY), stack);
        }
    });

    it("refuses all stacks where one is locked, says by whom, and removes no lock", async () => {
        const since = "2026-11-22T09:00:00Z";
        mkdirSync(locks("red"), { recursive: true });
        const lock = join(locks("red"), "other.json");
        writeFileSync(lock, JSON.stringify({ pid: 1, username: "ci", hostname: "runner", timestamp: since }));
        const refused = await up();
        assert.deepEqual([refused.code, steps(refused)], [22, []]);
        assert.equal(
            errorOf(refused)?.message,
            "stacks: 1 problem. Nothing was changed.\n" +
                `  red: is locked by ci@runner (process 1) since ${since}. Wait until that update ends. If its process is gone, run \`pulumi cancel --stack red\`.`,
        );
        assert.ok(existsSync(lock));
        rmSync(lock);
    });

    it("stops at an observee that is refused, exits with 21, and goes on when it is mended", async () => {
        write("observer", observerConfig("local", { query: { replicas: 3 } }));
        write("blue", observeeConfig("blue", "local", { domain: "other.test" }));
        const stopped = await up();
        assert.equal(stopped.code, 21);
        assert.equal(verdictOf(stopped), "Stopped in wave 2 of 3: the preview of blue failed. Changed: observer. Not changed: blue, red.");
        const { id, verdict } = status();
        assert.equal(verdict, verdictOf(stopped));
        write("blue", observeeConfig("blue", "local"));
        const ended = await up();
        assert.equal(ended.code, 0, JSON.stringify(errorOf(ended)));
        assert.equal(ended.events[0]?.text, `Rollout ${id} goes on. ${verdict}`);
        assert.equal(verdictOf(ended), "Done: 3 stacks in 3 waves. Had nothing to change: observer, blue, red.");
    });

    /** Matches what the engine does first in the observer's update, when it has the lock. */
    function updating(): (event: Event) => boolean {
        let begun = false;
        return ({ event, stack }) => {
            if (event === "updating" && stack === "observer") begun = true;
            return begun && event === "doing";
        };
    }

    it("ends in order at Ctrl-C, exits with 8, and leaves no lock", async () => {
        write("observer", observerConfig("local", { query: { replicas: 4 } }));
        const cancelled = await up([], { name: "SIGINT", at: updating() });
        assert.equal(cancelled.code, 8);
        assert.match(verdictOf(cancelled) ?? "", /^Cancelled in wave 1 of 3\. .*Not changed: .*blue, red\.$/);
        assert.deepEqual(heldLocks(), []);
    });

    it("is taken up after kill -9: what was begun ends in order, and its lock is released", async () => {
        write("observer", observerConfig("local", { query: { replicas: 5 } }));
        await up([], { name: "SIGKILL", at: updating() });
        const before = status();
        assert.equal(before.ended, undefined);
        assert.match(before.verdict, /^Not ended: in wave 1 of 3\. Changed in part: observer\. Not changed: blue, red\.$/);
        for (let waited = 0; heldLocks().length > 0 && waited < 120; waited++) await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.deepEqual(heldLocks(), []);
        const ended = await up();
        assert.equal(ended.code, 0, JSON.stringify(errorOf(ended)));
        assert.equal(ended.events[0]?.text, `Rollout ${before.id} goes on. ${before.verdict}`);
        assert.match(verdictOf(ended) ?? "", /^Done: 3 stacks in 3 waves\./);
    });

    describe("whose resources others have changed", () => {
        const changes = join(root, "changes.json");
        /** Runs `drift --json` where others have changed this. */
        function drift(changed: Record<string, unknown>, ...stacks: string[]): { code: number; found: Drift } {
            writeFileSync(changes, JSON.stringify(changed));
            const args = ["cli/thanos-fleet.js", "drift", "-C", directory, "--json", ...stacks];
            const { status, stdout, stderr } = spawnSync(process.execPath, args, {
                cwd: ROOT,
                env: { ...env, [CHANGED_BY_OTHERS]: changes },
            });
            printed += `${stdout}${stderr}`;
            return { code: status ?? -1, found: JSON.parse(stdout.toString()) as Drift };
        }
        const states = () =>
            ["observer", "blue", "red"].map((stack) =>
                readFileSync(join(backend, ".pulumi", "stacks", "thanos-fleet", `${stack}.json`), "utf8"),
            );
        const nothing = (name: string) => ({ name, drift: [] });

        it("has no drift in what controllers set: status, and fields that the program leaves to the cluster", () => {
            const before = states();
            const { code, found } = drift({
                "StatefulSet thanos-compact-blue": { status: { readyReplicas: 1 }, spec: { revisionHistoryLimit: 10 } },
                "Namespace monitoring": { metadata: { annotations: { "by-a-controller": "yes" }, resourceVersion: "7" } },
            });
            assert.deepEqual(
                [code, found],
                [0, { verdict: "No drift in 3 of 3 stacks.", stacks: ["blue", "observer", "red"].map(nothing) }],
            );
            assert.deepEqual(states(), before);
        });

        it("names each changed property and each deleted object, exits with 7, and changes no state", () => {
            const before = states();
            const { code, found } = drift({
                "StatefulSet thanos-compact-blue": { spec: { replicas: 2 } },
                "Deployment thanos-query": null,
            });
            assert.equal(found.verdict, "Drift in 3 of 3 stacks: blue, observer, red.");
            const summary = found.stacks.map(({ name, drift }) => [
                name,
                drift.map(({ name, what, properties }) => [name, what, properties]),
            ]);
            const gone = ["Deployment thanos-query", "deleted", []];
            assert.deepEqual(summary, [
                ["blue", [gone]],
                ["observer", [gone, ["StatefulSet thanos-compact-blue", "changed", [{ path: "spec.replicas", how: "changed" }]]]],
                ["red", [gone]],
            ]);
            assert.equal(code, 7);
            assert.deepEqual([states(), heldLocks()], [before, []]);
        });

        it("are put back by an update that reads them anew, and by no other", async () => {
            const changed = { "StatefulSet thanos-compact-blue": { spec: { replicas: 2 } } };
            writeFileSync(changes, JSON.stringify(changed));
            const changesIn = async (...args: string[]) => {
                const { code, events } = await up(["--stack", "observer", ...args], undefined, { [CHANGED_BY_OTHERS]: changes });
                assert.equal(code, 0, JSON.stringify(events.at(-1)));
                return verdictOf({ code, events });
            };
            assert.equal(await changesIn(), "Done: 1 stack in 1 wave. Had nothing to change: observer.");
            assert.equal(await changesIn("--refresh"), "Done: 1 stack in 1 wave. Changed: observer.");
        });

        it("says what is not known of a stack that is locked, reads the others, and exits with 1", () => {
            mkdirSync(locks("red"), { recursive: true });
            const lock = join(locks("red"), "other.json");
            writeFileSync(lock, JSON.stringify({ pid: 1, username: "ci", hostname: "runner", timestamp: "2026-11-22T09:00:00Z" }));
            const { code, found } = drift({}, "red", "blue");
            rmSync(lock);
            assert.equal(found.verdict, "No drift in 1 of 2 stacks. Not known of: red.");
            assert.match(found.stacks[0]?.unknown ?? "", /^red is locked by ci@runner/);
            assert.equal(code, 1);
        });
    });

    describe("with a gate at a real Prometheus, which sees observer and blue", () => {
        const processes = new Processes(join(root, "prometheus"));
        let url = "";
        /** Hands the rules that come with the configurations of both clusters to Prometheus, as an operator does. */
        let loadRules = async () => {};
        const configHash = (stack: string): unknown => {
            const file = join(backend, ".pulumi", "stacks", "thanos-fleet", `${stack}.json`);
            const { resources } = (JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest: { resources: StateResource[] } } })
                .checkpoint.latest;
            return resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs?.configHash;
        };
        before(async () => {
            mkdirSync(processes.directory);
            const { prometheus } = await tools("prometheus");
            const address = `127.0.0.1:${await freePort()}`;
            const scraped = (cluster: string) => ({ targets: [address], labels: { cluster } });
            const config = {
                global: { scrape_interval: "1s", evaluation_interval: "1s" },
                rule_files: ["rules.yml"],
                scrape_configs: [{ job_name: "self", static_configs: ["observer", "blue"].map(scraped) }],
            };
            const expr = 'up{cluster="blue"} == 1 and on () (hour() >= 0)';
            const rules = [
                { alert: "Loud", expr, labels: { severity: "critical" } },
                { alert: "Quiet", expr, labels: { severity: "info" } },
            ];
            writeFileSync(join(processes.directory, "prometheus.yml"), stringify(config));
            url = `http://${address}`;
            loadRules = async () => {
                const loaded = ["observer", "blue"].map((cluster) => ({
                    record: CONFIG_INFO,
                    expr: "vector(1)",
                    labels: { cluster, config_hash: configHash(cluster) },
                }));
                writeFileSync(
                    join(processes.directory, "rules.yml"),
                    stringify({ groups: [{ name: "all", rules: [...rules, ...loaded] }] }),
                );
                await fetch(`${url}/-/reload`, { method: "POST" }).catch(() => {});
            };
            await loadRules();
            const args = [`--config.file=${processes.directory}/prometheus.yml`, `--storage.tsdb.path=${processes.directory}/data`];
            args.push(`--web.listen-address=${address}`, "--web.enable-lifecycle");
            await processes.start("prometheus", prometheus.path, args, `${url}/-/ready`);
        });
        after(() => processes.stop());

        /** Asks for these alerts, and waits for a second. */
        const settings = (more: object = {}) =>
            writeFileSync(
                join(directory, "rollout.yaml"),
                stringify({ gate: { query: url, soak: "1s", deadline: "20s", alerts: "Loud|Quiet", ...more } }),
            );
        afterEach(() => rmSync(join(directory, "rollout.yaml"), { force: true }));

        it("reads the newest samples and the alerts that fire", () =>
            eventually("the alert fires", 30, async () => {
                const { at, newest, alerts } = await askEvidence({ query: url, alerts: ".*", severities: ["critical", "warning"] });
                assert.deepEqual([[...newest.keys()].sort(), alerts], [["blue", "observer"], ["Loud in blue"]]);
                for (const time of newest.values()) assert.ok(at - time < 5000, `${at - time} ms old`);
            }));

        it("refuses a Query that does not answer before anything is changed", async () => {
            settings({ query: `http://127.0.0.1:${await freePort()}` });
            const refused = await up();
            assert.deepEqual([refused.code, steps(refused)], [2, []]);
            assert.match(errorOf(refused)?.message ?? "", /gate\.query: http:\/\/127\.0\.0\.1:\d+ does not answer: /);
        });

        it("does not wait at a gate where nothing was changed", async () => {
            settings();
            const done = await up();
            assert.equal(done.code, 0, JSON.stringify(errorOf(done)));
            assert.deepEqual(
                done.events.filter(({ event }) => event.startsWith("gate")),
                [],
            );
        });

        it("stops after the wave whose Prometheus does not have its new configuration, and goes on when it has", async () => {
            write("blue", observeeConfig("blue", "local", { prometheus: { scrapeInterval: "20s" } }));
            settings();
            const stopped = await up();
            assert.equal(stopped.code, 20, JSON.stringify(errorOf(stopped)));
            assert.equal(
                verdictOf(stopped),
                "Stopped at the gate after wave 2 of 3: Prometheus does not have its configuration yet in blue. Changed: blue. Had nothing to change: observer. Not changed: red.",
            );
            await loadRules();
            const mended = await up();
            assert.equal(mended.code, 0, JSON.stringify(errorOf(mended)));
        });

        it("stops after the wave whose cluster does not answer, says so, and exits with 20", async () => {
            write("observer", observerConfig("local", { query: { replicas: 6 } }));
            write("red", observeeConfig("red", "local", { query: { replicas: 3 } }));
            settings();
            const stopped = await up();
            assert.equal(stopped.code, 20, JSON.stringify(errorOf(stopped)));
            assert.equal(
                verdictOf(stopped),
                "Stopped at the gate after wave 3 of 3: no sample since the wave ended from red. Changed: observer, red. Had nothing to change: blue.",
            );
        });

        it("stops the next run, too, whose waves have nothing to change, until the fleet is well or somebody accepts it", async () => {
            settings();
            const again = await up();
            assert.equal(again.code, 20, JSON.stringify(errorOf(again)));
            assert.equal(
                verdictOf(again),
                "Stopped at the gate after wave 3 of 3: no sample since the wave ended from red. Had nothing to change: observer, blue, red.",
            );
            const accepted = await up(["--accept"]);
            assert.equal(accepted.code, 0, JSON.stringify(errorOf(accepted)));
            assert.equal(verdictOf(accepted), "Done: 3 stacks in 3 waves. Had nothing to change: observer, blue, red.");
        });
    });

    describe("and thanos-fleet destroy", () => {
        const destroy = (args: string[], signal?: Signal) => run("destroy", ["--yes", ...args], signal);
        const resources = (stack: string) => {
            const file = join(backend, ".pulumi", "stacks", "thanos-fleet", `${stack}.json`);
            return (
                (JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest: { resources?: unknown[] } } }).checkpoint.latest
                    .resources ?? []
            );
        };

        it("refuses without --yes where there is nobody to ask", async () => {
            const { code, events } = await run("destroy", []);
            assert.deepEqual([code, events.length], [2, 1]);
            assert.match(events[0]?.error?.message ?? "", /--yes: is missing, and there is nobody to ask\./);
        });

        it("refuses an observer that observees use, says which, and deletes nothing", async () => {
            const before = resources("observer").length;
            const refused = await destroy(["--stack", "observer"]);
            assert.deepEqual([refused.code, steps(refused), resources("observer").length], [2, [], before]);
            assert.match(
                errorOf(refused)?.message ?? "",
                /observer: is the observer of blue, red, .* `thanos-fleet destroy --stack blue red observer`/,
            );
        });

        it("is taken up after kill -9, takes the observees down before the observer, and names what stays", async () => {
            let begun = false;
            await destroy([], {
                name: "SIGKILL",
                at: ({ event }) => {
                    begun ||= event === "destroying";
                    return begun && event === "doing";
                },
            });
            assert.match(status().verdict, /^Not ended: in wave 1 of 2\. Taken down in part: .* Not taken down: .*observer\.$/);
            for (let waited = 0; heldLocks().length > 0 && waited < 120; waited++)
                await new Promise((resolve) => setTimeout(resolve, 1000));
            const ended = await destroy([]);
            assert.equal(ended.code, 0, JSON.stringify(errorOf(ended)));
            assert.match(ended.events[0]?.text ?? "", /^Rollout \S+ goes on\. Not ended: /);
            assert.match(
                ended.events.find(({ text }) => text?.startsWith("observer "))?.text ?? "",
                /resources are deleted; these stay: .*Namespace monitoring \(monitoring\)/,
            );
            assert.deepEqual(steps(ended).slice(-2), ["destroying observer", "destroyed observer"]);
            assert.match(verdictOf(ended) ?? "", /^Done: 3 stacks in 2 waves\. Taken down: .*observer\./);
            assert.deepEqual(["observer", "blue", "red"].flatMap(resources), []);
            assert.deepEqual(heldLocks(), []);
        });
    });

    it("refuses to run beside another rollout, and says whose it is", async () => {
        const file = join(backend, ".thanos-fleet", "rollouts", "lock.json");
        const holder = { user: "me", host: hostname(), pid: process.pid, since: "2026-11-22T09:00:00Z" };
        writeFileSync(file, JSON.stringify(holder));
        const refused = await up();
        assert.deepEqual([refused.code, steps(refused)], [22, []]);
        assert.match(errorOf(refused)?.message ?? "", /lock: a run of me@.* has it since 2026-11-22T09:00:00Z\. Wait until it ends\./);
        rmSync(file);
    });

    // Mocha runs it after the groups above.
    describe("in all that was written", () => {
        it("is neither a secret setting nor the passphrase: in output, events, journals, states and their history, temporary files", () => {
            const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
            const texts = files.map((file) => ({
                name: join(file.parentPath, file.name),
                text: readFileSync(join(file.parentPath, file.name), "latin1"),
            }));
            // It looks where it has to: at what a rollout is known to write.
            for (const known of [/\.thanos-fleet\/rollouts\/.*\.jsonl$/, /\.pulumi\/stacks\/.*\.json$/, /\.pulumi\/history\/.*\.json$/])
                assert.ok(
                    texts.some(({ name, text }) => known.test(name) && text.length > 0),
                    String(known),
                );
            assert.match(printed, /"event":"updated"/);
            const forms = [KEY, PASSPHRASE].flatMap(formsOf);
            const leaks = [{ name: "output", text: printed }, ...texts].filter(({ text }) => forms.some((form) => text.includes(form)));
            assert.deepEqual(
                leaks.map(({ name }) => name),
                [],
            );
        });
    });
});
