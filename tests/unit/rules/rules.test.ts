import assert from "node:assert/strict";
import { checkAll, RULES } from "../../../rules";
import { formatDuration, parseDuration } from "../../../rules/duration";
import { oneCompactorPerStream } from "../../../rules/L02-one-compactor";
import { retentionOutlivesDownsampling } from "../../../rules/L04-retention-outlives-downsampling";
import { type Compactor, NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { compactorFlags, FlagError, parseArgv, receiveFlags } from "../../../rules/reading/commandLine";
import { thresholdsOf } from "../../../rules/rule";

const HOUR = 3_600_000;
const d = parseDuration;

/** What each rule says of its own bad example, word for word. */
const SAYS: Record<string, string[]> = {
    "one-compactor-per-stream": [
        "compact-blue.replicas: 2 compactors would work on blue at once. Compact takes no lock: they corrupt it. Set it to 1; to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.",
        "compact-red.strategy: a rolling update starts the next compactor of red before the last one has gone. Use a StatefulSet, or a Deployment with strategy Recreate.",
        "compact-green.replicas: 0, so nothing compacts, downsamples or expires the blocks of green. Set it to 1.",
        "compact-red-again.stream: red already has a compactor (compact-red). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
    ],
    "retention-outlives-downsampling": [
        "compact.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
        "compact.retention: raw 1d, 5m 90d and 1h 365d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. Where the difference is meant, say so: compact.allowUnequalRetention in a configuration, allowUnequal of this rule in the pack.",
    ],
    "receive-replicates": [
        "receive.replicationFactor: 1 is less than 3. A lost ingester is lost data. Set --receive.replication-factor to 3 on every router.",
        "receive-two.ingesters: 2 cannot hold 3 copies of a sample. The ring is refused and no sample is accepted. Run at least 3 ingesters.",
    ],
    "redundant-prometheus": [
        "prometheus.replicas: 1 is less than 2. Each restart leaves a gap that nothing can fill. Set it to 2 or more.",
        "agent.replicas: 0, so nothing is scraped. Set it to 1 or more.",
    ],
};

describe("rules", () => {
    for (const rule of RULES) {
        describe(`${rule.id} ${rule.name}`, () => {
            it("finds nothing in its good example", () => assert.deepEqual(rule.check(rule.good, thresholdsOf(rule)), []));
            it("says exactly what is wrong with its bad example", () => {
                assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), SAYS[rule.name]);
            });
            it("finds nothing where there is nothing", () => assert.deepEqual(rule.check(NOTHING, thresholdsOf(rule)), []));
        });
    }

    it("have a number and a name of their own", () => {
        assert.equal(new Set(RULES.map((rule) => rule.id)).size, RULES.length);
        assert.equal(new Set(RULES.map((rule) => rule.name)).size, RULES.length);
        assert.deepEqual(Object.keys(SAYS).sort(), RULES.map((rule) => rule.name).sort());
    });

    it("pass each other's good examples", () => {
        for (const rule of RULES) assert.deepEqual(checkAll(rule.good), []);
    });
});

describe("retention", () => {
    const check = (raw: string, fiveMinutes: string, oneHour: string, overrides = {}, differences: Partial<Compactor> = {}) => {
        const retention = { raw: d(raw), fiveMinutes: d(fiveMinutes), oneHour: d(oneHour) };
        const compactor = { path: "c", stream: "s", replicas: 1, overlapsOnUpdate: false, downsampling: true, retention, ...differences };
        const rule = retentionOutlivesDownsampling;
        return rule.check({ ...NOTHING, compactors: [compactor] }, thresholdsOf(rule, overrides)).map((finding) => finding.path);
    };

    const cases: [string, string, string, object, string[]][] = [
        ["0d", "0d", "0d", {}, []],
        ["40h", "40h", "40h", {}, ["c.retention.fiveMinutes"]],
        ["10d", "10d", "10d", {}, []],
        ["39h", "10d", "10d", {}, ["c.retention.raw", "c.retention"]],
        ["0d", "10d", "10d", {}, ["c.retention"]],
        ["90d", "90d", "0d", {}, ["c.retention"]],
        ["40h", "10d", "1y", { allowUnequal: true }, []],
        ["40h", "9d", "1y", { allowUnequal: true }, ["c.retention.fiveMinutes"]],
        ["30d", "30d", "30d", { minRaw: "60d" }, ["c.retention.raw"]],
        ["12w6d", "90d", "2160h", {}, []],
    ];
    for (const [raw, fiveMinutes, oneHour, overrides, paths] of cases) {
        it(`raw ${raw}, 5m ${fiveMinutes}, 1h ${oneHour} ${JSON.stringify(overrides)}: ${paths.join(", ") || "fine"}`, () => {
            assert.deepEqual(check(raw, fiveMinutes, oneHour, overrides), paths);
        });
    }

    it("compares nothing but raw without downsampling, and says that the data is deleted", () => {
        assert.deepEqual(check("90d", "0d", "0d", {}, { downsampling: false }), []);
        const kept = { raw: d("24h"), fiveMinutes: d("0d"), oneHour: d("0d") };
        const compactor = { path: "c", stream: "s", replicas: 1, overlapsOnUpdate: false, downsampling: false, retention: kept };
        assert.deepEqual(checkAll({ ...NOTHING, compactors: [compactor] }), [
            {
                path: "c.retention.raw",
                problem:
                    "1d is shorter than 40h. With --downsampling.disable compact accepts it and deletes the blocks at that age, with no 5m samples in their place.",
                remedy: "Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            },
        ]);
    });
});

describe("compactors on one stream", () => {
    const [good] = oneCompactorPerStream.good.compactors;
    assert.ok(good);
    const check = (...compactors: Partial<Compactor>[]) =>
        checkAll({ ...NOTHING, compactors: compactors.map((c) => ({ ...good, ...c })) }).map((f) => f.path);

    it("may share it by relabelling", () =>
        assert.deepEqual(check({ path: "a", shard: "hashmod 0" }, { path: "b", shard: "hashmod 1" }), []));
    it("may not have the same share", () =>
        assert.deepEqual(check({ path: "a", shard: "hashmod 0" }, { path: "b", shard: "hashmod 0" }), ["b.stream"]));
    it("are each held against the first", () =>
        assert.deepEqual(check({ path: "a" }, { path: "b" }, { path: "c" }), ["b.stream", "c.stream"]));
});

describe("Receive", () => {
    const check = (replicationFactor: number, ingesters: number | undefined, overrides = {}) => {
        const receive = { path: "r", replicationFactor, ...(ingesters !== undefined && { ingesters }) };
        return checkAll({ ...NOTHING, receives: [receive] }, { "receive-replicates": overrides }).map((f) => f.path);
    };
    it("may have more ingesters than copies", () => assert.deepEqual(check(3, 6), []));
    it("is not judged by ingesters that nobody knows", () => assert.deepEqual(check(3, undefined), []));
    it("may have two copies where that is allowed", () => assert.deepEqual(check(2, 2, { minReplicationFactor: 2 }), []));
    it("has both problems at once", () => assert.deepEqual(check(2, 1), ["r.replicationFactor", "r.ingesters"]));
});

describe("checkAll", () => {
    const bad = retentionOutlivesDownsampling.bad;
    it("leaves out a rule that is switched off", () => assert.deepEqual(checkAll(bad, { "retention-outlives-downsampling": false }), []));
    it("refuses a rule that does not exist", () => {
        const names = RULES.map((rule) => rule.name).join(" or ");
        assert.throws(() => checkAll(bad, { retention: {} }), { message: `retention: is not a rule. Write ${names}.` });
    });
    it("refuses a threshold that does not exist", () => {
        assert.throws(() => checkAll(bad, { "retention-outlives-downsampling": { raw: "40h" } }), {
            message:
                "retention-outlives-downsampling.raw: is not a threshold of this rule. Write minRaw or minFiveMinutes or allowUnequal.",
        });
        assert.throws(() => checkAll(bad, { "one-compactor-per-stream": { replicas: 2 } }), {
            message: "one-compactor-per-stream.replicas: is not a threshold of this rule. It has none.",
        });
    });
    const wrong: [string, Record<string, unknown>, string][] = [
        [
            "retention-outlives-downsampling",
            { minRaw: "two days" },
            'retention-outlives-downsampling.minRaw: "two days" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
        ],
        [
            "retention-outlives-downsampling",
            { minRaw: 40 },
            "retention-outlives-downsampling.minRaw: 40 is not a duration such as 40h. Shortest retention of raw samples. Thanos downsamples them after 40h.",
        ],
        [
            "retention-outlives-downsampling",
            { allowUnequal: "yes" },
            'retention-outlives-downsampling.allowUnequal: "yes" is not true or false. Whether the three retentions may differ.',
        ],
        [
            "receive-replicates",
            { minReplicationFactor: 0 },
            "receive-replicates.minReplicationFactor: 0 is not a whole number of at least 1. Fewest copies of each sample.",
        ],
    ];
    for (const [rule, overrides, message] of wrong) {
        it(`refuses ${JSON.stringify(overrides)}`, () => assert.throws(() => checkAll(bad, { [rule]: overrides }), { message }));
    }
});

describe("durations", () => {
    const valid: [string, number, string][] = [
        ["0", 0, "0d"],
        ["0d", 0, "0d"],
        ["2h", 2 * HOUR, "2h"],
        ["24h", 24 * HOUR, "1d"],
        ["1d12h", 36 * HOUR, "36h"],
        ["1d16h", 40 * HOUR, "40h"],
        ["90d", 90 * 24 * HOUR, "90d"],
        ["1y", 365 * 24 * HOUR, "365d"],
        ["1y2w3d4h5m6s7ms", (365 + 14 + 3) * 24 * HOUR + 4 * HOUR + 306_007, "33019506007ms"],
        ["90m", 1.5 * HOUR, "90m"],
    ];
    for (const [text, ms, formatted] of valid) {
        it(`${text} is ${ms} ms, written ${formatted}`, () => {
            assert.equal(d(text), ms);
            assert.equal(formatDuration(d(text)), formatted);
            assert.equal(d(formatted), ms);
        });
    }
    for (const text of ["", " 2h", "2", "2h ", "-2h", "1.5h", "2H", "2h1d", "2h2h", "h", "1d 12h", "forever"]) {
        it(`${JSON.stringify(text)} is none`, () => {
            const message = `${JSON.stringify(text)} is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.`;
            assert.throws(() => d(text), { message });
        });
    }
    it("300y is more than Go can count", () => {
        assert.throws(() => d("300y"), { message: '"300y" is longer than Prometheus can count (292y). Write 0d to keep for ever.' });
        assert.equal(d("292y"), 292 * 365 * 24 * HOUR);
    });
});

describe("command lines", () => {
    it("are read as kingpin reads them", () => {
        const { command, flags } = parseArgv([
            "compact",
            "--wait",
            "--data-dir=/data",
            "--delete-delay",
            "48h",
            "--label=a=b",
            "--label",
            "c=d",
            "--no-cache",
            "--x=-1",
        ]);
        assert.deepEqual(command, ["compact"]);
        assert.deepEqual(
            [...flags],
            [
                ["wait", ["true"]],
                ["data-dir", ["/data"]],
                ["delete-delay", ["48h"]],
                ["label", ["a=b", "c=d"]],
                ["cache", ["false"]],
                ["x", ["-1"]],
            ],
        );
    });
    it("may have their flags before the command, and none", () => {
        assert.deepEqual(parseArgv(["--log.level", "debug", "tools", "bucket", "web", "--prefix="]).command, ["tools", "bucket", "web"]);
        assert.deepEqual(parseArgv([]), { command: [], flags: new Map() });
    });

    const compact = (...argv: string[]) => compactorFlags(parseArgv(["compact", ...argv]));
    it("a compactor keeps for ever and downsamples unless told otherwise", () => {
        assert.deepEqual(compact("--wait"), { downsampling: true, retention: { raw: 0, fiveMinutes: 0, oneHour: 0 } });
    });
    it("a compactor's retention, downsampling and shard", () => {
        const argv = [
            "--retention.resolution-raw=40h",
            "--retention.resolution-5m",
            "10d",
            "--retention.resolution-1h=1y",
            "--downsampling.disable",
        ];
        assert.deepEqual(compact(...argv, "--selector.relabel-config=- action: keep"), {
            shard: "- action: keep",
            downsampling: false,
            retention: { raw: 40 * HOUR, fiveMinutes: 240 * HOUR, oneHour: 365 * 24 * HOUR },
        });
        assert.equal(compact("--no-downsampling.disable").downsampling, true);
    });
    it("a retention that Thanos would refuse names its flag", () => {
        assert.throws(
            () => compact("--retention.resolution-raw=forever"),
            new FlagError(
                '--retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
            ),
        );
    });

    const roles: [string[], object][] = [
        [["--tsdb.path=/data"], { forwards: false, stores: true, replicationFactor: 1 }],
        [["--receive.hashrings-file=/h.json", "--receive.replication-factor=3"], { forwards: true, stores: false, replicationFactor: 3 }],
        [["--receive.hashrings=[]", "--receive.local-endpoint", "me:10901"], { forwards: true, stores: true, replicationFactor: 1 }],
    ];
    for (const [argv, expected] of roles) {
        it(`receive ${argv.join(" ")}`, () => assert.deepEqual(receiveFlags(parseArgv(["receive", ...argv])), expected));
    }
    it("a replication factor that is not a number names its flag", () => {
        const message = '--receive.replication-factor: "three" is not a whole number. Write for instance 3.';
        assert.throws(() => receiveFlags(parseArgv(["receive", "--receive.replication-factor=three"])), new FlagError(message));
    });
});
