import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { RULE_REPLICA_LABEL } from "../../config/labels";
import type { RuleFile } from "../../config/ruleFiles";
import type { RuleConfig } from "../../config/schema";
import { keepsBlocks, RULE_STREAM } from "../../config/streams";
import { goTime } from "../../rules/duration";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import type { Client } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { PART_OF, podsOf } from "../naming/labels";
import { alertmanagerPodsOf, grpcPodsOf, serviceHost, thanosName } from "../naming/names";
import { type AlertTargets, alertmanagerSecrets, alertmanagerTls } from "../tls/alertmanagerFiles";
import type { Endpoint } from "./endpoints";
import { ruleWriteUrl } from "./receive";
import { CONFIG_DIR, DATA_DIR, OBJECT_STORE_FILE, SECRETS_DIR, THANOS_PORTS, type ThanosPods, workload } from "./workload";

export interface RuleArgs extends Omit<RuleConfig, "files">, ThanosPods {
    /** The rule files. */
    files: readonly RuleFile[];
    /** Length of the blocks that it cuts and uploads, a duration. */
    blockDuration: string;
    /** Kubernetes namespace. */
    namespace: string;
    /** Component of the Query that it asks. */
    query: Client;
    /** The Alertmanagers that get its alerts: those that this cluster's own go to. */
    alerting: Pick<AlertTargets, "alertmanager" | "external">;
    /** URL of the page on which people look at the expression of an alert. */
    page: string;
    /** Access to the blocks of Rule's own stream. @default none: with `stream` */
    blocks?: StreamAccess | undefined;
    /** StorageClass of its volumes. */
    storageClass: string;
    /** Nodes of the pods. @default any node */
    placement?: Placement | undefined;
}

const NAME = thanosName("rule");
/** The Service by which Rule asks Query. */
const QUERY = thanosName("rule-query");

/** Rule's pods, as Query asks them, for rules and alerts. Stateful ones also have the samples that they have evaluated themselves; Query merges them. */
export const ruleEndpoint = (namespace: string): Endpoint => ({ address: grpcPodsOf(NAME, namespace) });

/** Name of the remote write to Receive, the label `remote_name` of its metrics. */
export const RULE_WRITE_NAME = "receive";

/**
 * Flags of `thanos rule`, with blocks of its own or with remote write to Receive. In the latter case it serves no samples, and asks Query for the state of its
 * alerts when it starts (cmd/thanos/rule.go).
 *
 * A group whose query lacks a source fails instead of being evaluated on the rest of the data: Rule asks Query with `partial_response=false`, unless the group
 * sets `partial_response_strategy` (pkg/rules/manager.go). That is Thanos's default, so there is no flag for it here.
 *
 * The replica label is the only external label. External labels replace those of the series (pkg/store/tsdb.go): a label `cluster` would make every recorded
 * series and every alert the observer's.
 */
export function ruleFlags(
    args: Pick<
        RuleArgs,
        "stream" | "blockDuration" | "namespace" | "alerting" | "page" | "evaluationInterval" | "queryOffset" | "retention"
    > & {
        files: readonly Pick<RuleFile, "name">[];
    },
): string[] {
    const alertmanagers = alertmanagersOf(args.alerting, args.namespace);
    return [
        "rule",
        "--log.format=json",
        "--enable-auto-gomemlimit",
        `--data-dir=${DATA_DIR}`,
        ...(keepsBlocks(args)
            ? [
                  `--objstore.config-file=${OBJECT_STORE_FILE}`,
                  `--tsdb.block-duration=${args.blockDuration}`,
                  `--tsdb.retention=${args.retention}`,
              ]
            : [
                  `--remote-write.config=${JSON.stringify({ remote_write: [{ name: RULE_WRITE_NAME, url: ruleWriteUrl(args.namespace) }] })}`,
              ]),
        ...args.files.map(({ name }) => `--rule-file=${CONFIG_DIR}/${name}`),
        `--eval-interval=${goTime(args.evaluationInterval)}`,
        `--rule-query-offset=${goTime(args.queryOffset)}`,
        // Not Query Frontend, which would answer from its cache.
        `--query=http://${serviceHost(QUERY, args.namespace)}:${THANOS_PORTS.http}`,
        `--label=${RULE_REPLICA_LABEL}="$(POD_NAME)"`,
        // Without it each pod would send an alert of its own.
        `--alert.label-drop=${RULE_REPLICA_LABEL}`,
        `--alert.query-url=${args.page}`,
        // In the arguments and not in a file, because Thanos reads it only when it starts, and another text replaces the pods. JSON is YAML on one line.
        ...(alertmanagers ? [`--alertmanagers.config=${JSON.stringify({ alertmanagers })}`] : []),
    ];
}

/** The Alertmanagers of a cluster, as Thanos's configuration has them; undefined where alerts go nowhere. */
function alertmanagersOf({ alertmanager, external }: RuleArgs["alerting"], namespace: string) {
    if (alertmanager === "off") return undefined;
    if (alertmanager === "install") return [{ static_configs: [alertmanagerPodsOf(namespace)], api_version: "v2" }];
    return external.map((address) => {
        const { url, tokenSecret } = address;
        const { protocol, host, pathname } = new URL(url);
        const tls = alertmanagerTls(address, SECRETS_DIR);
        const http = {
            ...(Object.keys(tls).length > 0 && { tls_config: tls }),
            ...(tokenSecret && { bearer_token_file: `${SECRETS_DIR}/${tokenSecret}/token` }),
        };
        return {
            scheme: protocol.slice(0, -1),
            ...(pathname !== "/" && { path_prefix: pathname }),
            static_configs: [host],
            ...(Object.keys(http).length > 0 && { http_config: http }),
            api_version: "v2",
        };
    });
}

/** Thanos Rule: evaluates rules over the series of all clusters, by asking Query, and stores what it records in a stream of its own, or writes it to Receive. */
export class Rule extends pulumi.ComponentResource {
    readonly volumes: pulumi.Resource[];

    constructor(name: string, args: RuleArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Rule", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace } = args;
        const stateful = keepsBlocks(args);

        // A Service with an address of its own passes requests to ready pods only. With the headless Service of Query, Rule tried to connect to a pod that had just gone,
        // without a time limit (pkg/clientconfig/config.go sets none for `--query`): after each rollout of Query it evaluated nothing for two minutes.
        new k8s.core.v1.Service(
            QUERY,
            {
                metadata: { name: QUERY, namespace, labels: PART_OF },
                spec: { selector: podsOf(args.query), ports: [{ name: "http", port: THANOS_PORTS.http, targetPort: "http" }] },
            },
            childOpts,
        );
        const { volumes } = workload(
            {
                name: NAME,
                namespace,
                component: "rule",
                stream: stateful ? RULE_STREAM : undefined,
                flags: ruleFlags(args),
                replicas: args.replicas,
                ports: THANOS_PORTS,
                clients: { grpc: ["query"] },
                storage: stateful ? { size: args.storage, class: args.storageClass, placement: args.placement } : undefined,
                blocks: args.blocks,
                // A stateless Rule keeps what it has not written yet in a log that needs no volume: after a restart it would not write what is older than the start
                // anyway (Prometheus, tsdb/wlog/watcher.go).
                scratch: !stateful,
                placement: args.placement,
                config: Object.fromEntries(args.files.map(({ name: file, text }) => [file, text])),
                // Thanos rereads rule files only after a SIGHUP or a request, which nobody sends: changed rules replace the pods.
                configAtStart: true,
                // The list is empty unless `alertmanager` is `external` (config/checks/index.ts) or `fleet`.
                secrets: alertmanagerSecrets(args.alerting.external),
                memory: args.memory,
                cpu: args.cpu,
                image: args.image,
                tracing: args.tracing,
            },
            childOpts,
        );

        this.volumes = volumes;
        this.registerOutputs();
    }
}
