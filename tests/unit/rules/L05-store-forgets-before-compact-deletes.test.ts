import assert from "node:assert/strict";
import { OBJSTORE, thanos } from "../../../rules/example";
import { storeForgetsFirst as rule } from "../../../rules/L05-store-forgets-before-compact-deletes";
import { findingsIn, reports } from "../../support/ruleExamples";

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

    it("says which of a Store and a compactor works on blocks that nobody knows", () => {
        const store = thanos("StatefulSet", "store", ["store", ...OBJSTORE]);
        const compact = thanos("StatefulSet", "compact", ["compact", ...OBJSTORE], { secret: "objstore-blue" });
        assert.deepEqual(findingsIn(rule, [store, compact]), {
            problems: [],
            undecided: [
                "StatefulSet store: where its blocks are is not known: /etc/objstore/objstore.yml is in no ConfigMap and no Secret of its pods",
            ],
        });
        assert.deepEqual(findingsIn(rule, [store]).undecided, []);
    });
});
