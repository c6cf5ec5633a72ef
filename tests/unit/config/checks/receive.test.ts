import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { observerConfig } from "../../../support/testFleet";

const limits = (value: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    problemsOf(observerConfig("local", { receive: { limits: value }, ...more }));

describe("limits of Receive", () => {
    it("are refused for a cluster that does not write remotely", () => {
        assert.deepEqual(limits({ tenants: { blue: { series: 10 }, red: { series: 10 } } }), [
            "receive.limits.tenants.blue: no observee of that name writes remotely. Write red, or remove the entry.",
        ]);
        assert.deepEqual(limits({ tenants: { red: {} } }, { observees: [] }), [
            "receive.limits.tenants.red: no observee of that name writes remotely. Remove the entry.",
        ]);
    });

    it("may stay when the cluster is archived", () => {
        const observees = [{ name: "red", mode: "sidecar-remote-write", archived: true }];
        assert.deepEqual(limits({ tenants: { red: { series: 10 } } }, { observees }), []);
    });

    it("are refused where Prometheus's own requests would be dropped", () => {
        const least = { requestSize: "2Mi", requestSeries: 2000, requestSamples: 2000 };
        assert.deepEqual(limits({ default: least, tenants: { red: least } }), []);
        assert.deepEqual(limits({ default: { requestSize: "1Mi" }, tenants: { red: { requestSeries: 1999, requestSamples: 1999 } } }), [
            'receive.limits.default.requestSize: "1Mi" is less than the 2Mi that 2000 series may need. Prometheus drops a request that is refused for its size.',
            "receive.limits.tenants.red.requestSeries: 1999 is less than the 2000 samples that Prometheus sends in a request. Prometheus drops a request that is refused for its size.",
            "receive.limits.tenants.red.requestSamples: 1999 is less than the 2000 samples that Prometheus sends in a request. Prometheus drops a request that is refused for its size.",
        ]);
    });
});
