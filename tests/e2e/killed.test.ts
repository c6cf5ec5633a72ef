import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Checkpoint } from "../../engine/checkpoint";
import { engineHome } from "../../engine/plugins";
import { PROJECT } from "../../engine/stackFile";
import { NAMESPACE } from "../../local/fleet/settings";
import { engineDirectory } from "../../local/fleet/state";
import { findPlugins } from "../../local/offline/findPlugins";
import { IMAGES } from "../../local/offline/images";
import { below, killAll, random } from "../support/kill";
import type { Outcome, RunArgs } from "../support/killableRun";
import { ROOT } from "../support/root";
import { core, targetOf, tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/**
 * How often a first `up` and a changing one are killed. `npm run test:killed` does it 20 times, on a running fleet.
 */
const KILLS = Number(process.env.KILLS ?? 1);
/** Decides the moments, one in each part of an `up`; a failed run is repeated with its seed. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** A chart of one Deployment and one ConfigMap. */
function writeChart(directory: string): string {
    const metadata = (name: string) => `metadata: { name: ${name}, namespace: {{ .Release.Namespace }} }`;
    const files = {
        "Chart.yaml": "apiVersion: v2\nname: small\nversion: 1.0.0\n",
        "values.yaml": "revision: ''\npassword: ''\n",
        "templates/objects.yaml": [
            `apiVersion: v1\nkind: ConfigMap\n${metadata("of-release")}\ndata: { revision: {{ .Values.revision | quote }} }`,
            `apiVersion: apps/v1\nkind: Deployment\n${metadata("of-release")}`,
            "spec:\n  selector: { matchLabels: { app: of-release } }\n  template:\n    metadata: { labels: { app: of-release } }",
            `    spec: { containers: [{ name: server, image: ${JSON.stringify(IMAGES.nodeExporter.name)}, args: ["--web.max-requests=4{{ .Values.revision }}"] }] }\n`,
        ]
            .join("\n")
            .replace("\napiVersion: apps", "\n---\napiVersion: apps"),
    };
    mkdirSync(join(directory, "templates"), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return directory;
}

describe("an operation whose engine, plugin and program are killed", () => {
    const next = random(SEED);
    const space = `killed-${SEED}`;
    let args: RunArgs;
    let env: NodeJS.ProcessEnv;
    /** Seconds from the first change to the end of an undisturbed first `up`, and of a changing one. */
    const took = { first: 0, changing: 0 };

    before(async () => {
        console.log(`      seed ${SEED}`);
        const { pulumi, helm } = await tools("pulumi", "helm");
        const directory = temporaryDirectory();
        const engine = { pulumiPath: pulumi.path, stateDir: join(directory, "engine") };
        // Plugins that are installed for the fleet are those to test.
        const plugins = await findPlugins({ ...engine, stateDir: engineDirectory() });
        mkdirSync(engineHome(engine.stateDir), { recursive: true });
        symlinkSync(join(engineHome(engineDirectory()), "plugins"), join(engineHome(engine.stateDir), "plugins"));
        const chart = writeChart(join(directory, "chart"));
        args = { operation: "up", engine, plugins, target: await targetOf("blue"), namespace: space, chart, revision: 1 };
        env = { ...process.env, HELM_BINARY: helm.path, PULUMI_HOME: "" };
        assert.notEqual(space, NAMESPACE);
    });

    const start = (run: Partial<RunArgs>) =>
        spawn(process.execPath, ["-r", "./register.js", "tests/support/killableRun.ts", JSON.stringify({ ...args, ...run })], {
            cwd: ROOT,
            env,
            stdio: ["ignore", "pipe", "pipe"],
        });

    async function finish(child: ChildProcess): Promise<Outcome> {
        let [output, errors] = ["", ""];
        child.stdout?.on("data", (chunk: Buffer) => {
            output += chunk.toString();
        });
        child.stderr?.on("data", (chunk: Buffer) => {
            errors += chunk.toString();
        });
        const [code] = (await once(child, "close")) as [number];
        assert.equal(code, 0, `${errors}\n${output}`);
        return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Outcome;
    }

    const run = (more: Partial<RunArgs> = {}) => finish(start(more));

    /** Resolves when the engine begins to change something. */
    const begun = (child: ChildProcess) =>
        new Promise<void>((resolve) => {
            child.stdout?.on("data", (chunk: Buffer) => /^(creating|updating) /m.test(chunk.toString()) && resolve());
        });

    /** The outcome of a run, and the seconds from its first change to its end. */
    async function timed(more: Partial<RunArgs> = {}): Promise<[outcome: Outcome, seconds: number]> {
        const child = start(more);
        const finished = finish(child);
        await Promise.race([begun(child), finished]);
        const started = Date.now();
        return [await finished, (Date.now() - started) / 1000];
    }

    /** Kills a run some seconds after its first change; answers what was interrupted, or nothing if the run ended sooner. */
    async function kill(more: Partial<RunArgs>, seconds: number): Promise<string | undefined> {
        const child = start(more);
        const closed = once(child, "close");
        await Promise.race([begun(child).then(() => sleep(seconds * 1000)), closed]);
        const { pid } = child;
        if (pid === undefined || child.exitCode !== null) return undefined;
        killAll([...below(pid), pid]);
        await closed;
        return pendingIn(checkpoint()).join(", ") || "nothing";
    }

    /**
     * Kills a run at a moment in one part of the time that it took undisturbed. On a machine that is less busy by now the run may end before: then all is
     * made as it was, and another run is killed earlier.
     */
    async function killIn(part: number, whole: number, more: Partial<RunArgs>, restore: () => Promise<unknown>): Promise<string> {
        for (let at = whole * 0.95 * ((part - 1 + next()) / KILLS), tries = 0; tries < 5; at /= 2, tries++) {
            const interrupted = await kill(more, at);
            if (interrupted !== undefined) return `killed at ${at.toFixed(1)} s with ${interrupted} pending`;
            await restore();
        }
        throw new Error("every run ended before it could be killed");
    }

    function checkpoint(): Checkpoint {
        const file = join(args.engine.stateDir, "backend", ".pulumi", "stacks", PROJECT, `${space}.json`);
        try {
            const { checkpoint: saved } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest?: Checkpoint } };
            return saved.latest ?? {};
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
            throw error;
        }
    }
    const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";
    const pendingIn = ({ pending_operations: pending = [] }: Checkpoint) =>
        pending.map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`);

    /** What the state and the cluster have; random digits and times left out. */
    async function result(): Promise<unknown> {
        const state = checkpoint();
        const api = await core("blue");
        const names = (list: { items: { metadata?: { name?: string } }[] }) =>
            list.items.map(({ metadata }) => metadata?.name ?? "").sort();
        const namespace = { namespace: space };
        const { data: config = {} } = await api.readNamespacedConfigMap({ name: "config", ...namespace });
        const { data: secret = {} } = await api.readNamespacedSecret({ name: "secret", ...namespace });
        const { data: ofRelease = {} } = await api.readNamespacedConfigMap({ name: "of-release", ...namespace });
        return {
            pending: pendingIn(state),
            resources: (state.resources ?? []).map(({ type, urn }) => `${type} ${nameOf(urn)}`).sort(),
            ids: (state.resources ?? [])
                .filter(({ type }) => /^kubernetes:/.test(type))
                .map(({ id }) => id)
                .sort(),
            configMaps: names(await api.listNamespacedConfigMap(namespace)),
            secrets: names(await api.listNamespacedSecret(namespace))
                .map((name) => name.replace(/\.v\d+$/, ""))
                .filter((n, i, all) => all.indexOf(n) === i),
            services: names(await api.listNamespacedService(namespace)),
            revisions: [config.revision, Buffer.from(secret.revision ?? "", "base64").toString(), ofRelease.revision],
        };
    }

    const UNCHANGED = { created: 0, updated: 0, replaced: 0, deleted: 0 };
    const changes = ({ counts: { same: _, ...changed } }: Outcome) => changed;

    it("is measured undisturbed", async () => {
        const [first, firstSeconds] = await timed();
        assert.deepEqual(changes(first), { ...UNCHANGED, created: 8 });
        const [changing, changingSeconds] = await timed({ revision: 2 });
        assert.deepEqual(changes(changing), { ...UNCHANGED, updated: 6 });
        Object.assign(took, { first: firstSeconds, changing: changingSeconds });
        assert.deepEqual(changes(await run({ revision: 2 })), UNCHANGED);
        assert.deepEqual(await result(), expected(2));
        await run({ operation: "destroy", revision: 2 });
    });

    const expected = (revision: number) => {
        const id = (name: string) => `${space}/${name}`;
        return {
            pending: [],
            resources: [
                "kubernetes:apps/v1:Deployment deployment",
                "kubernetes:apps/v1:StatefulSet statefulset",
                "kubernetes:core/v1:ConfigMap config",
                `kubernetes:core/v1:Namespace ${space}`,
                "kubernetes:core/v1:Secret secret",
                "kubernetes:core/v1:Service service",
                "kubernetes:helm.sh/v3:Release release",
                "pulumi:providers:kubernetes kubernetes",
                `pulumi:providers:random default_${args.plugins.find(({ name }) => name === "random")?.version.replaceAll(".", "_")}`,
                `pulumi:pulumi:Stack thanos-fleet-${space}`,
                "random:index/randomPassword:RandomPassword password",
            ],
            ids: [space, ...["config", "deployment", "release", "secret", "service", "statefulset"].map(id)],
            configMaps: ["config", "kube-root-ca.crt", "of-release"],
            secrets: ["secret", "sh.helm.release.v1.release"],
            services: ["service"],
            revisions: Array(3).fill(String(revision)),
        };
    };

    for (let i = 1; i <= KILLS; i++)
        it(`is continued by the next run: a first up, kill ${i} of ${KILLS}`, async () => {
            const killed = await killIn(i, took.first, {}, () => run({ operation: "destroy" }));
            const after = await run();
            console.log(`        ${killed}; then: ${after.settled.join("; ") || "nothing to settle"}`);
            assert.deepEqual(await result(), expected(1));
            assert.deepEqual(changes(await run()), UNCHANGED);
            await run({ operation: "destroy" });
        });

    for (let i = 1; i <= KILLS; i++)
        it(`is continued by the next run: a changing up, kill ${i} of ${KILLS}`, async () => {
            const revision = 2 + i;
            await run({ revision: revision - 1 });
            const killed = await killIn(i, took.changing, { revision }, () => run({ revision: revision - 1 }));
            const after = await run({ revision });
            console.log(`        ${killed}; then: ${after.settled.join("; ") || "nothing to settle"}`);
            assert.deepEqual(await result(), expected(revision));
            assert.deepEqual(changes(await run({ revision })), UNCHANGED);
        });

    it("leaves nothing when the stack is destroyed", async () => {
        await run({ operation: "destroy" });
        const { items } = await (await core("blue")).listNamespace({ fieldSelector: `metadata.name=${space}` });
        assert.deepEqual(items, []);
    });
});
