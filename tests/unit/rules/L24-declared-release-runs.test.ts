import { declaredReleaseRuns as rule } from "../../../rules/L24-declared-release-runs";
import { reports } from "../../support/ruleExamples";

describe("rule L24, declared-release-runs", () => {
    reports(
        rule,
        ["prometheus.thanos.version: says 0.42.4, and the image is 0.37.2: the operator sets the flags of 0.42.4. Write 0.37.2."],
        ["Prometheus k8s.thanos.version: says 0.42.4, and the image is 0.37.2: the operator sets the flags of 0.42.4. Write 0.37.2."],
    );
});
