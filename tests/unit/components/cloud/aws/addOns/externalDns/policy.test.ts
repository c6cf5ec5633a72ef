import assert from "node:assert/strict";
import { externalDnsStatements } from "../../../../../../../components/cloud/aws/addOns/externalDns/policy";
import { isAllowed } from "../../../../../../support/iamSimulator";
import { ACCOUNT, REGION, role } from "../../../../../../support/placedResources";

const ROLE = {
    arn: `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role("external-dns").name}`,
    policy: externalDnsStatements({ region: REGION, zoneId: "Z0123" }),
};
const may = (action: string, arn: string, context: Record<string, string> = {}) =>
    isAllowed(ROLE, action, { arn, account: ACCOUNT, context });

describe("the policy of ExternalDNS", () => {
    const records = (zone: string, type: string) =>
        may("route53:ChangeResourceRecordSets", `arn:aws:route53:::hostedzone/${zone}`, {
            "route53:ChangeResourceRecordSetsRecordTypes": type,
        });

    it("lets it write addresses and their owners in one zone", async () => {
        assert.deepEqual(await Promise.all([records("Z0123", "A"), records("Z0123", "TXT"), records("Z9999", "A")]), [true, true, false]);
    });

    it("does not let it delegate the zone or its mail", async () => {
        assert.deepEqual(await Promise.all([records("Z0123", "NS"), records("Z0123", "MX")]), [false, false]);
    });
});
