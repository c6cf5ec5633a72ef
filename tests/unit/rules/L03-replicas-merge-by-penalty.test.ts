import { replicasMergeByPenalty as rule } from "../../../rules/L03-replicas-merge-by-penalty";
import { reports } from "../../support/ruleExamples";

describe("rule L3, replicas-merge-by-penalty", () => {
    reports(
        rule,
        [
            "compact.deduplication: prometheus_replica tells replicas of Prometheus apart, and without the penalty function the samples of both are kept side by side, for good. Set --deduplication.func=penalty, or remove --deduplication.replica-label=prometheus_replica.",
        ],
        [
            "StatefulSet compact.deduplication: replica tells replicas of Prometheus apart, and without the penalty function the samples of both are kept side by side, for good. Set --deduplication.func=penalty, or remove --deduplication.replica-label=replica.",
        ],
    );
});
