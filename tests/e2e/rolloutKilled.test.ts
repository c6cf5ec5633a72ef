import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PROJECT } from "../../engine/stackFile";
import { CLUSTERS } from "../../local/fleet/settings";
import { engineDirectory } from "../../local/fleet/state";
import { FleetFiles } from "../support/fleetFiles";
import { below, killAll, random } from "../support/kill";
import { apps, NAMESPACE } from "../support/runningFleet";

/** How often a rollout over the running fleet is killed. Not a part of the suite, because of its length (`npm run test:rollout-killed`). */
const KILLS = Number(process.env.KILLS ?? 20);
/** Decides the moments; a failed run is repeated with its seed. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

const NAMES = CLUSTERS.map(({ name }) => name);

describe("a rollout that is killed", () => {
    const backend = join(engineDirectory(), "backend");
    const next = random(SEED);
    const files = new FleetFiles();
    /** Another working copy, as of another person or runner. */
    const others = new FleetFiles();
    /** Seconds of an undisturbed rollout. */
    let took = 0;

    /** Settings that change every cluster each time. */
    async function change(round: number): Promise<void> {
        const query = { maxConcurrentSelect: 4 + (round % 2) };
        for (const copy of [files, others]) await copy.write(Object.fromEntries(NAMES.map((name) => [name, { query }])));
    }

    before(async () => {
        console.log(`      seed ${SEED}`);
        await change(0);
        const first = await files.run("up");
        assert.equal(first.code, 0, first.printed);
        await change(1);
        const started = Date.now();
        const second = await files.run("up");
        assert.equal(second.code, 0, second.printed);
        took = (Date.now() - started) / 1000;
    });

    /** Runs `up` until it is done, and does what its messages say in between. */
    async function goOn(copy: FleetFiles): Promise<string[]> {
        const done: string[] = [];
        for (let tries = 0; tries < 6; tries++) {
            const { code, printed } = await copy.run("up", "--wait", "2m");
            if (code === 0) return done;
            const cancels = [...printed.matchAll(/`pulumi cancel --stack (\w+)`/g)].map(([, stack = ""]) => stack);
            const recovers = [...printed.matchAll(/`npx thanos-fleet recover --stack (\w+)`/g)].map(([, stack = ""]) => stack);
            assert.ok(cancels.length + recovers.length > 0, printed);
            for (const stack of cancels) copy.pulumi("cancel", "--yes", "--stack", stack);
            for (const stack of recovers) assert.equal((await copy.run("recover", "--stack", stack)).code, 0);
            done.push(...cancels.map((stack) => `cancel ${stack}`), ...recovers.map((stack) => `recover ${stack}`));
        }
        throw new Error("it does not end");
    }

    for (let round = 1; round <= KILLS; round++)
        it(`is taken up by the next one and ends as if undisturbed, kill ${round} of ${KILLS}`, async () => {
            await change(round + 1);
            const child = files.start("up");
            const closed = once(child, "close");
            for (const stream of [child.stdout, child.stderr]) stream.resume();
            const seconds = next() * took;
            await Promise.race([sleep(seconds * 1000), closed]);
            const { pid } = child;
            // In turns: only the rollout, whose engines then end in order; or a machine that is lost.
            const withEngines = round % 2 === 0;
            if (pid !== undefined && child.exitCode === null) killAll(withEngines ? [...below(pid), pid] : [pid]);
            await closed;
            const copy = round % 10 === 0 ? others : files;
            const done = await goOn(copy);
            console.log(
                `        killed at ${seconds.toFixed(1)} s, ${withEngines ? "with its engines" : "alone"}; then: ${done.join(", ") || "nothing to do"}`,
            );

            const again = await copy.run("up");
            assert.match(again.printed, /^Done: 3 stacks in 3 waves\. Had nothing to change: observer, blue, red\.$/m);
            for (const name of NAMES) {
                const { spec } = await (await apps(name)).readNamespacedDeployment({ name: "thanos-query", namespace: NAMESPACE });
                const flags = spec?.template.spec?.containers.flatMap(({ args }) => args ?? []);
                assert.ok(flags?.includes(`--query.max-concurrent-select=${4 + ((round + 1) % 2)}`), name);
                const locks = join(backend, ".pulumi", "locks", "organization", PROJECT, name);
                assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
            }
            const journals = join(backend, ".thanos-fleet", "rollouts");
            const kept = readdirSync(journals);
            assert.deepEqual(
                kept.filter((file) => !file.endsWith(".jsonl")),
                [],
            );
            const newest = readFileSync(join(journals, kept.sort().at(-1) ?? ""), "utf8");
            assert.match(newest.trim().split("\n").at(-1) ?? "", /"event":"ended","how":"done"/);
        });
});
