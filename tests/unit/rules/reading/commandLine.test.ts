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
        assert.deepEqual(compact("--wait"), { downsampling: true, retention: { raw: 0, fiveMinutes: 0, oneHour: 0 } });
    });
    it("gives a compactor's retention, downsampling and shard", () => {
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
    it("with a retention that Thanos would refuse is an error that names the flag", () => {
        assert.throws(
            () => compact("--retention.resolution-raw=forever"),
            new FlagError(
                '--retention.resolution-raw: "forever" is not a duration. Write whole numbers with y, w, d, h, m, s or ms, largest first: 40h, 1d12h, 90d.',
            ),
        );
    });

    const roles: [string[], object][] = [
        [["--tsdb.path=/data"], { forwards: false, stores: true, replicationFactor: 1 }],
        [
            ["--receive.hashrings-file=/h.json", "--receive.replication-factor=3"],
            { forwards: true, stores: false, replicationFactor: 3, ringFile: "/h.json" },
        ],
        [
            ["--receive.hashrings=[]", "--receive.replication-factor=1", "--receive.replication-factor=3"],
            { forwards: true, stores: false, replicationFactor: 3 },
        ],
        [["--receive.hashrings=[]", "--receive.local-endpoint", "me:10901"], { forwards: true, stores: true, replicationFactor: 1 }],
    ];
    for (const [argv, expected] of roles) {
        it(`gives what receive does: ${argv.join(" ")}`, () => assert.deepEqual(receiveFlags(parseArgv(["receive", ...argv])), expected));
    }
    it("with a replication factor that is not a number is an error that names the flag", () => {
        const message = '--receive.replication-factor: "three" is not a whole number. Write for instance 3.';
        assert.throws(() => receiveFlags(parseArgv(["receive", "--receive.replication-factor=three"])), new FlagError(message));
    });
});
