import assert from "node:assert/strict";
import { type PlannedResource, type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { problemsOf } from "../../support/problemsOf";
import { buildObserver, observerConfig } from "../../support/testFleet";

const observer = (more: Record<string, unknown>) => runInProcess("observer", toEngineConfig(observerConfig("local", more)));

const kindOf = ({ type }: PlannedResource) => type.slice(type.lastIndexOf(":") + 1);
const named = ({ resources }: Run) => resources.map((r) => `${kindOf(r)} ${r.name}`);
const added = async (run: Run) => {
    const before = named(await buildObserver("local"));
    return named(run)
        .filter((name) => !before.includes(name))
        .sort();
};

interface PodSpec {
    serviceAccountName: string;
    restartPolicy?: string;
    securityContext: { runAsNonRoot: boolean };
    volumes: Record<string, unknown>[];
    containers: {
        args: string[];
        env: { name: string; value: string }[];
        securityContext: Record<string, unknown>;
        volumeMounts: object[];
    }[];
}

describe("tools", () => {
    let run: Run;
    before(async () => {
        const streams = [{ name: "blue", writers: ["blue"], retention: "30d" }];
        run = await observer({ streams, tools: ["verify", "retention"] });
    });
    const job = (name: string) => {
        const found = run.resources.find((r) => kindOf(r) === "CronJob" && r.name === name) as PlannedResource;
        return found.props.spec as { suspend: boolean; jobTemplate: { spec: { backoffLimit: number; template: { spec: PodSpec } } } };
    };

    it("are CronJobs of every stream, beside a policy that lets nobody connect to their pods", async () => {
        const streams = ["blue", "observer", "red"];
        assert.deepEqual(
            await added(run),
            streams
                .flatMap((stream) => [
                    `CronJob thanos-retention-${stream}`,
                    `CronJob thanos-verify-${stream}`,
                    `NetworkPolicy thanos-tools-${stream}`,
                    `ToolKit tools-${stream}`,
                ])
                .sort(),
        );
        const policy = run.resources.find((r) => r.name === "thanos-tools-blue") as PlannedResource;
        assert.deepEqual(policy.props.spec, {
            podSelector: {
                matchLabels: {
                    "app.kubernetes.io/name": "thanos",
                    "app.kubernetes.io/component": "tools",
                    "thanos-fleet/stream": "blue",
                },
            },
            policyTypes: ["Ingress"],
            ingress: [],
        });
    });

    it("never run by themselves, and are not tried again where they fail", () => {
        const { suspend, jobTemplate } = job("thanos-verify-blue");
        assert.deepEqual([suspend, jobTemplate.spec.backoffLimit, jobTemplate.spec.template.spec.restartPolicy], [true, 0, "Never"]);
    });

    it("run as the Store of their stream where they read, and as its Compact where they delete", () =>
        assert.deepEqual(
            ["thanos-verify-blue", "thanos-retention-red"].map((name) => job(name).jobTemplate.spec.template.spec.serviceAccountName),
            ["thanos-store-blue", "thanos-compact-red"],
        ));

    it("are pods as hardened as all others, that write to a directory of their own only", () => {
        const { securityContext, volumes, containers } = job("thanos-verify-blue").jobTemplate.spec.template.spec;
        const [container] = containers;
        assert.equal(securityContext.runAsNonRoot, true);
        assert.deepEqual(container?.securityContext, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
        });
        assert.deepEqual(volumes, [
            { name: "tmp", emptyDir: {} },
            { name: "objstore", secret: { secretName: "thanos-objstore-blue" } },
        ]);
        assert.deepEqual(container?.volumeMounts, [
            { name: "tmp", mountPath: "/tmp" },
            { name: "objstore", mountPath: "/etc/thanos/objstore", readOnly: true },
        ]);
    });

    it("know the retention of their stream", () => {
        const raw = (stream: string) =>
            job(`thanos-retention-${stream}`).jobTemplate.spec.template.spec.containers[0]?.args.find((arg) =>
                arg.includes("resolution-raw"),
            );
        assert.deepEqual([raw("blue"), raw("red")], ["--retention.resolution-raw=30d", "--retention.resolution-raw=90d"]);
    });

    it("are refused where one is listed twice, or a page is for no stream", () => {
        assert.deepEqual(problemsOf(observerConfig("local", { tools: ["ls", "ls"], bucketWeb: { streams: ["blue", "bleu"] } })), [
            'bucketWeb.streams[1]: "bleu" is not a stream of this fleet (observer, blue, red). Write one of these, or leave `streams` out for all of them.',
            'tools[1]: "ls" is there twice. Remove one.',
        ]);
    });
});

describe("the page of a stream's blocks", () => {
    const page = (stream: string) =>
        ["BucketWeb", "Deployment", "NetworkPolicy", "Service"].map(
            (kind) => `${kind} ${kind === "BucketWeb" ? "" : "thanos-"}bucket-web-${stream}`,
        );

    it("is there for every stream, or for some", async () => {
        assert.deepEqual(await added(await observer({ bucketWeb: {} })), ["blue", "observer", "red"].flatMap(page).sort());
        assert.deepEqual(await added(await observer({ bucketWeb: { streams: ["red"] } })), page("red").sort());
    });

    it("reads with the rights of the stream's Store, and only Prometheus may connect to it", async () => {
        const { resources } = await observer({ bucketWeb: {} });
        const find = (kind: string) => resources.find((r) => kindOf(r) === kind && r.name === "thanos-bucket-web-red") as PlannedResource;
        const { template } = find("Deployment").props.spec as { template: { spec: PodSpec } };
        assert.equal(template.spec.serviceAccountName, "thanos-store-red");
        const { ingress } = find("NetworkPolicy").props.spec as { ingress: object[] };
        assert.deepEqual(ingress, [
            {
                ports: [{ port: 10902, protocol: "TCP" }],
                from: [{ podSelector: { matchLabels: { "operator.prometheus.io/name": "kps-prometheus" } } }],
            },
        ]);
    });
});
