import assert from "node:assert/strict";
import { compactorFlags, FlagError, parseArgv, receiveFlags } from "../../../../rules/reading/commandLine";

const HOUR = 3_600_000;

describe("a command line", () => {
    it("is parsed as kingpin parses it", () => {
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
    it("may have flags before the command", () => {
        assert.deepEqual(parseArgv(["--log.level", "debug", "tools", "bucket", "web", "--prefix="]).command, ["tools", "bucket", "web"]);
    });
    it("may be empty", () => assert.deepEqual(parseArgv([]), { command: [], flags: new Map() }));

    const compact = (...argv: string[]) => compactorFlags(parseArgv(["compact", ...argv]));
    it("without flags is a compactor that keeps for ever and downsamples", () => {
        assert.deepEqual(compact("--wait"), {
            downsampling: true,
            retention: { raw: 0, fiveMinutes: 0, oneHour: 0 },
            deleteDelay: 48 * HOUR,
            merging: { vertical: false, replicaLabels: [], penalty: false },
        });
    });
    it("gives a compactor's retention, downsampling, deletion and merging", () => {
        const argv = [
            "--retention.resolution-raw=40h",
            "--retention.resolution-5m",
            "10d",
            "--retention.resolution-1h=1y",
            "--downsampling.disable",
        ];
        const merging = ["--deduplication.replica-label=a,b", "--deduplication.func=penalty", "--delete-delay=12h"];
        assert.deepEqual(compact(...argv, ...merging), {
            downsampling: false,
            retention: { raw: 40 * HOUR, fiveMinutes: 240 * HOUR, oneHour: 365 * 24 * HOUR },
            deleteDelay: 12 * HOUR,
            merging: { vertical: true, replicaLabels: ["a", "b"], penalty: true },
        });
        assert.equal(compact("--no-downsampling.disable").downsampling, true);
    });
    it("with a retention that Thanos would refuse is an error that names the flag", () => {
        assert.throws(
            () => compact("--retention.resolution-raw=forever"),
            new FlagError(
                '--retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
            ),
        );
    });

    const usual = { algorithm: "hashmod", protocol: "protobuf" };
    const roles: [string[], object][] = [
        [["--tsdb.path=/data"], { forwards: false, stores: true, isNamed: false, replicationFactor: 1, ...usual }],
        [
            ["--receive.hashrings-file=/h.json", "--receive.replication-factor=3"],
            { forwards: true, stores: false, isNamed: false, replicationFactor: 3, ...usual },
        ],
        [
            ["--receive.hashrings=[]", "--receive.replication-factor=1", "--receive.replication-factor=3"],
            { forwards: true, stores: false, isNamed: false, replicationFactor: 3, ...usual },
        ],
        [
            ["--receive.hashrings=[]", "--receive.local-endpoint", "me:10901", "--receive.hashrings-algorithm=ketama"],
            { forwards: true, stores: true, isNamed: true, replicationFactor: 1, algorithm: "ketama", protocol: "protobuf" },
        ],
    ];
    for (const [argv, expected] of roles) {
        it(`gives what receive does: ${argv.join(" ")}`, () => assert.deepEqual(receiveFlags(parseArgv(["receive", ...argv])), expected));
    }
    it("with a replication factor that is not a number is an error that names the flag", () => {
        const message = '--receive.replication-factor: "three" is not a whole number. Write for instance 3.';
        assert.throws(() => receiveFlags(parseArgv(["receive", "--receive.replication-factor=three"])), new FlagError(message));
    });
});
