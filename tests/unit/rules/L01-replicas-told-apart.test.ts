import { replicasToldApart as rule } from "../../../rules/L01-replicas-told-apart";
import { reports } from "../../support/ruleExamples";

describe("rule L1, replicas-told-apart", () => {
    reports(
        rule,
        [
            'receive.labels: are the same for all 3 replicas, and each of them uploads: Compact halts at the first overlap. Add --label=replica="$(POD_NAME)", with POD_NAME from metadata.name.',
            "prometheus.labels: are the same for all 3 replicas, and each of them uploads: Compact halts at the first overlap. Remove replicaExternalLabelName: the operator then adds prometheus_replica.",
            "rule-b.labels: are those of rule-a, and both upload to the same blocks: Compact halts at the first overlap. Give each a label of its own.",
        ],
        [
            'StatefulSet ingester.labels: are the same for all 3 replicas, and each of them uploads: Compact halts at the first overlap. Add --label=replica="$(POD_NAME)", with POD_NAME from metadata.name.',
            "Prometheus k8s.labels: are the same for all 2 replicas, and each of them uploads: Compact halts at the first overlap. Remove replicaExternalLabelName: the operator then adds prometheus_replica.",
        ],
    );
});
