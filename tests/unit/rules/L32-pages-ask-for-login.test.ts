import assert from "node:assert/strict";
import { pagesAskForLogin as rule } from "../../../rules/L32-pages-ask-for-login";
import { problemText } from "../../../rules/problem";
import { thresholdsOf } from "../../../rules/rule";

describe("rule L32, pages-ask-for-login", () => {
    it("reports the pages without a login, and those that are open to every network, of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "open.login: query.fleet.test shows the metrics of the fleet to everybody who reaches it. Put oauth2-proxy before it, or let the ALB ask for a login.",
            "everybody.sourceRanges: blocks.fleet.test may be opened from everywhere. List the networks that people come from.",
            "unlisted.sourceRanges: graph.fleet.test may be opened from everywhere: no network is listed. List the networks that people come from.",
        ]));

    it("takes no reason for a page without a login where the threshold says so", () =>
        assert.deepEqual(
            rule.check(rule.good, thresholdsOf(rule, { allowReason: false })).map(({ path }) => path),
            ["vpn.login"],
        ));
});
