import assert from "node:assert/strict";
import { undecided } from "../../../rules";
import { rolesFitTheirPods as rule } from "../../../rules/L26-roles-fit-their-pods";
import type { ThanosModel } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { reports } from "../../support/ruleExamples";

const found = (model: ThanosModel) => rule.check(model, {}).map(problemText);

describe("rule L26, roles-fit-their-pods", () => {
    reports(
        rule,
        [
            "pods-of-grafana.trust: accepts every service account like grafana/*: whoever may create one reads blocks in bucket blocks. Compare `sub` with StringEquals to one namespace and name; give each component a role of its own.",
            "pattern.trust: compares with monitoring/thanos-* letter by letter (StringEquals), and no service account is called so: it accepts none. Write the name in full.",
            "renamed.trust: does not accept monitoring/kps-prometheus, the service account of monitoring/kps-prometheus, which names this role: it accepts monitoring/kube-prometheus. Write system:serviceaccount:monitoring:kps-prometheus.",
            "unused.trust: accepts rules/thanos, as which nothing here reads bucket blocks; rules/thanos-rule runs as rules/thanos-rule, which has no role. Let both name the same service account.",
        ],
        [
            "Role receive.trust: accepts every service account like default/thanos-*: whoever may create one reads blocks in bucket blocks. Compare `sub` with StringEquals to one namespace and name; give each component a role of its own.",
            "Role store.trust: does not accept default/thanos-store, the service account of StatefulSet store, which names this role: it accepts default/thanos. Write system:serviceaccount:default:thanos-store.",
        ],
    );

    const [first] = rule.bad.roles;
    const [unused] = rule.bad.roles.filter(({ path }) => path === "unused");
    const [without] = rule.bad.objectStores.filter(({ path }) => path === "rules/thanos-rule");
    assert.ok(first && unused && without);

    it("reports a role that the whole cluster may assume", () => {
        const open = { ...first, accounts: [{ serviceAccount: "*", by: "like" as const }] };
        assert.deepEqual(found({ ...rule.bad, roles: [open] }), [
            "pods-of-grafana.trust: accepts every service account of the cluster: each pod could read blocks in bucket blocks. Compare `sub` with StringEquals to one namespace and name; give each component a role of its own.",
        ]);
    });

    it("says nothing of a role that nobody has, where its pods may be in another stack", () => {
        const among = (...objectStores: ThanosModel["objectStores"]) => found({ ...rule.bad, roles: [unused], objectStores });
        assert.equal(among(without).length, 1);
        const elsewhere = { ...without, identity: { serviceAccount: "monitoring/thanos-rule" } };
        const other = { ...without, identity: { serviceAccount: "rules/thanos-rule", roleArn: "arn:aws:iam::111111111111:role/other" } };
        const key = { ...without, place: { bucket: "blocks", prefix: "", hasKey: true } };
        const foreign = { ...without, place: { bucket: "logs", prefix: "", hasKey: false } };
        for (const pods of [elsewhere, other, key, foreign]) assert.deepEqual(among(pods), []);
    });

    it("says nothing of it while other pods are not known, for which it may be", () => {
        const among = (...objectStores: ThanosModel["objectStores"]) => found({ ...rule.bad, roles: [unused], objectStores }).length;
        const notKnown = { notKnown: "the chart names its service account" };
        assert.equal(among(without, { ...without, path: "kps", identity: notKnown }), 0);
        assert.equal(among(without, { ...without, path: "kps", place: notKnown }), 0);
        const { place: _, ...inAnotherStore } = without;
        assert.equal(among(without, { ...inAnotherStore, path: "kps" }), 1);
    });

    it("is undecided where a ServiceAccount or a policy is not known", () => {
        const notKnown = { notKnown: "of another team" };
        const identity = { serviceAccount: "rules/thanos-rule", roleArn: notKnown };
        assert.deepEqual(
            undecided(rule, { ...rule.bad, roles: [{ ...unused, rights: notKnown }], objectStores: [{ ...without, identity }] }),
            [
                { path: "unused", fact: "of another team" },
                { path: "rules/thanos-rule", fact: "of another team" },
            ],
        );
        assert.deepEqual(undecided(rule, { ...rule.bad, roles: [] }), [
            { path: "monitoring/kps-prometheus", fact: "no IAM role of its service account is given" },
        ]);
        const place = { bucket: "blocks", prefix: "", hasKey: true };
        assert.deepEqual(undecided(rule, { ...rule.bad, roles: [], objectStores: [{ ...without, place }] }), []);
    });
});
