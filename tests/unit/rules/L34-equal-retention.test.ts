import { equalRetention as rule } from "../../../rules/L34-equal-retention";
import { reports } from "../../support/ruleExamples";

describe("rule L34, equal-retention", () => {
    reports(
        rule,
        [
            "compact.retention: raw 30d, 5m 90d and 1h 365d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. If they are meant to differ, ease L34 with the reason (easedRules).",
        ],
        [
            "StatefulSet compact.retention: raw 30d, 5m 90d and 1h 365d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed. Make the three equal. If they are meant to differ, ease L34 with the reason (easedRules).",
        ],
    );
});
