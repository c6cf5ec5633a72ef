import { storeForgetsFirst as rule } from "../../../rules/L05-store-forgets-before-compact-deletes";
import { reports } from "../../support/ruleExamples";

describe("rule L5, store-forgets-before-compact-deletes", () => {
    reports(
        rule,
        [
            "store.ignoreDeletionMarksDelay: 2d is not shorter than the 2d after which compact deletes a block (deleteDelay): Store would ask for deleted blocks. Write half of it, as Thanos's defaults do.",
        ],
        [
            "StatefulSet store.ignoreDeletionMarksDelay: 1d is not shorter than the 12h after which StatefulSet compact deletes a block (deleteDelay): Store would ask for deleted blocks. Write half of it, as Thanos's defaults do.",
        ],
    );
});
