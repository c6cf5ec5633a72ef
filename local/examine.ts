import { ConfigError } from "../config/configError";
import { chooseFleet, chooseSource, SOURCE_TEXT, type Source, userKubeConfig, type Wishes } from "./clusterSources";
import { type Verdict, verdicts } from "./doctor";
import type { ClusterName, FleetName } from "./fleet/settings";
import { readFleet, readFleetState } from "./fleet/state";
import { checkGiven } from "./givenClusters";
import { machineFacts } from "./machineFacts";

/** What the user asked for on the command line. */
export interface Asked extends Pick<Wishes, "contexts" | "clusters" | "nodeImage"> {
    /** Whether the fleet is to have agents. */
    agents: boolean;
}

/** Which clusters this run makes, where they come from, and what the machine says to it. */
interface Examination {
    fleet: FleetName;
    source: Source;
    checks: Verdict[];
}

/** Looks at this machine and at the clusters that the user named, before anything is made. Throws a ConfigError where no clusters can be had. */
export async function examine({ agents, ...asked }: Asked, signal: AbortSignal): Promise<Examination> {
    const [lastRun, present, facts] = await Promise.all([readFleetState(), readFleet(), machineFacts()]);
    const fleet = chooseFleet(agents, present);
    const source = chooseSource({ ...asked, fleet, ...(lastRun && { present: lastRun.how }) }, facts);
    const checks = verdicts(fleet, source.how, facts, lastRun !== undefined);
    if (source.how !== "given") return { fleet, source, checks };
    const clusters = Object.entries(source.contexts).map(([name, context]) => {
        const config = userKubeConfig();
        config.setCurrentContext(context);
        return { name: name as ClusterName, context, config };
    });
    const given = await checkGiven(clusters, lastRun ?? { ids: {}, targets: {} }, signal);
    return { fleet, source: { ...source, storageClasses: given.storageClasses }, checks: [...checks, ...given.checks] };
}

/** What `npm start -- --doctor` tells: where the clusters would come from, and every check; or why there can be none. */
export async function diagnose(asked: Asked, signal: AbortSignal): Promise<Verdict[]> {
    try {
        const { source, checks } = await examine(asked, signal);
        return [{ check: "clusters", state: "ok", found: `${SOURCE_TEXT[source.how]}: ${source.why}` }, ...checks];
    } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.problems.map(({ path, problem, remedy }) => ({ check: path, state: "failed", found: problem, remedy }));
    }
}
