import { ConfigError } from "../config/configError";
import { chooseFleet, chooseSource, SOURCE_TEXT, type Source, type Wishes } from "./clusterSources";
import { type Verdict, verdicts } from "./doctor";
import type { FleetName } from "./fleet/settings";
import { readFleet, readFleetState } from "./fleet/state";
import { machineFacts } from "./machineFacts";

/** What the user asked for on the command line. */
export interface Asked extends Pick<Wishes, "contexts" | "clusters"> {
    /** Whether the fleet is to have agents. */
    agents: boolean;
}

/** Which clusters this run makes, where they come from, and what the machine says to it. */
interface Examination {
    fleet: FleetName;
    source: Source;
    checks: Verdict[];
}

/** Looks at this machine, before anything is made on it. Throws a ConfigError where no clusters can be had. */
export async function examine({ agents, ...asked }: Asked): Promise<Examination> {
    const [lastRun, present, facts] = await Promise.all([readFleetState(), readFleet(), machineFacts()]);
    const fleet = chooseFleet(agents, present);
    const source = chooseSource({ ...asked, fleet, ...(lastRun && { present: lastRun.how }) }, facts);
    return { fleet, source, checks: verdicts(fleet, source.how, facts, lastRun !== undefined) };
}

/** What `npm start -- --doctor` tells: where the clusters would come from, and every check; or why there can be none. */
export async function diagnose(asked: Asked): Promise<Verdict[]> {
    try {
        const { source, checks } = await examine(asked);
        return [{ check: "clusters", state: "ok", found: `${SOURCE_TEXT[source.how]}: ${source.why}` }, ...checks];
    } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.problems.map(({ path, problem, remedy }) => ({ check: path, state: "failed", found: problem, remedy }));
    }
}
