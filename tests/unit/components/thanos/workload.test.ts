import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tracingConfig } from "../../../../components/thanos/tracing";
import { type PlannedResource, type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { everything } from "../../../support/everything";
import { ROOT } from "../../../support/root";
import { buildObserver, observeeConfig, observerConfig } from "../../../support/testFleet";

interface Probe {
    timeoutSeconds?: number;
}
interface Pod {
    terminationGracePeriodSeconds: number;
    containers: (Record<"readinessProbe" | "livenessProbe" | "startupProbe", Probe> & { lifecycle?: object })[];
}

const podOf = ({ props }: PlannedResource) => (props.spec as { template: { spec: Pod } }).template.spec;

describe("the pods of the observer's Thanos components", () => {
    const workloads = async () =>
        (await buildObserver("aws")).resources.filter(
            ({ type, name }) => /:(Deployment|StatefulSet)$/.test(type) && name.startsWith("thanos-"),
        );

    it("have longer than Kubernetes' one second to answer a probe", async () => {
        const timeouts = (await workloads()).flatMap((workload) =>
            podOf(workload).containers.map((c) => [c.readinessProbe, c.livenessProbe, c.startupProbe].map((probe) => probe.timeoutSeconds)),
        );
        assert.deepEqual([...new Set(timeouts.map((list) => list.join()))], ["5,10,5"]);
    });

    it("serve on where clients reach them through a Service, and then have the whole time to end that they have elsewhere", async () => {
        const all = (await everything()).whole.filter(
            ({ type, name }) => /:(Deployment|StatefulSet)$/.test(type) && name.startsWith("thanos-"),
        );
        const endings = (kind: string) =>
            all
                .filter(({ type }) => type.endsWith(`:${kind}`))
                .map((workload) => podOf(workload))
                .flatMap(({ terminationGracePeriodSeconds: seconds, containers }) =>
                    containers.map(({ lifecycle }) => `${seconds} ${JSON.stringify(lifecycle)}`),
                );
        assert.deepEqual([...new Set(endings("Deployment"))], ['190 {"preStop":{"sleep":{"seconds":40}}}']);
        assert.deepEqual([...new Set(endings("StatefulSet"))].sort(), ["150 undefined", "30 undefined", "300 undefined"]);
    });

    it("end so soon that two of them on a node, one after the other, are gone before EKS gives up draining it", async () => {
        const periods = (await workloads()).map((workload) => podOf(workload).terminationGracePeriodSeconds);
        assert.deepEqual([...new Set(periods)].sort(), [150, 300]);
        assert.ok(2 * Math.max(...periods) < 900);
    });
});

describe("Rule's pods", () => {
    const ruleOf = async (more: Record<string, unknown> = {}) => {
        const raw = observerConfig("local", { rule: { files: ["tests/support/rules/fleet.yml"] }, ...more });
        const { resources } = await runInProcess("observer", toEngineConfig(raw));
        const named = (type: string, name: string) => resources.find((r) => r.type.endsWith(`:${type}`) && r.name === name)?.props ?? {};
        return { named, template: (named("StatefulSet", "thanos-rule").spec as { template: unknown }).template };
    };

    it("have the rule files, and are replaced when one changes", async () => {
        const { named, template } = await ruleOf();
        const text = readFileSync(join(ROOT, "tests/support/rules/fleet.yml"), "utf8");
        assert.deepEqual(named("ConfigMap", "thanos-rule").data, { "fleet.yml": text });
        assert.equal(
            (template as { metadata: { annotations: Record<string, string> } }).metadata.annotations["checksum/fleet.yml"],
            createHash("sha256").update(text).digest("hex"),
        );
    });

    it("have the Secrets of Alertmanagers outside of the stack, each once", async () => {
        const external = [
            { url: "https://a.test", certificateSecret: "am", caSecret: "ca.of.am" },
            { url: "https://b.test", tokenSecret: "am" },
        ];
        const { template } = await ruleOf({ alerting: { alertmanager: "external", external } });
        const { containers, volumes } = (template as { spec: { containers: { volumeMounts: object[] }[]; volumes: object[] } }).spec;
        assert.deepEqual(volumes.slice(-2), [
            { name: "secret-0", secret: { secretName: "ca.of.am" } },
            { name: "secret-1", secret: { secretName: "am" } },
        ]);
        assert.deepEqual(containers[0]?.volumeMounts.slice(-2), [
            { name: "secret-0", mountPath: "/etc/thanos/secrets/ca.of.am", readOnly: true },
            { name: "secret-1", mountPath: "/etc/thanos/secrets/am", readOnly: true },
        ]);
    });

    it("are asked by Query for what they record, and may ask Query, as nobody may without Rule", async () => {
        const { named } = await ruleOf();
        const address = "dnssrv+_grpc._tcp.thanos-rule.monitoring.svc.cluster.local";
        assert.match(JSON.stringify(named("ConfigMap", "thanos-query")), new RegExp(address.replaceAll(".", "\\.").replace("+", "\\+")));
        const mayAsk = (props: unknown) => /"app.kubernetes.io\/component":"rule"/.test(JSON.stringify(props));
        const without = (await buildObserver("local")).resources.find(
            (r) => r.type.endsWith(":NetworkPolicy") && r.name === "thanos-query",
        );
        assert.deepEqual([mayAsk(named("NetworkPolicy", "thanos-query")), mayAsk(without?.props)], [true, false]);
    });
});

describe("traces", () => {
    const tracing = { endpoint: "collector:4317", insecure: true };
    /** Every place that configures traces, by service. */
    const traced = (run: Run) =>
        [...JSON.stringify(run.resources.map(({ props }) => props)).matchAll(/\\"service_name\\":\\"([\w-]+)\\"/g)]
            .map(([, service]) => service)
            .sort();

    it("come from every Thanos component of an observer and of an observee, or from none", async () => {
        const observer = await runInProcess("observer", toEngineConfig(observerConfig("local", { tracing })));
        assert.deepEqual(traced(observer), [
            ...Array(3).fill("thanos-compact"),
            "thanos-query",
            "thanos-query-frontend",
            "thanos-receive-ingester",
            "thanos-receive-router",
            "thanos-sidecar",
            ...Array(3).fill("thanos-store"),
        ]);
        const observee = await runInProcess("blue", toEngineConfig(observeeConfig("blue", "local", { tracing })), () => observer.outputs);
        assert.deepEqual(traced(observee), ["thanos-query", "thanos-sidecar"]);
        assert.deepEqual(traced(await buildObserver("local")), []);
    });

    it("follow the decision of the first component, and name the cluster", () =>
        assert.deepEqual(JSON.parse(tracingConfig("thanos-query", { ...tracing, samplingRatio: 0.01, clusterName: "blue" })), {
            type: "OTLP",
            config: {
                client_type: "grpc",
                endpoint: "collector:4317",
                insecure: true,
                service_name: "thanos-query",
                resource_attributes: { "k8s.cluster.name": "blue" },
                sampler_type: "parentbasedtraceidratiobased",
                sampler_param: "0.01",
            },
        }));
});
