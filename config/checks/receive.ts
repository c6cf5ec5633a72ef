import { type Problem, Problems } from "../../rules/problem";
import { type Ring, ringsOf } from "../rings";
import { type ObserverConfig, WRITES_REMOTELY } from "../schema";
import { streamsOf } from "../streams";

/** What no single setting of Receive shows. */
export const receiveChecks = (config: ObserverConfig): Problem[] => [
    ...limitedTenants(config),
    ...ringProblems(config),
    ...ringsOf(config).flatMap((ring) => zoneProblems(ring, config)),
];

/** Clusters that may be named as tenants. An archived one keeps its place: its samples can still be queried. */
const tenantsOf = ({ observees }: ObserverConfig) => observees.filter(({ mode }) => WRITES_REMOTELY[mode]).map(({ name }) => name);

function limitedTenants(config: ObserverConfig): Problem[] {
    const problems = new Problems();
    for (const tenant of Object.keys(config.receive.limits.tenants))
        problems.add(unknownTenant(config, tenant, `receive.limits.tenants.${tenant}`));
    return problems.all();
}

function unknownTenant(config: ObserverConfig, tenant: string, path: string): Problem[] {
    const tenants = tenantsOf(config);
    return new Problems()
        .when(
            !tenants.includes(tenant),
            path,
            `no observee ${tenant} writes remotely.`,
            tenants.length > 0 ? `Write ${tenants.join(" or ")}, or remove the entry.` : "Remove the entry.",
        )
        .all();
}

/** Rings of one name, and tenants that would write to two rings or are none. */
function ringProblems(config: ObserverConfig): Problem[] {
    const { rings } = config.receive;
    const problems = new Problems();
    const uploaded = streamsOf(config).filter(({ uploader }) => uploader === "receive");
    for (const { name } of uploaded)
        problems.when(
            name.length > NAME_CHARACTERS - 1,
            "streams",
            `"${name}" is too long for the name of the StatefulSet of its ingesters.`,
            `Name the stream with ${NAME_CHARACTERS - 1} characters at most.`,
        );
    const ringOfTenant = new Map<string, string>();
    for (const [i, { name, tenants }] of rings.entries()) {
        const first = rings.findIndex((ring) => ring.name === name);
        problems.when(
            first !== i,
            `receive.rings[${i}].name`,
            `"${name}" is used twice (also receive.rings[${first}].name).`,
            "Rename one.",
        );
        for (const [j, tenant] of tenants.entries()) {
            const path = `receive.rings[${i}].tenants[${j}]`;
            const other = ringOfTenant.get(tenant);
            ringOfTenant.set(tenant, path);
            const home = uploaded.find(({ writers }) => writers.some((writer) => writer.name === tenant));
            problems
                .add(unknownTenant(config, tenant, path))
                .when(
                    home !== undefined && home.name !== name,
                    path,
                    `"${tenant}" is in the stream ${home?.name}, which Receive uploads to: an ingester uploads all that it holds to one stream.`,
                    `Remove it: the ring ${home?.name} takes its samples.`,
                )
                .when(
                    home === undefined && uploaded.some((stream) => stream.name === name),
                    path,
                    `"${tenant}" is not in the stream ${name}, to which this ring uploads: its blocks would be there twice, or in the wrong place.`,
                    `Rename the ring, or add ${tenant} to the writers of the stream.`,
                )
                .when(
                    other !== undefined,
                    path,
                    `"${tenant}" is in a ring already (${other}): a tenant writes to one ring.`,
                    "Remove one of the two.",
                );
        }
    }
    return problems.all();
}

/** `thanos-receive-ingester-` has 24 of the 52 characters that Kubernetes allows for the name of a StatefulSet: its pods' revision label has eleven more. */
const NAME_CHARACTERS = 52 - 24;

/** Zones that are not balanced, not enough, not there, or too long. */
function zoneProblems({ path, name, zones, ingesters, leaving }: Ring, config: ObserverConfig): Problem[] {
    if (zones.length === 0) return [];
    const problems = new Problems();
    const { replicationFactor } = config.receive;
    const existing = zonesCreated(config);
    const evenly = `Write a multiple of ${zones.length}.`;
    for (const [i, zone] of zones.entries())
        problems
            .when(zones.indexOf(zone) !== i, `${path}.zones[${i}]`, `"${zone}" is there twice.`, "Remove one.")
            .when(
                existing !== undefined && !existing.includes(zone),
                `${path}.zones[${i}]`,
                `"${zone}" is not a zone of this cluster (${existing?.join(", ")}).`,
                "Write one of these, or add its letter to aws.cluster.create.zones.",
            )
            .when(
                (name === undefined ? 0 : name.length + 1) + zone.length > NAME_CHARACTERS,
                `${path}.zones[${i}]`,
                `"${zone}" is too long for the name of a StatefulSet, together with the ring's.`,
                `Name the ring with ${NAME_CHARACTERS - 1 - zone.length} characters at most, or leave the zones out.`,
            );
    return problems
        .when(
            zones.length < replicationFactor,
            `${path}.zones`,
            `${zones.length} zones for ${replicationFactor} copies of a sample: a lost zone could take two of them.`,
            `Write ${replicationFactor} zones, or none.`,
        )
        .when(
            ingesters % zones.length !== 0,
            `${path}.ingesters`,
            `${ingesters} are not equally many in each of ${zones.length} zones.`,
            evenly,
        )
        .when(leaving % zones.length !== 0, `${path}.leaving`, `${leaving} are not equally many in each of ${zones.length} zones.`, evenly)
        .all();
}

/** The zones of a cluster that the stack creates with its own network; of another one they are not known. */
function zonesCreated(config: ObserverConfig): string[] | undefined {
    if (config.cloud !== "aws") return undefined;
    const { region, cluster } = config.aws;
    if (cluster.create === undefined || cluster.create.subnetIds !== undefined) return undefined;
    return cluster.create.zones.map((letter) => `${region}${letter}`);
}
