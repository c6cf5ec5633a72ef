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
import { RULES } from "../../../rules";
import { ROOT } from "../../support/root";

const RUNNER = join(ROOT, "local", "offline", "standins", "bin", "analyzer", "pulumi-analyzer-policy-nodejs");
const TYPE = "kubernetes:apps/v1:StatefulSet";
const URN = `urn:pulumi:dev::fleet::${TYPE}::thanos-compact-blue`;

const EASED = [{ rule: "L7", reason: "this cluster is for tests", until: "9999-01-01" }];

type Properties = Parameters<typeof Struct.fromJavaScript>[0];

/** The pack in its own process, as the engine starts it. This shows what tests of policy.ts cannot: that Pulumi's runner loads the pack. */
describe("the policy pack in Pulumi's own runner", function () {
    // About 2 s; a busy machine takes longer to start Node.
    this.timeout(120_000);
    let runner: ChildProcess;
    let client: AnalyzerClient;

    before(async () => {
        runner = spawn(RUNNER, ["127.0.0.1:1", "."], {
            cwd: join(ROOT, "policies"),
            stdio: ["ignore", "pipe", "inherit"],
            // The engine gives the configuration of the stack this way.
            env: { ...process.env, PULUMI_CONFIG: JSON.stringify({ "thanos-fleet:easedRules": JSON.stringify(EASED) }) },
        });
        client = new AnalyzerClient(`127.0.0.1:${await firstLine(runner)}`, credentials.createInsecure());
    });

    after(() => {
        client?.close();
        runner?.kill();
    });

    it("offers every rule once, and warns of one that the stack eases", async () => {
        const info = await call<object, pb.AnalyzerInfo>("getAnalyzerInfo", new Empty());
        assert.equal(info.getName(), "thanos-fleet");
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
                .setProperties(Struct.fromJavaScript(compactor("90d")))
                .setOptions(options());
            request.addResources(resource);
        }
        const response = await call<pb.AnalyzeStackRequest, pb.AnalyzeResponse>("analyzeStack", request);
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
            .setProperties(Struct.fromJavaScript(compactor(raw, ...unknown)))
            .setOptions(options());
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
        method: "analyze" | "analyzeStack" | "configure" | "getAnalyzerInfo",
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

/** The server refuses a request without custom timeouts: it takes the engine for too old. */
const options = () => new pb.AnalyzerResourceOptions().setCustomtimeouts(new pb.AnalyzerResourceOptions.CustomTimeouts());

async function firstLine(child: ChildProcess): Promise<string> {
    assert.ok(child.stdout);
    const ended = once(child, "exit").then(([code]) => assert.fail(`the pack did not load (exit ${code}); its output is above`));
    const [chunk] = await Promise.race([once(child.stdout, "data"), ended]);
    return String(chunk).trim();
}
