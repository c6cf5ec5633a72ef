import type { Backends } from "../model";
import { receiveMode } from "./commandLine";
import { type Process, processesOf, type Surroundings } from "./process";
import { type ServiceName, serviceNamed, serviceOf } from "./services";
import { operatedPodsOf } from "./sidecar";

/** `receive:10901`, `dns+receive:10901`, `dnssrv+_grpc._tcp.receive`. Where the Service has an address of its own, all of them lead there. */
const SERVICE = /^(?:dns\w*\+)?(?:_[\w-]+\._[a-z]+\.)?([a-z0-9.-]+?)(?::\d+)?$/;

/** The pods behind the Service that an endpoint names, where each has samples of its own. Undefined where they have not, or where nobody knows. */
export function backendsOf(address: string, namespace: string, around: Surroundings): Backends | undefined {
    const [, host = ""] = SERVICE.exec(address) ?? [];
    const named = serviceNamed(host, namespace);
    return named && around.quietly(() => backends(named, around));
}

function backends(named: ServiceName, around: Surroundings): Backends | undefined {
    const service = serviceOf(named, around.manifests);
    const processes = (service?.behind ?? []).flatMap(({ manifest }) =>
        processesOf(manifest, manifest.name, ["receive", "sidecar"], around).filter(hasSamples),
    );
    const operated = around.manifests
        .flatMap((manifest) => operatedPodsOf(manifest) ?? [])
        .filter((pods) => service?.selects(pods) ?? (pods.namespace === named.namespace && pods.isBehind(named.name)));
    const replicas = [...processes.map(({ workload }) => workload.replicas), ...operated.map((pods) => pods.replicas)];
    if (replicas.length === 0) return undefined;
    return {
        program: processes[0]?.component === "receive" ? "Receive" : "Prometheus",
        pods: replicas.reduce((sum, count) => sum + count, 0),
        // The operator and the chart make headless Services.
        headless: service?.headless ?? true,
    };
}

const hasSamples = ({ component, line }: Process) => component === "sidecar" || receiveMode(line).stores;
