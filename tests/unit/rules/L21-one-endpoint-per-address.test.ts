import { oneEndpointPerAddress as rule } from "../../../rules/L21-one-endpoint-per-address";
import { reports } from "../../support/ruleExamples";

describe("rule L21, one-endpoint-per-address", () => {
    reports(
        rule,
        [
            "query.endpoints[1].address: a:10901 is the address of another endpoint (query.endpoints[0]), which has other settings: only the last of them is asked. Give each a DNS name of its own, or remove one.",
        ],
        [
            "Deployment query.endpoints[1].address: proxy.example:10901 is the address of another endpoint (Deployment query.endpoints[0]), which has other settings: only the last of them is asked. Give each a DNS name of its own, or remove one.",
        ],
    );
});
