import { flagsExist as rule } from "../../../rules/L23-flags-exist";
import { reports } from "../../support/ruleExamples";

describe("rule L23, flags-exist", () => {
    reports(
        rule,
        ["query.--store: does not exist since Thanos 0.38.0, and 0.38.0 does not start with it. Use --endpoint."],
        ["Deployment query.--store: does not exist since Thanos 0.38.0, and 0.42.4 does not start with it. Use --endpoint."],
    );
});
