import assert from "node:assert/strict";
import { onlyCompactDeletes as rule } from "../../../rules/L27-only-compact-deletes";
import { problemText } from "../../../rules/problem";
import { reports } from "../../support/ruleExamples";

describe("rule L27, only-compact-deletes", () => {
    reports(
        rule,
        [
            "shared.rights: lets store delete blocks in bucket blocks. Remove s3:DeleteObject; if Compact has the same role, give it one of its own.",
        ],
        [
            "Role thanos.rights: lets StatefulSet store delete blocks in bucket blocks. Remove s3:DeleteObject; if Compact has the same role, give it one of its own.",
        ],
    );

    it("reports those that upload, too, where it is told to", () =>
        assert.deepEqual(rule.check(rule.bad, { allowUploads: false }).map(problemText), [
            "shared.rights: lets store, receive delete blocks in bucket blocks. Remove s3:DeleteObject; if Compact has the same role, give it one of its own.",
        ]));

    it("says nothing of a role whose pattern is compared letter by letter, so that no pod gets it", () => {
        const roles = rule.bad.roles.map((role) => ({
            ...role,
            accounts: [{ serviceAccount: "monitoring/thanos-*", by: "equals" as const }],
        }));
        assert.deepEqual(rule.check({ ...rule.bad, roles }, { allowUploads: false }), []);
    });
});
