import { partitionOf } from "../../iam/names";
import type { Statement } from "../../iam/statements";

/**
 * Rights to write the records of one zone: addresses, and the TXT records that say who wrote them. Zones can be listed only all together
 * (external-dns, docs/tutorials/aws.md).
 */
export const externalDnsStatements = ({ region, zoneId }: { region: string; zoneId: string }): Statement[] => {
    const zone = `arn:${partitionOf(region)}:route53:::hostedzone/${zoneId}`;
    return [
        { Sid: "Zones", Effect: "Allow", Action: ["route53:ListHostedZones"], Resource: ["*"] },
        { Sid: "Look", Effect: "Allow", Action: ["route53:ListResourceRecordSets"], Resource: [zone] },
        {
            Sid: "Write",
            Effect: "Allow",
            Action: ["route53:ChangeResourceRecordSets"],
            Resource: [zone],
            Condition: { "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "CNAME", "TXT"] } },
        },
    ];
};
