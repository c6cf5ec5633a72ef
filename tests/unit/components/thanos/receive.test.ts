import assert from "node:assert/strict";
import { parse } from "yaml";
import { type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { observerConfig } from "../../../support/testFleet";

const build = (receive: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    runInProcess("observer", toEngineConfig(observerConfig("local", { receive, ...more })));

const propsOf = (run: Run, kind: string, name: string) => {
    const found = run.resources.find((r) => r.name === name && r.type.endsWith(`:${kind}`));
    assert.ok(found, `${kind} ${name}`);
    return found.props;
};
const fileOf = (run: Run, workload: string, file: string) =>
    (propsOf(run, "ConfigMap", workload).data as Record<string, string>)[file] ?? assert.fail(file);
const replicasOf = (run: Run, name: string) => (propsOf(run, "StatefulSet", name).spec as { replicas: number }).replicas;

interface RingEntry {
    hashring: string;
    tenants: string[];
    endpoints: { address: string; az?: string }[];
}
const ringsOf = (run: Run) => JSON.parse(fileOf(run, "thanos-receive-router", "hashrings.json")) as RingEntry[];
const membersOf = ({ endpoints }: RingEntry) => endpoints.map(({ address, az }) => `${address.split(".")[0]}${az ? ` in ${az}` : ""}`);

describe("ingesters that leave", () => {
    it("run, but are not in the ring, and their series do not count for limits", async () => {
        const run = await build({ ingesters: 3, leaving: 2 });
        assert.equal(replicasOf(run, "thanos-receive-ingester"), 5);
        const members = [0, 1, 2].map((ordinal) => `thanos-receive-ingester-${ordinal}`);
        assert.deepEqual(ringsOf(run).map(membersOf), [members]);
        const { global, tenants } = parse(fileOf(run, "thanos-receive-router", "limits.yml")).write;
        assert.match(global.meta_monitoring_limit_query, new RegExp(`pod=~"${members.join("\\|")}"`));
        assert.equal(tenants.red.head_series_limit, 524_288);
    });
});
