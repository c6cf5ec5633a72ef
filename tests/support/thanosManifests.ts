import { readable } from "../../policies/properties";
import type { Manifest } from "../../rules/reading/manifest";

/** What the engine sends for a string that is unknown before the update (`policies/properties.ts`). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const IMAGE = "quay.io/thanos/thanos:v0.42.4";

/** A manifest as a registered resource gives it: reading an unknown value throws. */
export const manifest = (apiVersion: string, kind: string, name: string, fields: object): Manifest => ({
    apiVersion,
    kind,
    name,
    id: `urn:pulumi:dev::fleet::kubernetes:${apiVersion}:${kind}::${name}`,
    fields: readable(fields),
});

export const workload = (
    kind: "StatefulSet" | "Deployment",
    name: string,
    args: string[],
    differences: { replicas?: unknown; stream?: string; strategy?: string } = {},
): Manifest =>
    manifest("apps/v1", kind, name, {
        metadata: {
            name,
            namespace: "monitoring",
            labels: differences.stream === undefined ? {} : { "thanos-fleet/stream": differences.stream },
        },
        spec: {
            ...("replicas" in differences && { replicas: differences.replicas }),
            ...(differences.strategy !== undefined && { strategy: { type: differences.strategy } }),
            template: { spec: { containers: [{ name: "thanos", image: IMAGE, args }] } },
        },
    });

const retentionFlags = (raw: string) => [
    `--retention.resolution-raw=${raw}`,
    "--retention.resolution-5m=90d",
    "--retention.resolution-1h=90d",
];

export const compact = (name: string, stream: string, raw = "90d") =>
    workload("StatefulSet", name, ["compact", "--wait", ...retentionFlags(raw)], { replicas: 1, stream });
export const router = (replicationFactor: string) =>
    workload(
        "Deployment",
        "thanos-receive-router",
        ["receive", "--receive.hashrings-file=/h.json", `--receive.replication-factor=${replicationFactor}`],
        { replicas: 2 },
    );
export const ingester = (replicas: unknown, name = "thanos-receive-ingester") =>
    workload("StatefulSet", name, ["receive", "--tsdb.path=/data"], { replicas });
export const release = (fields: object) => manifest("helm.sh/v3", "Release", "kube-prometheus-stack", fields);
