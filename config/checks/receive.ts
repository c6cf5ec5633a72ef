import { type Problem, Problems } from "../../rules/problem";
import { type ObserverConfig, WRITES_REMOTELY } from "../schema";

/** What no single setting of Receive shows. */
export const receiveChecks = (config: ObserverConfig): Problem[] => limitedTenants(config);

/** An archived cluster may keep its entry. */
function limitedTenants({ receive, observees }: ObserverConfig): Problem[] {
    const writers = observees.filter(({ mode }) => WRITES_REMOTELY[mode]).map(({ name }) => name);
    const problems = new Problems();
    for (const tenant of Object.keys(receive.limits.tenants))
        problems.when(
            !writers.includes(tenant),
            `receive.limits.tenants.${tenant}`,
            "no observee of that name writes remotely.",
            writers.length > 0 ? `Write ${writers.join(" or ")}, or remove the entry.` : "Remove the entry.",
        );
    return problems.all();
}
