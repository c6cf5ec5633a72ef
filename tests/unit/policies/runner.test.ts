import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import pb from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isRunning } from "../../../engine/isRunning";
import { RULES } from "../../../rules";
import { eventually } from "../../support/eventually";
import { ROOT } from "../../support/root";

const PACK = join(ROOT, "policies", "pack.js");

/** The ways in which the engine starts the pack: as an executable, and by Pulumi's loader where the folder is named. */
const WAYS: Record<string, readonly [program: string, ...args: string[]]> = {
    "as an executable": [PACK, "127.0.0.1:1"],
    "by Pulumi's loader": [process.execPath, join(ROOT, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack"), "127.0.0.1:1", "."],
};

const TYPE = "kubernetes:apps/v1:StatefulSet";
const URN = `urn:pulumi:dev::fleet::${TYPE}::thanos-compact-blue`;

const EASED = [{ rule: "L7", reason: "this cluster is for tests", until: "9999-01-01" }];

type Properties = Parameters<typeof Struct.fromJavaScript>[0];

/** The pack in its own process, as the engine starts it and asks it. */
describe("the policy pack in a process of its own", function () {
    // About a second; a busy machine takes longer to start Node.
    this.timeout(120_000);
    let pack: ChildProcess;
    let client: AnalyzerClient;

    async function start([program, ...args]: readonly [string, ...string[]]): Promise<void> {
        stop();
        pack = spawn(program, args, { cwd: join(ROOT, "policies"), stdio: ["ignore", "pipe", "inherit"] });
        client = new AnalyzerClient(`127.0.0.1:${await firstLine(pack)}`, credentials.createInsecure());
    }

    function stop(): void {
        client?.close();
        pack?.kill();
    }

    after(stop);

    for (const [how, command] of Object.entries(WAYS))
        it(`starts ${how}, and offers every rule once`, async () => {
            await start(command);
            const info = await call<object, pb.AnalyzerInfo>("getAnalyzerInfo", new Empty());
            assert.equal(info.getName(), "thanos-fleet");
            assert.deepEqual(
                info.getPoliciesList().map((p) => p.getName()),
                [...RULES.map(({ name }) => name), "eased-rules"],
            );
        });

    it("ends after an engine that was killed", async () => {
        const engine = spawn("sh", ["-c", '"$0" 127.0.0.1:1 & echo "$!" >&2; wait', PACK], { stdio: ["ignore", "pipe", "pipe"] });
        const [[pid]] = await Promise.all([once(engine.stderr, "data"), once(engine.stdout, "data")]);
        engine.kill("SIGKILL");
        await eventually("the pack ends", 30, async () => assert.equal(isRunning(Number(pid)), false));
    });

    it("warns of a rule that the stack eases", async () => {
        const request = new pb.AnalyzerStackConfigureRequest();
        request.getConfigMap().set("thanos-fleet:easedRules", JSON.stringify(EASED));
        await call("configureStack", request);
        const info = await call<object, pb.AnalyzerInfo>("getAnalyzerInfo", new Empty());
        assert.deepEqual(
            info.getPoliciesList().map((p) => [p.getName(), p.getEnforcementlevel()]),
            [
                ...RULES.map(({ id, name, severity }) => [
                    name,
                    severity === "medium" || id === "L7" ? pb.EnforcementLevel.ADVISORY : pb.EnforcementLevel.MANDATORY,
                ]),
                ["eased-rules", pb.EnforcementLevel.MANDATORY],
            ],
        );
    });

    it("stops a compactor with 24 h of raw retention", async () => {
        assert.deepEqual(await analyze("24h"), [
            {
                policy: "retention-outlives-downsampling",
                level: pb.EnforcementLevel.MANDATORY,
                severity: pb.PolicySeverity.POLICY_SEVERITY_CRITICAL,
                message:
                    "Blocks live until they are downsampled (L4).\nStatefulSet thanos-compact-blue.retention.raw: 1d is shorter than 40h. Blocks are downsampled to 5m only at the age of 40h, so compact refuses to start: nothing is compacted or expired. Set it to 40h or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            },
            {
                policy: "equal-retention",
                level: pb.EnforcementLevel.ADVISORY,
                severity: pb.PolicySeverity.POLICY_SEVERITY_MEDIUM,
                message:
                    "All resolutions are kept equally long (L34).\nStatefulSet thanos-compact-blue.retention: raw 1d, 5m 90d and 1h 90d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. If they are meant to differ, ease L34 with the reason (easedRules).",
            },
        ]);
    });

    it("passes a compactor with 90 d of raw retention", async () => assert.deepEqual(await analyze("90d"), []));

    it("reports a second compactor of a stream when it analyzes the whole stack", async () => {
        const request = new pb.AnalyzeStackRequest();
        for (const name of ["thanos-compact-blue", "thanos-compact-blue-again"]) {
            const resource = new pb.AnalyzerResource();
            resource
                .setType(TYPE)
                .setName(name)
                .setUrn(URN.replace("thanos-compact-blue", name))
                .setProperties(Struct.fromJavaScript(compactor("90d")));
            request.addResources(resource);
        }
        const response = await call<object, pb.AnalyzeResponse>("analyzeStack", request);
        assert.deepEqual(
            response.getDiagnosticsList().map((d) => [d.getPolicyname(), d.getUrn(), d.getEnforcementlevel()]),
            [["one-compactor-per-stream", `${URN}-again`, pb.EnforcementLevel.MANDATORY]],
        );
    });

    it("only warns if a value is unknown before the update", async () => {
        const diagnostics = await analyze("90d", "04da6b54-80e4-46f7-96ec-b56ff0331ba9");
        assert.deepEqual(
            diagnostics.map((d) => d.policy),
            ["retention-outlives-downsampling", "flags-exist", "equal-retention"],
        );
        assert.deepEqual(
            diagnostics.slice(0, 1).map((d) => [d.policy, d.level, d.message]),
            [
                [
                    "retention-outlives-downsampling",
                    pb.EnforcementLevel.ADVISORY,
                    "can't run policy 'retention-outlives-downsampling' from policy pack 'thanos-fleet@v0.1.0' during preview: string value at .spec.template.spec.containers.0.args.3 can't be known during preview",
                ],
            ],
        );
    });

    it("takes thresholds and enforcement levels from the pack's configuration", async () => {
        const found = async (raw: string) => (await analyze(raw)).filter(({ policy }) => policy === "retention-outlives-downsampling");
        await configure("retention-outlives-downsampling", pb.EnforcementLevel.MANDATORY, { minRaw: "180d" });
        assert.deepEqual(
            (await found("90d")).map((d) => d.message),
            [
                "Blocks live until they are downsampled (L4).\nStatefulSet thanos-compact-blue.retention.raw: 90d is shorter than 180d. Thanos would accept it; this threshold does not. Set it to 180d or longer (--retention.resolution-raw), or to 0d to keep for ever.",
            ],
        );
        await configure("retention-outlives-downsampling", pb.EnforcementLevel.ADVISORY, {});
        assert.deepEqual(
            (await found("24h")).map((d) => d.level),
            [pb.EnforcementLevel.ADVISORY],
        );
        await configure("retention-outlives-downsampling", pb.EnforcementLevel.DISABLED, {});
        assert.deepEqual(await found("24h"), []);
    });

    async function analyze(raw: string, ...unknown: string[]) {
        const request = new pb.AnalyzeRequest();
        request
            .setType(TYPE)
            .setName("thanos-compact-blue")
            .setUrn(URN)
            .setProperties(Struct.fromJavaScript(compactor(raw, ...unknown)));
        const response = await call<pb.AnalyzeRequest, pb.AnalyzeResponse>("analyze", request);
        return response.getDiagnosticsList().map((d) => ({
            policy: d.getPolicyname(),
            level: d.getEnforcementlevel(),
            severity: d.getSeverity(),
            message: d.getMessage(),
        }));
    }

    async function configure(policy: string, level: pb.EnforcementLevel, properties: Properties) {
        const config = new pb.PolicyConfig().setEnforcementlevel(level).setProperties(Struct.fromJavaScript(properties));
        const request = new pb.ConfigureAnalyzerRequest();
        request.getPolicyconfigMap().set(policy, config);
        await call("configure", request);
    }

    /** Sends one request, with a deadline. */
    function call<Request, Response>(
        method: "analyze" | "analyzeStack" | "configure" | "configureStack" | "getAnalyzerInfo",
        request: Request,
    ): Promise<Response> {
        const send = promisify(client[method] as unknown as (r: Request, o: object, done: (e: Error | null, r: Response) => void) => void);
        return send.call(client, request, { deadline: Date.now() + 5000 });
    }
});

function compactor(raw: string, ...unknown: string[]): Properties {
    const args = [
        "compact",
        `--retention.resolution-raw=${raw}`,
        "--retention.resolution-5m=90d",
        ...unknown,
        "--retention.resolution-1h=90d",
    ];
    return {
        metadata: { name: "thanos-compact-blue", labels: { "thanos-fleet/stream": "blue" } },
        spec: { replicas: 1, template: { spec: { containers: [{ name: "compact", image: "quay.io/thanos/thanos:v0.42.4", args }] } } },
    };
}

async function firstLine(child: ChildProcess): Promise<string> {
    assert.ok(child.stdout);
    const ended = once(child, "exit").then(([code]) => assert.fail(`the pack did not load (exit ${code}); its output is above`));
    const [chunk] = await Promise.race([once(child.stdout, "data"), ended]);
    return String(chunk).trim();
}
