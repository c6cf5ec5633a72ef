import { fanOutHasNoTlsOfItsOwn as rule } from "../../../rules/L19-fan-out-has-no-tls-of-its-own";
import { reports } from "../../support/ruleExamples";

describe("rule L19, fan-out-has-no-tls-of-its-own", () => {
    reports(
        rule,
        [
            "query.endpoints[0].client_config: is ignored, because each address behind dns+leaf:10901 is asked by default_client_config. Set group: true, or put it into default_client_config.",
        ],
        [
            "Deployment query.endpoints[0].client_config: is ignored, because each address behind dns+leaf.blue.example:10901 is asked by default_client_config. Set group: true, or put it into default_client_config.",
        ],
    );
});
