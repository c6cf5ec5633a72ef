import { ConfigError } from "../config/configError";
import { chooseSource, SOURCE_TEXT, type Source, type Wishes } from "./clusterSources";
import { type Verdict, verdicts } from "./doctor";
import { readFleetState } from "./fleet/state";
import { machineFacts } from "./machineFacts";

/** Where the clusters of this run come from, and what the machine says to it. */
interface Examination {
    source: Source;
    checks: Verdict[];
}

/** Looks at this machine, before anything is made on it. Throws a ConfigError where no clusters can be had. */
export async function examine(wishes: Omit<Wishes, "present">): Promise<Examination> {
    const [lastRun, facts] = await Promise.all([readFleetState(), machineFacts()]);
    const source = chooseSource({ ...wishes, ...(lastRun && { present: lastRun.how }) }, facts);
    return { source, checks: verdicts(source.how, facts, lastRun !== undefined) };
}

/** What `npm start -- --doctor` tells: where the clusters would come from, and every check; or why there can be none. */
export async function diagnose(wishes: Omit<Wishes, "present">): Promise<Verdict[]> {
    try {
        const { source, checks } = await examine(wishes);
        return [{ check: "clusters", state: "ok", found: `${SOURCE_TEXT[source.how]}: ${source.why}` }, ...checks];
    } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return error.problems.map(({ path, problem, remedy }) => ({ check: path, state: "failed", found: problem, remedy }));
    }
}
