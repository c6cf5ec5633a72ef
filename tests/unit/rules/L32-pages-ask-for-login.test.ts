import assert from "node:assert/strict";
import { undecided } from "../../../rules";
import { pagesAskForLogin as rule } from "../../../rules/L32-pages-ask-for-login";
import { type ExposedPage, NOTHING } from "../../../rules/model";
import { thresholdsOf } from "../../../rules/rule";
import { reports } from "../../support/ruleExamples";

describe("rule L32, pages-ask-for-login", () => {
    reports(
        rule,
        [
            "open.login: query.fleet.test shows the metrics of the fleet to everybody who reaches it. Put oauth2-proxy before it, or let the ALB ask for a login.",
            "everybody.sourceRanges: blocks.fleet.test may be opened from everywhere. List the networks that people come from.",
        ],
        [
            "Ingress metrics.login: metrics.example.com shows the metrics of the fleet to everybody who reaches it. Put oauth2-proxy before it, or let the ALB ask for a login.",
            "Ingress metrics.sourceRanges: metrics.example.com may be opened from everywhere. List the networks that people come from.",
        ],
    );

    it("demands no list of networks where something asks for a login, and says where it does not know one", () => {
        const page = { path: "page", host: "query.fleet.test", sources: [] };
        const pathsOf = (more: Partial<ExposedPage>) =>
            rule.check({ ...NOTHING, pages: [{ ...page, login: false, ...more }] }, thresholdsOf(rule)).map(({ path }) => path);
        assert.deepEqual(pathsOf({ login: true }), []);
        assert.deepEqual(pathsOf({}), ["page.login", "page.sourceRanges"]);
        const sources = { notKnown: "the ALB is internal" };
        assert.deepEqual(pathsOf({ sources }), ["page.login"]);
        assert.deepEqual(undecided(rule, { ...NOTHING, pages: [{ ...page, login: false, sources }] }), [
            { path: "page", fact: "the ALB is internal" },
        ]);
        assert.deepEqual(undecided(rule, { ...NOTHING, pages: [{ ...page, login: true, sources }] }), []);
    });

    it("takes no reason for a page without a login where the threshold says so", () =>
        assert.deepEqual(
            rule.check(rule.good, thresholdsOf(rule, { allowReason: false })).map(({ path }) => path),
            ["vpn.login"],
        ));
});
