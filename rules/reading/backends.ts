import type { Backends } from "../model";
import { receiveFlags } from "./commandLine";
import { type Process, processesOf, type Surroundings } from "./process";
import { isA, workloadOf } from "./workload";

interface ServiceFields {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
    readonly spec?: { readonly clusterIP?: string; readonly selector?: Readonly<Record<string, string>> };
}

/** The pods behind the Service that an endpoint names, where each has samples of its own. Undefined where they have not, or where nobody knows. */
export function backendsOf(address: string, namespace: string, around: Surroundings): Backends | undefined {
    const found = serviceIn(address, namespace);
    return found && around.quietly(() => backends(found, around));
}

interface ServiceName {
    readonly name: string;
    readonly namespace: string;
}

/** `dns+receive.monitoring.svc.cluster.local:10901` names Service receive of namespace monitoring; `receive:10901` one of the same namespace. */
function serviceIn(address: string, namespace: string): ServiceName | undefined {
    const [, host = ""] = /^(?:dns\+)?([a-z0-9.-]+):\d+$/.exec(address) ?? [];
    const [name = "", of = namespace, svc = "svc"] = host.split(".");
    return name === "" || svc !== "svc" ? undefined : { name, namespace: of };
}

function backends({ name, namespace }: ServiceName, around: Surroundings): Backends | undefined {
    const service = around.manifests
        .filter((manifest) => isA(manifest, "v1", "Service") || isA(manifest, "core/v1", "Service"))
        .map(({ fields }) => fields as ServiceFields)
        .find(({ metadata }) => metadata?.name === name && (metadata.namespace ?? "default") === namespace);
    const selector = Object.entries(service?.spec?.selector ?? {});
    if (service === undefined || selector.length === 0) return undefined;
    const processes = around.manifests.flatMap((manifest) => {
        const workload = workloadOf(manifest);
        const isSelected = workload?.namespace === namespace && selector.every(([label, value]) => workload.podLabels[label] === value);
        return isSelected ? processesOf(manifest, manifest.name, ["receive", "sidecar"], around).filter(hasSamples) : [];
    });
    const [first] = processes;
    if (first === undefined) return undefined;
    return {
        program: first.component === "receive" ? "Receive" : "Prometheus",
        pods: processes.reduce((sum, { workload }) => sum + workload.replicas, 0),
        headless: service.spec?.clusterIP === "None",
    };
}

const hasSamples = ({ component, line }: Process) => component === "sidecar" || receiveFlags(line).stores;
