import { chunksThatThanosReads as rule } from "../../../rules/L33-chunks-that-thanos-reads";
import { reports } from "../../support/ruleExamples";

describe("rule L33, chunks-that-thanos-reads", () => {
    reports(
        rule,
        [
            "prometheus.features: st-storage encodes the blocks that it uploads so that no release of Thanos reads them. Remove it until Thanos can.",
            "prometheus.chunk_encoding: xor2 encodes the samples that its sidecar answers with so that no release of Thanos reads them. Remove it, or write xor.",
        ],
        [
            "Prometheus k8s.features: st-storage encodes the blocks that it uploads so that no release of Thanos reads them. Remove it until Thanos can.",
        ],
    );
});
