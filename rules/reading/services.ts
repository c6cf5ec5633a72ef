import type { Manifest } from "./manifest";
import { isA, type Workload, workloadOf } from "./workload";

/** What a host name means inside a cluster. */
export interface ServiceName {
    readonly name: string;
    readonly namespace: string;
}

type Pods = Pick<Workload, "namespace" | "podLabels">;

/** A Service, and the workloads whose pods it selects. */
export interface Service {
    readonly headless: boolean;
    readonly annotations: Readonly<Record<string, string>>;
    /** Whether it leads to such pods. */
    selects(pods: Pods): boolean;
    readonly behind: readonly { readonly manifest: Manifest; readonly workload: Workload }[];
}

interface Fields {
    readonly metadata?: {
        readonly name?: string;
        readonly namespace?: string;
        readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec?: { readonly clusterIP?: string; readonly selector?: Readonly<Record<string, string>> };
}

/** `receive.monitoring.svc.cluster.local` names Service receive of namespace monitoring; `receive` one of the namespace of who asks. Undefined for a host that is none. */
export function serviceNamed(host: string, namespace: string): ServiceName | undefined {
    const [name = "", of = namespace, svc = "svc"] = host.split(".");
    return name === "" || svc !== "svc" ? undefined : { name, namespace: of };
}

/** Undefined where it is not among the manifests, or selects nothing by itself. */
export function serviceOf({ name, namespace }: ServiceName, manifests: readonly Manifest[]): Service | undefined {
    const service = manifests
        .filter((manifest) => isA(manifest, "v1", "Service") || isA(manifest, "core/v1", "Service"))
        .map(({ fields }) => fields as Fields)
        .find(({ metadata }) => metadata?.name === name && (metadata.namespace ?? "default") === namespace);
    const selector = Object.entries(service?.spec?.selector ?? {});
    if (service === undefined || selector.length === 0) return undefined;
    const selects: Service["selects"] = (pods) =>
        pods.namespace === namespace && selector.every(([label, value]) => pods.podLabels[label] === value);
    return {
        headless: service.spec?.clusterIP === "None",
        annotations: service.metadata?.annotations ?? {},
        selects,
        behind: manifests.flatMap((manifest) => {
            const workload = workloadOf(manifest);
            return workload !== undefined && selects(workload) ? [{ manifest, workload }] : [];
        }),
    };
}
