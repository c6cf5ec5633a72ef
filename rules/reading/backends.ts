import type { Backends } from "../model";
import { receiveMode } from "./commandLine";
import { type Process, processesOf, type Surroundings } from "./process";
import { type ServiceName, serviceNamed, serviceOf } from "./services";

/** The pods behind the Service that an endpoint names, where each has samples of its own. Undefined where they have not, or where nobody knows. */
export function backendsOf(address: string, namespace: string, around: Surroundings): Backends | undefined {
    const [, host = ""] = /^(?:dns\+)?([a-z0-9.-]+):\d+$/.exec(address) ?? [];
    const named = serviceNamed(host, namespace);
    return named && around.quietly(() => backends(named, around));
}

function backends(named: ServiceName, around: Surroundings): Backends | undefined {
    const service = serviceOf(named, around.manifests);
    const processes = (service?.behind ?? []).flatMap(({ manifest }) =>
        processesOf(manifest, manifest.name, ["receive", "sidecar"], around).filter(hasSamples),
    );
    const [first] = processes;
    if (service === undefined || first === undefined) return undefined;
    return {
        program: first.component === "receive" ? "Receive" : "Prometheus",
        pods: processes.reduce((sum, { workload }) => sum + workload.replicas, 0),
        headless: service.headless,
    };
}

const hasSamples = ({ component, line }: Process) => component === "sidecar" || receiveMode(line).stores;
