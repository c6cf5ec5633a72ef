import { lateSamplesAreMerged as rule } from "../../../rules/L10-late-samples-are-merged";
import { reports } from "../../support/ruleExamples";

describe("rule L10, late-samples-are-merged", () => {
    reports(
        rule,
        [
            "compact.merging: does not merge blocks that overlap, and receive cuts such blocks of samples up to 10m late: Compact halts at the first. Set --compact.enable-vertical-compaction.",
        ],
        [
            "StatefulSet compact.merging: does not merge blocks that overlap, and StatefulSet ingester cuts such blocks of samples up to 10m late: Compact halts at the first. Set --compact.enable-vertical-compaction.",
        ],
    );
});
