// Imported by file, because all of helm/v3 takes 70 ms longer to load.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { isEncrypted } from "../../config/engineConfig";
import type { ScrapeConfig } from "../../config/schema";
import { VERSIONS } from "../../upstream/versions";
import type { StreamAccess } from "../blocks/blockStorage";
import { checksum } from "../kubernetes/checksum";
import { childOptions } from "../kubernetes/childOptions";
import { claims } from "../kubernetes/claims";
import { type Clients, networkPolicy } from "../kubernetes/networkPolicy";
import { PART_OF } from "../naming/labels";
import {
    ALERTS_TLS,
    GRPC_PORT,
    grpcPodsOf,
    HTTP_PORT,
    KPS,
    PROMETHEUS,
    PROMETHEUS_PORT,
    prometheusClaim,
    prometheusPods,
    REMOTE_WRITE_TLS,
    SIDECAR_SERVICE,
} from "../naming/names";
import type { Endpoint } from "../thanos/endpoints";
import { type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import type { GrafanaServer } from "./grafana";
import { type ChartValues, hasNull, mergeValues } from "./mergeValues";
import { scrapeConfigs } from "./scrapeConfigs";
import { thanosServiceMonitor } from "./thanosServiceMonitor";
import { CLAIMED_SIZE, kubePrometheusStackValues, type ValuesArgs } from "./values";

export interface PrometheusArgs extends Omit<ValuesArgs, "objectStore" | "annotations" | "remoteWrite" | "grafana"> {
    /** Targets beside those of ServiceMonitors. */
    scrapeConfigs: readonly ScrapeConfig[];
    /** Kubernetes namespace. */
    namespace: string;
    /** Access to the blocks of this cluster's stream. `undefined`: Prometheus is an agent. */
    blocks: StreamAccess | undefined;
    /** URL of Receive, and the client certificate for it. @default no remote write */
    remoteWrite?: { url: string; tls: TlsCredentials } | undefined;
    /** Client certificate for the fleet's Alertmanager. @default its alerts do not go there */
    alertsTls?: TlsCredentials | undefined;
    /** Grafana, on the observer. @default none */
    grafana?: pulumi.Input<GrafanaServer> | undefined;
    /** The user's values of the chart, over this project's. */
    values: ChartValues;
    /** The chart kube-prometheus-stack: a reference (`oci://...`, `repo/name`), or a directory (`/...`, `./...`, `../...`). */
    chart: string;
}

/**
 * kube-prometheus-stack with a Thanos sidecar beside each Prometheus, and the ServiceMonitor that scrapes the Thanos pods. Or with agents, which have no
 * sidecars.
 */
export class Prometheus extends pulumi.ComponentResource {
    /** Every sidecar of this cluster. */
    readonly sidecars: Endpoint;
    readonly volumes: pulumi.Resource[];
    /** Hash of the chart's values, without what the user has encrypted. */
    readonly configHash: pulumi.Output<string>;

    constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:prometheus:Prometheus", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, blocks } = args;
        const remoteWrite = args.remoteWrite && {
            url: args.remoteWrite.url,
            tlsSecret: tlsSecret(REMOTE_WRITE_TLS, { namespace, tls: args.remoteWrite.tls }, childOpts).metadata.name,
        };
        const alertsTls = args.alertsTls && tlsSecret(ALERTS_TLS, { namespace, tls: args.alertsTls }, childOpts);

        this.volumes = claims(
            {
                names: Array.from({ length: args.replicas }, (_, ordinal) => prometheusClaim(ordinal, blocks === undefined)),
                namespace,
                labels: PART_OF,
                class: args.storageClass,
                size: args.storage,
            },
            childOpts,
        );

        const ownValues = pulumi
            .output({
                objectStore: blocks && { secret: blocks.objectStoreSecret, checksum: blocks.objectStoreChecksum },
                annotations: blocks?.annotations ?? {},
                remoteWrite,
                grafana: args.grafana,
            })
            .apply((resolved) => kubePrometheusStackValues({ ...args, ...resolved }));
        this.configHash = checksum(ownValues.apply((own) => JSON.stringify([own, isEncrypted("prometheus") ? null : args.values])));

        // A Release, not a Chart: Helm's own rollback and hooks, and one resource in the plan. Tests check the values instead (docs/adr/0005).
        const release = new Release(
            KPS,
            {
                name: KPS,
                chart: args.chart,
                // A directory has one version: its own. `repo/name` without a version would be the newest at each update.
                ...(!isDirectory(args.chart) && { version: VERSIONS.kubePrometheusStack }),
                namespace,
                values: ownValues.apply((own) => mergeValues(own, args.values, secretIfEncrypted())),
                // Otherwise the provider removes every null before Helm sees it.
                ...(hasNull(args.values) && { allowNullValues: true }),
                timeout: 900,
                maxHistory: 10,
            },
            pulumi.mergeOptions(childOpts, {
                // After the volumes: blocks may fill a share of what they have, not of what they are to get (`retentionSize`).
                dependsOn: [...(blocks?.ready ?? []), ...this.volumes, ...(alertsTls ? [alertsTls] : [])],
                // With another size in the claim template the operator deletes the StatefulSet and all pods, and makes it again (its pkg/k8s/statefulset.go).
                ignoreChanges: [CLAIMED_SIZE],
            }),
        );

        // The chart installs the CRD of ServiceMonitor.
        thanosServiceMonitor({ namespace }, { parent: this, dependsOn: [release] });

        scrapeConfigs(args, { parent: this, dependsOn: [release] });

        networkPolicy(
            KPS,
            {
                namespace,
                labels: PART_OF,
                pods: prometheusPods(PROMETHEUS),
                clients: [
                    // Its own page and API, for whoever uses them in this cluster.
                    [PROMETHEUS_PORT, "anywhere"],
                    [RELOADER_PORT, ["prometheus"]],
                    ...(blocks ? SIDECAR_CLIENTS : []),
                ],
            },
            childOpts,
        );

        this.sidecars = { address: grpcPodsOf(SIDECAR_SERVICE, namespace) };
        this.registerOutputs({ sidecars: this.sidecars, configHash: this.configHash });
    }
}

/** Who connects to the ports of a sidecar. */
const SIDECAR_CLIENTS: [port: number, from: Clients][] = [
    [GRPC_PORT, ["query"]],
    [HTTP_PORT, ["prometheus"]],
];

/** Port of the config reloader in the pods that the operator makes. */
const RELOADER_PORT = 8080;

/** Where something in the setting is encrypted, every value of the user is a secret, in the state and on the screen. */
const secretIfEncrypted = () => (isEncrypted("prometheus") ? pulumi.secret : undefined);

/** Whether a chart is a directory, written with a slash or a dot at its beginning. */
const isDirectory = (chart: string) => /^\.{0,2}\//.test(chart);
