import assert from "node:assert/strict";
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scalar } from "../../clients/thanos";
import { ACCESS, type BlockComponent } from "../../components/blocks/access";
import { objectStoreFile } from "../../components/blocks/objectStore";
import { objectStatements, policyDocument } from "../../components/cloud/aws/iam/statements";
import { bucketWebFlags } from "../../components/thanos/bucketWeb";
import { toolFlags, toolRunsAs, toolValues } from "../../components/thanos/toolKit";
import type { Tool } from "../../config/schema";
import { bucketWeb, compact } from "../../config/schema/thanos";
import { writeHistory } from "../../local/history";
import { eventually } from "../support/eventually";
import { BUCKET, Minio } from "../support/minio";
import { freePort, Processes } from "../support/processes";
import { run } from "../support/run";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/**
 * Enforces the IAM documents of `components/cloud/aws/iam/statements.ts`: a real S3 server has a user for each component of each cluster, and blue's
 * blocks are uploaded, read, compacted and deleted by these users. The statements about KMS are left out, since this server does not know KMS;
 * `tests/unit/components/cloud/aws/iam/rightsMatrix.test.ts` simulates them.
 */

const CLUSTERS = ["blue", "red"] as const;
const COMPONENTS = Object.keys(ACCESS) as BlockComponent[];
const userOf = (component: BlockComponent, cluster: string) => `${component}-${cluster}`;

/** Retention of every resolution. As in the local fleet, a part of the history is older. */
const RETENTION_DAYS = 21;
const DAY_MS = 86_400_000;

interface Block {
    ulid: string;
    maxTime: number;
    compaction: { level: number };
    thanos: { downsample: { resolution: number } };
}

describe("rights on a real S3 server", () => {
    const minio = new Minio();
    const directory = temporaryDirectory();
    let processes: Processes;
    let binaries: Awaited<ReturnType<typeof tools<"minio" | "thanos" | "prometheus" | "promtool">>>;
    let uploaded = 0;
    let prometheus: string;
    let query: string;

    before(async () => {
        processes = new Processes(directory);
        binaries = await tools("minio", "thanos", "prometheus", "promtool");
        await minio.start(binaries.minio.path, processes);
        for (const cluster of CLUSTERS)
            for (const component of COMPONENTS) {
                const grant = { access: ACCESS[component], bucketArn: `arn:aws:s3:::${BUCKET}`, prefix: cluster };
                await minio.addUser(userOf(component, cluster), policyDocument(objectStatements(grant)));
            }
    });

    after(async () => {
        await processes?.stop();
        minio.stop();
    });

    /** The flag with which a component of blue signs in as its user. */
    async function storeFlag(component: BlockComponent): Promise<string> {
        const file = join(directory, `${component}.objstore.yml`);
        await writeFile(file, objectStoreFile(minio.storeOf(userOf(component, "blue")), "blue"));
        return `--objstore.config-file=${file}`;
    }

    const address = async () => `127.0.0.1:${await freePort()}`;
    const samples = (base: string, range: string, time: number) =>
        scalar(base, `sum(count_over_time(shop_orders_total[${range}]))`, { time });

    /** Blue's blocks, listed by Store's user. */
    async function blocks(): Promise<Block[]> {
        const ls = ["tools", "bucket", "ls", await storeFlag("store"), "--output=json"];
        const { code, output } = await run(binaries.thanos.path, ls, { within: 60 });
        assert.equal(code, 0, output);
        return (output.match(/^\{\n[\s\S]*?^\}/gm) ?? []).map((text) => JSON.parse(text) as Block);
    }

    it("allow the sidecar to upload every block of Prometheus", async () => {
        await writeHistory("blue", directory, binaries.promtool.path, AbortSignal.timeout(120_000));
        const data = join(directory, "blue");
        uploaded = (await readdir(data)).length;
        assert.ok(uploaded > 100, `${uploaded} blocks`);

        const config = join(directory, "prometheus.yml");
        await writeFile(config, "global: { external_labels: { cluster: blue, prometheus_replica: a } }\n");
        const [web, http, grpc] = [await address(), await address(), await address()];
        prometheus = `http://${web}`;
        await processes.start(
            "prometheus",
            binaries.prometheus.path,
            [
                `--config.file=${config}`,
                `--storage.tsdb.path=${data}`,
                // Prometheus must not compact: only Compact may.
                "--storage.tsdb.min-block-duration=2h",
                "--storage.tsdb.max-block-duration=2h",
                "--storage.tsdb.retention.time=1y",
                `--web.listen-address=${web}`,
            ],
            `${prometheus}/-/ready`,
        );
        const sidecar = ["sidecar", `--prometheus.url=${prometheus}`, `--tsdb.path=${data}`, await storeFlag("prometheus")];
        await processes.start(
            "sidecar",
            binaries.thanos.path,
            [...sidecar, `--http-address=${http}`, `--grpc-address=${grpc}`],
            `http://${http}/-/ready`,
        );
        await eventually("every block is uploaded", 90, async () => {
            const metrics = await (await fetch(`http://${http}/metrics`)).text();
            assert.equal(Number(/^thanos_shipper_uploads_total (\d+)/m.exec(metrics)?.[1]), uploaded);
        });
    });

    it("allow Store to answer with the samples that Prometheus has", async () => {
        const [http, grpc, web] = [await address(), await address(), await address()];
        const store = ["store", `--data-dir=${join(directory, "store")}`, await storeFlag("store")];
        // In this test nothing reads a block after Compact has replaced it, so Store drops marked blocks at once.
        const atOnce = ["--sync-block-duration=5s", "--ignore-deletion-marks-delay=0s"];
        await processes.start(
            "store",
            binaries.thanos.path,
            [...store, ...atOnce, `--http-address=${http}`, `--grpc-address=${grpc}`],
            `http://${http}/-/ready`,
        );
        query = `http://${web}`;
        const flags = ["query", `--endpoint=${grpc}`, `--http-address=${web}`, `--grpc-address=${await address()}`];
        await processes.start("query", binaries.thanos.path, flags, `${query}/-/ready`);

        const now = Date.now() / 1000;
        const expected = await samples(prometheus, "36d", now);
        assert.ok(expected > 10_000, `${expected} samples`);
        await eventually("Store has all of them", 60, async () => assert.equal(await samples(query, "36d", now), expected));
    });

    it("allow Compact to compact, downsample, expire and delete", async () => {
        const compact = ["compact", `--data-dir=${join(directory, "compact")}`, await storeFlag("compact")];
        const retention = ["raw", "5m", "1h"].map((resolution) => `--retention.resolution-${resolution}=${RETENTION_DAYS}d`);
        const atOnce = ["--consistency-delay=0s", "--delete-delay=0s", `--http-address=${await address()}`];
        // Compact deletes in a second run what has expired in the first.
        for (const _round of [1, 2]) {
            const { code, output } = await run(binaries.thanos.path, [...compact, ...retention, ...atOnce], { within: 150 });
            assert.equal(code, 0, output.slice(-2000));
        }

        const left = await blocks();
        assert.ok(left.length < uploaded / 4, `${left.length} blocks of ${uploaded} are left`);
        assert.deepEqual([...new Set(left.map((block) => block.thanos.downsample.resolution))].sort(), [0, 300_000, 3_600_000]);
        assert.ok(left.some((block) => block.compaction.level >= 3));
        assert.deepEqual(
            left.filter((block) => block.maxTime < Date.now() - RETENTION_DAYS * DAY_MS),
            [],
        );
    });

    it("allow Store to answer the same from the blocks that Compact has written", async () => {
        const now = Date.now() / 1000;
        const expected = await samples(prometheus, "18d", now);
        await eventually("Store reads the new blocks", 60, async () => assert.equal(await samples(query, "18d", now), expected));
    });

    let uploaders = 0;

    /** Starts a component that has a block of blue in `data`, one that has expired in the bucket and no other component has, and waits for a line of its metrics. */
    async function startUploader(component: "rule" | "receive", data: string, flags: string[], expected: RegExp, user: BlockComponent) {
        const block = (await readdir(join(directory, "blue"))).sort()[uploaders++] ?? "";
        await cp(join(directory, "blue", block), join(data, block), { recursive: true });
        const http = await address();
        // It deletes a block that is older than its retention.
        const common = [await storeFlag(user), "--tsdb.retention=1y", `--http-address=${http}`, `--grpc-address=${await address()}`];
        await processes.start(`${component} as ${user}`, binaries.thanos.path, [component, ...flags, ...common], `http://${http}/-/ready`);
        await eventually(`${component} says ${expected}`, 90, async () =>
            assert.match(await (await fetch(`http://${http}/metrics`)).text(), expected),
        );
    }

    async function startRule(expected: RegExp, user: BlockComponent = "rule") {
        const [data, rules] = [join(directory, `rule-${user}`), join(directory, "rules.yml")];
        await writeFile(rules, "groups: []\n");
        const flags = [`--data-dir=${data}`, `--rule-file=${rules}`, `--query=${query}`, '--label=rule_replica="a"'];
        await startUploader("rule", data, flags, expected, user);
    }

    async function startReceive(expected: RegExp, user: BlockComponent = "receive") {
        const data = join(directory, `receive-${user}`);
        const addresses = [`--remote-write.address=${await address()}`, `--receive.capnproto-address=${await address()}`];
        const flags = [`--tsdb.path=${data}`, ...addresses, '--label=receive_replica="a"'];
        await startUploader("receive", join(data, "blue"), flags, expected, user);
    }

    const UPLOADED = /^thanos_shipper_uploads_total(\{.*\})? 1$/m;
    /** What FleetRuleUploadFails and FleetReceiveUploadFails ask for. */
    const FAILED = /^thanos_shipper_dir_sync_failures_total(\{.*\})? [1-9]\d*$/m;

    it("allow Rule to upload its blocks", () => startRule(UPLOADED));

    it("allow an ingester of Receive to upload the blocks of a tenant", () => startReceive(UPLOADED));

    /** Runs a tool on blue's blocks with the rights of a component: that whose service account its Job has, or another one. */
    async function tool(name: Tool, values: Record<string, string> = {}, component: BlockComponent = toolRunsAs(name)) {
        // These blocks are some seconds old.
        const settings = compact.parse({ consistencyDelay: "0s" });
        const all = { ...toolValues(name, settings), ...values };
        const flags = toolFlags(name, settings).map((flag) =>
            flag.startsWith("--objstore.")
                ? ""
                : flag.replace(/\$\((\w+)\)/g, (_, key: string) => all[key] ?? "?").replace("/tmp/", `${directory}/`),
        );
        return run(binaries.thanos.path, [...flags.filter(Boolean), await storeFlag(component)], { within: 120 });
    }

    it("allow every tool its work, as the Store or the Compact of the stream", async () => {
        const raw = (await blocks()).filter((block) => block.thanos.downsample.resolution === 0);
        const BLOCK = raw.at(-1)?.ulid ?? "";
        const values: Partial<Record<Tool, Record<string, string>>> = {
            mark: { BLOCK },
            unmark: { BLOCK },
            rewrite: { BLOCK, DELETE: `[{matchers: '{__name__="shop_queue_length"}'}]` },
            cleanup: { DELAY: "0s" },
        };
        for (const name of ["ls", "inspect", "verify", "mark", "unmark", "rewrite", "cleanup", "retention"] as const) {
            const { code, output } = await tool(name, values[name]);
            assert.equal(code, 0, `${name}: ${output.slice(-2000)}`);
        }
        assert.ok(!(await blocks()).some(({ ulid }) => ulid === BLOCK), "the rewritten block is still there");
    });

    it("allow the bucket's page to show every block, as the Store of the stream", async () => {
        const http = await address();
        const flags = bucketWebFlags(bucketWeb.parse({})).filter((flag) => !flag.startsWith("--objstore."));
        const page = `http://${http}`;
        await processes.start(
            "bucket-web",
            binaries.thanos.path,
            [...flags, await storeFlag("store"), `--http-address=${http}`],
            `${page}/-/ready`,
        );
        const expected = (await blocks()).map(({ ulid }) => ulid).sort();
        await eventually("the page has all blocks", 60, async () => {
            const answer = await fetch(`${page}/api/v1/blocks`, { signal: AbortSignal.timeout(10_000) });
            const { data } = (await answer.json()) as { data: { blocks: { ulid: string }[] } };
            assert.deepEqual(data.blocks.map(({ ulid }) => ulid).sort(), expected);
        });
    });

    it("are used in full: no call was denied, and each component makes exactly these calls", async () => {
        const calls = await minio.allCalls();
        assert.deepEqual(
            calls.filter(({ status }) => status >= 400 && status !== 404),
            [],
        );
        const callsOf = (component: BlockComponent) =>
            [...new Set(calls.filter(({ user }) => user === userOf(component, "blue")).map(({ api }) => api))].sort();
        assert.deepEqual(Object.fromEntries(COMPONENTS.map((component) => [component, callsOf(component)])), {
            store: ["GetObject", "HeadObject", "ListObjectsV2"],
            compact: ["DeleteObject", "GetObject", "HeadObject", "ListObjectsV2", "PutObject"],
            prometheus: ["HeadObject", "PutObject"],
            receive: ["HeadObject", "PutObject"],
            rule: ["HeadObject", "PutObject"],
        });
    });

    describe("allow nothing else:", () => {
        // Not before: these two are denied what they try, and the test above finds that nothing was.
        it("a Rule that may only read counts failed uploads", () => startRule(FAILED, "store"));

        it("an ingester that may only read counts failed uploads", () => startReceive(FAILED, "store"));

        /** The status with which the server answers every kind of request of a user under one cluster's prefix. */
        async function statuses(user: string, cluster: string) {
            const at = `${BUCKET}/${cluster}`;
            const object = `${at}/of-root-for-${user}`;
            await minio.asRoot("PUT", object, "root's");
            const status = async (method: string, path: string, body?: string) => (await minio.request(user, method, path, body)).status;
            const parts = await minio.request(user, "POST", `${at}/in-parts?uploads`);
            const [, upload = "none"] = /<UploadId>(.*)<\/UploadId>/.exec(await parts.text()) ?? [];
            return {
                list: await status("GET", `${BUCKET}?list-type=2&prefix=${cluster}/`),
                get: await status("GET", object),
                missing: await status("HEAD", `${at}/missing`),
                put: await status("PUT", `${at}/new`, "a user's"),
                parts: parts.status,
                abort: await status("DELETE", `${at}/in-parts?uploadId=${upload}`),
                delete: await status("DELETE", object),
            };
        }

        it("a tool that changes blocks can change none with the rights of the Store", async () => {
            const [block] = await blocks();
            const { code, output } = await tool("mark", { BLOCK: block?.ulid ?? "" }, "store");
            assert.notEqual(code, 0);
            assert.match(output, /Access Denied/);
        });

        const NOTHING = { list: 403, get: 403, missing: 403, put: 403, parts: 403, abort: 403, delete: 403 };
        const READ = { ...NOTHING, list: 200, get: 200, missing: 404 };
        const WRITE = { ...READ, put: 200, parts: 200, abort: 204 };
        const OWN = { ...WRITE, delete: 204 };
        const EXPECTED = { read: READ, write: WRITE, own: OWN };

        for (const cluster of CLUSTERS)
            for (const component of COMPONENTS) {
                const user = userOf(component, cluster);
                for (const prefix of CLUSTERS)
                    it(`${user} may ${prefix === cluster ? ACCESS[component] : "do nothing"} under ${prefix}/`, async () =>
                        assert.deepEqual(await statuses(user, prefix), prefix === cluster ? EXPECTED[ACCESS[component]] : NOTHING));

                it(`${user} may not list the bucket, nor change it`, async () => {
                    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
                    const answers = [
                        await minio.request(user, "GET", `${BUCKET}?list-type=2`),
                        await minio.request(user, "GET", `${BUCKET}?list-type=2&prefix=${cluster}`),
                        await minio.request(user, "GET", `${BUCKET}?versions`),
                        await minio.request(user, "PUT", `${BUCKET}?policy`, policy),
                        await minio.request(user, "DELETE", BUCKET),
                    ];
                    assert.deepEqual(
                        answers.map(({ status }) => status),
                        [403, 403, 403, 403, 403],
                    );
                });
            }
    });
});
