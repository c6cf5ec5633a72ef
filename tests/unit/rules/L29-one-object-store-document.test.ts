import { oneObjectStoreDocument as rule } from "../../../rules/L29-one-object-store-document";
import { reports } from "../../support/ruleExamples";

describe("rule L29, one-object-store-document", () => {
    reports(
        rule,
        ["store.objstore: has 2 YAML documents, and Thanos reads the first of them only. Write one, and run a component for each bucket."],
        [
            "StatefulSet store.objstore: has 2 YAML documents, and Thanos reads the first of them only. Write one, and run a component for each bucket.",
        ],
    );
});
