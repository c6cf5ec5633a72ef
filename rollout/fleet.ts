import { ConfigError } from "../config/configError";
import { parseConfig } from "../config/engineConfig";
import { loadConfig } from "../config/load";
import type { StackConfig } from "../config/schema";
import { openStackFile, PROJECT } from "../engine/stackFile";
import type { Problem } from "../rules/problem";
import type { FleetStack } from "./waves";

/** Reads the stack files and checks their settings. Throws one ConfigError with the problems of all of them. Paths in them begin at the working directory. */
export function readFleet(names: readonly string[]): FleetStack[] {
    const read = names.map((name) => {
        let locate = (problem: Problem) => problem;
        try {
            const file = openStackFile(".", name);
            locate = file.locate;
            return { stack: fleetStack(name, loadConfig(parseConfig(file.config, PROJECT))) };
        } catch (error) {
            if (!(error instanceof ConfigError)) throw error;
            return { problems: error.problems.map(locate).map((problem) => ({ ...problem, path: `${name}: ${problem.path}` })) };
        }
    });
    const problems = read.flatMap(({ problems: found }) => found ?? []);
    if (problems.length > 0) throw new ConfigError("stack files", problems);
    return read.flatMap(({ stack }) => stack ?? []);
}

function fleetStack(name: string, config: StackConfig): FleetStack {
    const { role, cluster } = config;
    const labels = config.prometheus.externalLabels;
    if (config.role === "observee")
        return { name, role, cluster, labels, observer: config.observer.slice(config.observer.lastIndexOf("/") + 1) };
    const archived = config.observees.flatMap((observee) => (observee.archived ? [observee.name] : []));
    return { name, role, cluster, labels, ...(archived.length > 0 && { archived }) };
}
