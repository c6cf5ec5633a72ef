import { retriesArePerMethod as rule } from "../../../rules/L22-retries-are-per-method";
import { reports } from "../../support/ruleExamples";

describe("rule L22, retries-are-per-method", () => {
    reports(
        rule,
        [
            "query.endpoints[0].service_config: has a retryPolicy at the top, where gRPC does not read it: nothing is tried again. Move it into methodConfig.",
        ],
        [
            "Deployment query.endpoints[0].service_config: has a retryPolicy at the top, where gRPC does not read it: nothing is tried again. Move it into methodConfig.",
        ],
    );
});
