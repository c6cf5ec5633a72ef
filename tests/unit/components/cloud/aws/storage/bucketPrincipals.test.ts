import assert from "node:assert/strict";
import { ACCESS } from "../../../../../../components/blocks/access";
import { bucketPrincipals } from "../../../../../../components/cloud/aws/storage/bucketPrincipals";

const FLEET = { domain: "fleet.test", region: "eu-west-1", account: "111111111111", rolePath: "/thanos-fleet/" };

describe("the roles that work on a cluster's blocks", () => {
    const principals = (member: Parameters<typeof bucketPrincipals>[1], fleet = FLEET) =>
        bucketPrincipals(fleet, member).map(({ role, access, prefix }) => [role.replace(/-[0-9a-f]{6}$/, ""), access, prefix]);

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

    it("follow the partition of the region", () => {
        assert.deepEqual(
            ["cn-north-1", "us-gov-west-1"].map((region) => principals({ name: "blue" }, { ...FLEET, region })[0]?.[0]),
            ["arn:aws-cn:iam::111111111111:role/thanos-fleet/blue-store", "arn:aws-us-gov:iam::111111111111:role/thanos-fleet/blue-store"],
        );
    });

    it("are one for each component of ACCESS, with its access", () => {
        assert.deepEqual(
            bucketPrincipals(FLEET, { name: "blue" }).map(({ access }) => access),
            Object.values(ACCESS),
        );
    });

    it("are never the same for two clusters", () => {
        const roles = ["blue", "blue-store", "red"].flatMap((name) => bucketPrincipals(FLEET, { name })).map(({ role }) => role);
        assert.equal(new Set(roles).size, roles.length);
    });
});
