import { noHoleBeforeStore as rule } from "../../../rules/L06-no-hole-before-store";
import { reports } from "../../support/ruleExamples";

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
});
