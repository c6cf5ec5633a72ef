import { type Problem, Problems } from "../../rules/problem";
import { type ObserverConfig, WRITES_REMOTELY } from "../schema";

/** What no single setting of Receive shows. */
export const receiveChecks = (config: ObserverConfig): Problem[] => [...limitedTenants(config), ...ringProblems(config)];

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
            problems
                .add(unknownTenant(config, tenant, path))
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
