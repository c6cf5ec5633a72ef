import { catchAllRingLast as rule } from "../../../rules/L12-catch-all-ring-last";
import { reports } from "../../support/ruleExamples";

describe("rule L12, catch-all-ring-last", () => {
    reports(
        rule,
        [
            "receive.rings[0].tenants: are not listed, so this ring takes the samples of all tenants, and the ring after it none. Put it last.",
        ],
        [
            "Deployment router.hashrings[0].tenants: are not listed, so this ring takes the samples of all tenants, and the ring after it none. Put it last.",
        ],
    );
});
