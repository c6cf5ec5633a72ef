import { tlsIsEnabled as rule } from "../../../rules/L20-tls-is-enabled";
import { reports } from "../../support/ruleExamples";

describe("rule L20, tls-is-enabled", () => {
    reports(
        rule,
        [
            "query.endpoints[0].client_config: has a server name or a least version of TLS, and does not switch TLS on: leaf:10901 is asked in clear text. Write tls_config: {enabled: true}.",
        ],
        [
            "Deployment query.endpoints[0].client_config: has a server name or a least version of TLS, and does not switch TLS on: leaf.blue.example:10901 is asked in clear text. Write tls_config: {enabled: true}.",
        ],
    );
});
