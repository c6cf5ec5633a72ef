import assert from "node:assert/strict";
import { noHoleBeforeStore as rule } from "../../../rules/L06-no-hole-before-store";
import { findingsIn, reports } from "../../support/ruleExamples";

describe("rule L6, no-hole-before-store", () => {
    reports(
        rule,
        [
            "store.minAge: 22h leaves a hole: receive keeps samples for 22h, and Stores answer for them after 1350m, with two looks for new blocks to notice and load one. Write a shorter age, or keep samples for 1350m or longer.",
        ],
        [
            "StatefulSet store.minAge: 22h leaves a hole: Prometheus k8s keeps samples for 6h, and Stores answer for them after 1350m, with two looks for new blocks to notice and load one. Write a shorter age, or keep samples for 1350m or longer.",
        ],
    );

    it("is undecided where nobody knows how long younger samples are kept", () => {
        const [objstore, prometheus, store] = rule.manifests.bad;
        const filledIn = { ...prometheus, spec: { ...(prometheus?.spec as object), retention: `\${RETENTION}` } };
        const undecided = (...objects: (object | undefined)[]) => findingsIn(rule, objects as object[]).undecided;
        const fact = "StatefulSet store: how long younger samples are kept is not known";
        assert.deepEqual(undecided(objstore, filledIn, store), [fact]);
        assert.deepEqual(undecided(objstore, store), [`${fact}: who has them is not among the manifests`]);
    });
});
