import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Prometheus } from "../../../../components/prometheus/prometheus";
import { loadConfig } from "../../../../config/load";
import { observeeConfig } from "../../../support/testFleet";

/** The SDK's mark of a secret in a request (sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

interface Monitor {
    registerResource(request: { getType(): string; getObject(): { toJavaScript(): Record<string, unknown> } }, callback: unknown): unknown;
}

/** What the Release of a cluster's Prometheus is asked for, if these settings of the stack contain something encrypted. */
async function release(values: Record<string, unknown>, encrypted: string[]): Promise<Record<string, unknown>> {
    return (await installed({ values }, encrypted)).asked;
}

/** The same, and the hash of its configuration. */
async function installed(settings: object, encrypted: string[] = []): Promise<{ asked: Record<string, unknown>; configHash: string }> {
    await pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }, "thanos-fleet");
    (pulumi.runtime as unknown as { setAllConfig(config: object, secretKeys: string[]): void }).setAllConfig({}, encrypted);
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const original = monitor.registerResource.bind(monitor);
    const asked: Record<string, unknown>[] = [];
    monitor.registerResource = (request, callback) => {
        if (request.getType().endsWith(":Release")) asked.push(request.getObject().toJavaScript());
        return original(request, callback);
    };
    const config = loadConfig(observeeConfig("blue", "local", { prometheus: settings }));
    const prometheus = new Prometheus("prometheus", {
        ...config.prometheus,
        namespace: config.namespace,
        storageClass: "standard",
        nodesHaveZones: false,
        clusterName: "blue",
        chart: config.chart,
        pods: config.pods,
        alerting: config.alerting,
        blocks: { objectStoreSecret: "store", objectStoreChecksum: "0a1b", annotations: {}, ready: [] } as never,
    });
    const configHash = await new Promise<string>((resolve) => void prometheus.configHash.apply(resolve));
    await pulumi.runtime.disconnect();
    assert.equal(asked.length, 1);
    return { asked: asked[0] as Record<string, unknown>, configHash };
}

const userIn = (asked: Record<string, unknown>) =>
    (asked.values as { "kube-state-metrics"?: { password: unknown } })["kube-state-metrics"]?.password;

describe("the user's values in the Release", () => {
    const values = { "kube-state-metrics": { password: "p" } };

    it("are written as they are, over ours", async () => {
        const asked = await release(values, []);
        assert.equal(userIn(asked), "p");
        assert.equal((asked.values as { fullnameOverride: string }).fullnameOverride, "kps");
        assert.equal("allowNullValues" in asked, false);
    });

    it("are secrets one by one where the setting contains something encrypted, and ours are not", async () => {
        const asked = await release(values, ["thanos-fleet:prometheus"]);
        assert.deepEqual(Object.keys(userIn(asked) as object).includes(SIGNATURE), true);
        assert.equal((asked.values as { fullnameOverride: string }).fullnameOverride, "kps");
    });

    it("may contain null, which the provider otherwise removes", async () =>
        assert.equal((await release({ prometheus: { podDisruptionBudget: { minAvailable: null } } }, [])).allowNullValues, true));
});

describe("the hash of the configuration", () => {
    const hash = async (settings: object, encrypted?: string[]) => (await installed(settings, encrypted)).configHash;
    const values = (password: string) => ({ values: { "kube-state-metrics": { password } } });

    it("changes with a setting, and with a value of the user", async () => {
        assert.equal(await hash({}), await hash({}));
        assert.notEqual(await hash({ scrapeInterval: "20s" }), await hash({}));
        assert.notEqual(await hash(values("p")), await hash(values("q")));
    });

    it("tells nothing of values that the user has encrypted", async () =>
        assert.equal(await hash(values("p"), ["thanos-fleet:prometheus"]), await hash(values("q"), ["thanos-fleet:prometheus"])));
});
