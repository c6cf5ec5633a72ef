import assert from "node:assert/strict";
import { redundantPrometheus as rule } from "../../../rules/L31-redundant-prometheus";
import { NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { type Overrides, thresholdsOf } from "../../../rules/rule";

const pathsOf = (replicas: number, agent: boolean, overrides: Overrides = {}) =>
    rule.check({ ...NOTHING, prometheuses: [{ path: "p", replicas, agent }] }, thresholdsOf(rule, overrides)).map(({ path }) => path);

describe("rule L31, redundant-prometheus", () => {
    it("reports the single Prometheus and the missing agent of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "prometheus.replicas: 1 is less than 2. Each restart leaves a gap that nothing can fill. Set it to 2 or more.",
            "agent.replicas: 0, so nothing is scraped. Set it to 1 or more.",
        ]));

    it("takes the number of replicas from its threshold", () => assert.deepEqual(pathsOf(2, false, { minReplicas: 3 }), ["p.replicas"]));
    it("holds no agent to that number", () => assert.deepEqual(pathsOf(1, true, { minReplicas: 3 }), []));
});
