import { ketamaEverywhere as rule } from "../../../rules/L08-ketama-everywhere";
import { reports } from "../../support/ruleExamples";

describe("rule L8, ketama-everywhere", () => {
    reports(
        rule,
        [
            "receive.algorithm: hashmod spreads series over 3 ingesters: nearly all of them move when one is added or removed. Set --receive.hashrings-algorithm=ketama on every Receive.",
            "both.algorithm: hashmod is what the flag says, whatever the hashrings file says: each change of the ring flushes all that its pods hold. Set --receive.hashrings-algorithm=ketama, too.",
        ],
        [
            "Deployment router.algorithm: hashmod spreads series over 3 ingesters: nearly all of them move when one is added or removed. Set --receive.hashrings-algorithm=ketama on every Receive.",
        ],
    );
});
