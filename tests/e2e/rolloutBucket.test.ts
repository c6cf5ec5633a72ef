import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bucketFolder } from "../../engine/backend/bucketFolder";
import { recentRollouts } from "../../rollout/journalStore";
import { doesWhatAFolderDoes } from "../support/backendContract";
import { EngineFleet } from "../support/engineFleet";
import { eventually } from "../support/eventually";
import { BUCKET, Minio } from "../support/minio";
import { Processes } from "../support/processes";
import { tools } from "../support/runningFleet";
import { observerConfig } from "../support/testFleet";

/** What Pulumi's documentation asks for a backend in S3. */
const RIGHTS = {
    Version: "2012-10-17",
    Statement: [
        { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${BUCKET}` },
        { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Resource: `arn:aws:s3:::${BUCKET}/*` },
    ],
};
const USER = "pulumi";

/** A real S3 server, the real engine with the real program, and no cluster: plugins record what they are asked to create. */
describe("a backend in S3", () => {
    const fleet = new EngineFleet();
    const minio = new Minio();
    const processes = new Processes(join(fleet.root, "minio"));
    const own = { ...process.env };
    let server = "";
    const urlOf = (folder: string) => {
        const { bucket, endpoint, region } = minio.storeOf(USER).config;
        return `s3://${bucket}/${folder}?region=${region}&endpoint=${endpoint}&disableSSL=true&s3ForcePathStyle=true`;
    };
    const backend = () => bucketFolder(urlOf("state"));

    before(async () => {
        mkdirSync(processes.directory);
        server = (await tools("minio")).minio.path;
        await minio.start(server, processes);
        await minio.addUser(USER, JSON.stringify(RIGHTS));
        const { access_key, secret_key } = minio.storeOf(USER).config;
        const keys = { AWS_ACCESS_KEY_ID: access_key, AWS_SECRET_ACCESS_KEY: secret_key };
        Object.assign(process.env, keys);
        await fleet.make();
        Object.assign(fleet.env, keys, { PULUMI_BACKEND_URL: urlOf("state") });
        fleet.write("observer", observerConfig("local"));
        fleet.pulumi("stack", "init", "observer", "--no-select");
    });
    after(async () => {
        for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
            if (own[name] === undefined) delete process.env[name];
            else process.env[name] = own[name];
        await processes.stop();
        minio.stop();
    });

    let folders = 0;
    doesWhatAFolderDoes(() => bucketFolder(urlOf(`folder-${++folders}`)));

    it("keeps the journal of a rollout beside the states, which any machine reads", async () => {
        const { code, stdout, stderr } = await fleet.thanosFleet("up");
        assert.equal(code, 0, stderr);
        const [, id] = /^Rollout (\S+)$/m.exec(stdout) ?? [];
        assert.deepEqual(await backend().list(".thanos-fleet/rollouts"), [`${id}.jsonl`]);
        const status = JSON.parse((await fleet.thanosFleet("status", "--json")).stdout) as { id: string; verdict: string };
        assert.deepEqual([status.id, status.verdict], [id, "Done: 1 stack in 1 wave. Changed: observer."]);
    });

    it("lets one rollout run at a time, and says who runs and what to remove", async () => {
        const path = ".thanos-fleet/rollouts/lock.json";
        const holder = { user: "ci", host: `not-${hostname()}`, pid: 7, processes: "", since: "2026-11-23T02:00:00Z" };
        await backend().create(path, JSON.stringify(holder));
        const { code, stderr } = await fleet.thanosFleet("up");
        assert.equal(code, 22);
        assert.match(
            stderr,
            /lock: a run of ci@not-.* \(process 7\) has it since 2026-11-23T02:00:00Z\. .* remove s3:\/\/fleet\/state\/\.thanos-fleet\/rollouts\/lock\.json\.$/m,
        );
        await backend().remove(path);
    });

    it("shows who holds Pulumi's own lock of a stack", async () => {
        const path = ".pulumi/locks/organization/thanos-fleet/observer/other.json";
        const lock = { pid: 1, username: "ci", hostname: "runner", timestamp: "2026-11-23T02:00:00Z" };
        await backend().create(path, JSON.stringify(lock));
        for (const command of ["up", "drift"]) {
            const { code, stdout, stderr } = await fleet.thanosFleet(command);
            assert.match(`${stdout}${stderr}`, /observer:? is locked by ci@runner \(process 1\) since 2026-11-23T02:00:00Z/, command);
            assert.notEqual(code, 0);
        }
        await backend().remove(path);
    });

    it("that does not answer for a while lets a rollout wait, and go on", async () => {
        fleet.write("observer", observerConfig("local", { query: { replicas: 3 } }));
        const rollout = fleet.thanosFleet("up");
        await eventually("the rollout has begun", 60, async () =>
            assert.ok((await backend().list(".thanos-fleet/rollouts")).includes("lock.json")),
        );
        await processes.suspend("minio");
        await sleep(10_000);
        processes.resume("minio");
        const { code, stdout, stderr } = await rollout;
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual(
            (await backend().list(".thanos-fleet/rollouts")).filter((name) => name.startsWith("lock")),
            [],
        );
    });

    it("that is gone ends a rollout with a message, and the next one goes on when it is back", async () => {
        fleet.write("observer", observerConfig("local", { query: { replicas: 4 } }));
        const rollout = fleet.thanosFleet("up");
        await eventually("the observer is being updated", 120, async () => {
            const events = (await recentRollouts(backend(), 1)).flat();
            assert.deepEqual(
                [events.some(({ event }) => event === "updating"), events.some(({ event }) => event === "ended")],
                [true, false],
            );
        });
        await processes.kill(["minio"]);
        const gone = await rollout;
        assert.ok([1, 21].includes(gone.code ?? -1), `${gone.code}\n${gone.stdout}${gone.stderr}`);
        assert.doesNotMatch(gone.stderr, /^ +at /m);
        assert.match(gone.stderr, /The journal of rollout \S+ cannot be written: s3:\/\/fleet\/state\//);
        await minio.startServer(server, processes);
        // Neither the rollout nor its engine could release their locks.
        let next = await fleet.thanosFleet("up");
        if (next.code === 22) {
            assert.match(next.stderr, /observer: is locked by .* run `pulumi cancel --stack observer`/);
            fleet.pulumi("cancel", "--yes", "--stack", "observer");
            next = await fleet.thanosFleet("up");
        }
        assert.equal(next.code, 0, next.stdout + next.stderr);
        assert.match(next.stdout, /^Rollout \S+ goes on\. /m);
    });

    it("that is gone before a rollout is an error of Pulumi, without a stack trace", async () => {
        await processes.kill(["minio"]);
        const { code, stderr } = await fleet.thanosFleet("up");
        assert.notEqual(code, 0);
        assert.doesNotMatch(stderr, /^ +at /m);
        assert.match(stderr, /connection refused/);
    });
});
