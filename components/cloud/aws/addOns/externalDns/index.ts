import { partitionOf } from "../../iam/names";
import type { Statement } from "../../iam/statements";

/** Whose pods call AWS for ExternalDNS. */
export const EXTERNAL_DNS = { namespace: "external-dns", serviceAccount: "external-dns" };

/**
 * Writes the names of Services and Ingresses, and deletes those it wrote itself. The filter is no convenience: without it ExternalDNS asks for the records of
 * every zone it sees, and stops at the first that refuses (aws-ia/terraform-aws-eks-blueprints-addons#333). Pure.
 */
export const externalDnsConfiguration = ({ zoneId, owner }: { zoneId: string; owner: string }) => ({
    policy: "sync",
    registry: "txt",
    txtOwnerId: owner,
    sources: ["service", "ingress"],
    extraArgs: [`--zone-id-filter=${zoneId}`],
});

/** Records of one zone: addresses, and the texts that say who wrote them. Which zones there are can only be asked for all (external-dns, docs/tutorials/aws.md). Pure. */
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
