import { type Stream, uploadsItself, type Writer } from "../../../../config/streams";
import { ACCESS, type BlockComponent } from "../../../blocks/access";
import { partitionOf, roleArn, roleName } from "../iam/names";
import type { PrefixPrincipal } from "./bucketPolicies";

/** What the ARNs of a fleet's roles are derived from. */
export interface FleetFacts {
    /** DNS domain of the fleet. */
    domain: string;
    /** AWS region of the bucket. */
    region: string;
    /** AWS account of the observer. */
    account: string;
    /** IAM path of every role of the fleet. */
    rolePath: string;
}

/** Name of the role of the observer's account that a cluster of another account assumes to upload its blocks (`via: role`). */
export const observerRoleName = (domain: string, clusterName: string) => roleName(domain, clusterName, "blocks");

/** ARN of the role that a cluster's own Prometheus assumes, in that cluster's account. */
export const prometheusRoleArn = (fleet: FleetFacts, writer: Writer) =>
    fleetRoleArn({ ...fleet, account: writer.account ?? fleet.account }, roleName(fleet.domain, writer.name, "prometheus"));

/** The roles that work on one stream: each writer's Prometheus, if it uploads, and every other component of `ACCESS`. */
export const bucketPrincipals = (fleet: FleetFacts, stream: StreamUsers): PrefixPrincipal[] =>
    (Object.keys(ACCESS) as BlockComponent[]).flatMap((component) =>
        blockRoleArns(fleet, stream, component).map((role) => ({ role, access: ACCESS[component], prefix: stream.prefix })),
    );

/** What decides who works on a stream. */
type StreamUsers = Pick<Stream, "name" | "prefix" | "writers" | "uploader">;

/** Prometheus runs in the writer's cluster and account; every other component runs beside the observer. Receive and Rule upload to some streams only. */
function blockRoleArns(fleet: FleetFacts, { name, writers, uploader }: StreamUsers, component: BlockComponent): string[] {
    if ((component === "receive" || component === "rule") && component !== uploader) return [];
    if (component !== "prometheus") return [fleetRoleArn(fleet, roleName(fleet.domain, name, component))];
    return writers
        .filter(uploadsItself)
        .map((writer) =>
            assumesRole(fleet, writer)
                ? fleetRoleArn(fleet, observerRoleName(fleet.domain, writer.name))
                : prometheusRoleArn(fleet, writer),
        );
}

const fleetRoleArn = ({ region, account, rolePath }: FleetFacts, name: string) =>
    roleArn({ partition: partitionOf(region), account, path: rolePath }, name);

/** Whether a cluster uploads its blocks through a role of the observer's account. */
export const assumesRole = ({ account }: Pick<FleetFacts, "account">, writer: Writer) =>
    writer.via === "role" && uploadsItself(writer) && (writer.account ?? account) !== account;
