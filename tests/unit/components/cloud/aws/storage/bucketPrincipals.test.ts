import assert from "node:assert/strict";
import { ACCESS } from "../../../../../../components/blocks/access";
import { bucketPrincipals } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";
import type { Writer } from "../../../../../../config/streams";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };

describe("the roles that work on a cluster's blocks", () => {
    const own = (writer: Writer) => ({ name: writer.name, prefix: writer.name, writers: [writer] });
    const principals = (writer: Writer, fleet = FLEET) => principalsOf(own(writer), fleet);
    const principalsOf = (stream: Parameters<typeof bucketPrincipals>[1], fleet = FLEET) =>
        bucketPrincipals(fleet, stream).map(({ role, access, prefix }) => [role.replace(/-[0-9a-f]{6}$/, ""), access, prefix]);

    it("are one per component, in the observer's account", () => {
        assert.deepEqual(principals({ name: "blue" }), [
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-store", "read", "blue"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-compact", "own", "blue"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-prometheus", "write", "blue"],
        ]);
    });

    it("include Prometheus's role in the cluster's own account, where that is another", () => {
        assert.deepEqual(principals({ name: "red", account: "222222222222" })[2], [
            "arn:aws:iam::222222222222:role/thanos-fleet/red-prometheus",
            "write",
            "red",
        ]);
    });

    it("include a role of the observer's account instead of Prometheus's, with via: role", () => {
        assert.deepEqual(principals({ name: "green", account: "333333333333", via: "role" })[2], [
            "arn:aws:iam::111111111111:role/thanos-fleet/green-blocks",
            "write",
            "green",
        ]);
    });

    it("include the Prometheus of each cluster that writes to a shared stream, and one Store and Compact for all", () => {
        const writers = [{ name: "blue" }, { name: "red", account: "222222222222" }, { name: "old", archived: true }];
        assert.deepEqual(principalsOf({ name: "small", prefix: "small", writers }), [
            ["arn:aws:iam::111111111111:role/thanos-fleet/small-store", "read", "small"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/small-compact", "own", "small"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/blue-prometheus", "write", "small"],
            ["arn:aws:iam::222222222222:role/thanos-fleet/red-prometheus", "write", "small"],
        ]);
    });

    it("work on the folder of the stream, whatever its name is", () =>
        assert.deepEqual(
            new Set(bucketPrincipals(FLEET, { ...own({ name: "blue" }), prefix: "metrics/thanos" }).map(({ prefix }) => prefix)),
            new Set(["metrics/thanos"]),
        ));

    it("follow the partition of the region", () => {
        assert.deepEqual(
            ["cn-north-1", "us-gov-west-1"].map((region) => principals({ name: "blue" }, { ...FLEET, region })[0]?.[0]),
            ["arn:aws-cn:iam::111111111111:role/thanos-fleet/blue-store", "arn:aws-us-gov:iam::111111111111:role/thanos-fleet/blue-store"],
        );
    });

    it("are one for each component of ACCESS that works on the stream, with its access", () => {
        const { store, compact, prometheus, receive, rule } = ACCESS;
        const accesses = (uploader?: "receive" | "rule") =>
            bucketPrincipals(FLEET, { ...own({ name: "blue" }), uploader }).map(({ access }) => access);
        assert.deepEqual(
            [accesses(), accesses("receive"), accesses("rule")],
            [
                [store, compact, prometheus],
                [store, compact, prometheus, receive],
                [store, compact, prometheus, rule],
            ],
        );
    });

    it("include Receive and no Prometheus where all that write are agents", () => {
        const writers = [
            { name: "green", mode: "agent" as const },
            { name: "yellow", mode: "agent" as const, account: "222222222222", via: "role" as const },
        ];
        assert.deepEqual(principalsOf({ name: "agents", prefix: "agents", writers, uploader: "receive" }), [
            ["arn:aws:iam::111111111111:role/thanos-fleet/agents-store", "read", "agents"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/agents-compact", "own", "agents"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/agents-receive", "write", "agents"],
        ]);
    });
    it("include Rule in the stream that it uploads to, and no Prometheus there", () =>
        assert.deepEqual(principalsOf({ name: "rule", prefix: "rule", writers: [], uploader: "rule" }), [
            ["arn:aws:iam::111111111111:role/thanos-fleet/rule-store", "read", "rule"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/rule-compact", "own", "rule"],
            ["arn:aws:iam::111111111111:role/thanos-fleet/rule-rule", "write", "rule"],
        ]));

    it("are never the same for two clusters", () => {
        const roles = ["blue", "blue-store", "red"].flatMap((name) => bucketPrincipals(FLEET, own({ name }))).map(({ role }) => role);
        assert.equal(new Set(roles).size, roles.length);
    });
});
