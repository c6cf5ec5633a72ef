import { strictEndpointsAreStatic as rule } from "../../../rules/L18-strict-endpoints-are-static";
import { reports } from "../../support/ruleExamples";

describe("rule L18, strict-endpoints-are-static", () => {
    reports(
        rule,
        [
            "query.endpoints[0].strict: dns+store:10901 is looked up, and a strict endpoint may not be: Query does not start. Remove the prefix before the plus, or do not make it strict.",
        ],
        [
            "Deployment query.--endpoint-strict.strict: dnssrv+_grpc._tcp.store is looked up, and a strict endpoint may not be: Query does not start. Remove the prefix before the plus, or do not make it strict.",
            "Deployment query.endpoints[0].strict: dns+leaf.blue.example:10901 is looked up, and a strict endpoint may not be: Query does not start. Remove the prefix before the plus, or do not make it strict.",
        ],
    );
});
