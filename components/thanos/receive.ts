import * as pulumi from "@pulumi/pulumi";
import { CLUSTER_LABEL, RECEIVE_REPLICA_LABEL } from "../../config/labels";
import { hasTenants, type Ring } from "../../config/rings";
import type { ReceiveConfig } from "../../config/schema";
import { RULE_STREAM } from "../../config/streams";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { loadBalancerService } from "../kubernetes/loadBalancerService";
import type { Placement } from "../kubernetes/placement";
import { NODE_ZONE_LABEL, PART_OF, podsOf } from "../naming/labels";
import {
    externalServiceName,
    grpcPodsOf,
    ingesterComponent,
    REMOTE_WRITE_PORT,
    receiveHost,
    serviceHost,
    thanosName,
    tlsSecretName,
} from "../naming/names";
import { type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import type { Endpoint } from "./endpoints";
import { hashringsFile, membersOf, partsOf, type RingPart } from "./hashring";
import { limitsFile } from "./limits";
import { serverTlsFlags } from "./serverTls";
import {
    CONFIG_DIR,
    DATA_DIR,
    OBJECT_STORE_FILE,
    type ServingPods,
    serviceAccount,
    THANOS_PORTS,
    type Workload,
    workload,
} from "./workload";

export interface ReceiveArgs
    extends ServingPods,
        Pick<
            ReceiveConfig,
            | "routers"
            | "replicationFactor"
            | "retention"
            | "blockDuration"
            | "lateSamples"
            | "limits"
            | "routerMemory"
            | "routerCpu"
            | "routerAutoscale"
        > {
    /** Kubernetes namespace. */
    namespace: string;
    /** DNS domain of the fleet. */
    domain: string;
    /** Which clusters may write, and the ingesters that take their samples. */
    rings: readonly Ring[];
    /** Access to the blocks of a stream, for the ring that uploads to it. */
    blocksOf: (stream: string) => StreamAccess;
    /** StorageClass of the ingesters' volumes. */
    storageClass: string;
    /** Annotations of the routers' Service, for the cloud's load balancer controller. */
    loadBalancer: Record<string, string>;
    /** Nodes of the ingesters. @default any node */
    placement?: Placement | undefined;
    /** Nodes of the routers. @default any node */
    routerPlacement?: Placement | undefined;
    /** URL of a Prometheus that scrapes the ingesters: by their number of series the routers limit tenants. */
    metaMonitoring: string;
    /** Server certificate of the routers. */
    tls: TlsCredentials;
}

const HASHRINGS = "hashrings.json";
const LIMITS = "limits.yml";
const REMOTE_WRITE = { "remote-write": REMOTE_WRITE_PORT };

// The algorithm is a flag of ingesters too: it decides what happens to the head block when the ring changes (Thanos, cmd/thanos/receive.go).
const RECEIVE = ["receive", "--log.format=json", "--enable-auto-gomemlimit", "--receive.hashrings-algorithm=ketama"];

/** The routers that only Rule writes to. */
const RULE_ROUTERS = thanosName("receive-router-rule");

/** URL that a stateless Rule writes to. */
export const ruleWriteUrl = (namespace: string) => `http://${serviceHost(RULE_ROUTERS, namespace)}:${REMOTE_WRITE_PORT}/api/v1/receive`;

/** Flags of every router: `thanos receive` with a hashring and no storage. */
function forwardingFlags(args: Pick<ReceiveArgs, "replicationFactor">): string[] {
    return [
        ...RECEIVE,
        `--receive.hashrings-file=${CONFIG_DIR}/${HASHRINGS}`,
        // A router that misses the file's change reads it again after this time. Thanos's default of 5 minutes leaves two routers with two rings meanwhile.
        "--receive.hashrings-file-refresh-interval=30s",
        `--receive.replication-factor=${args.replicationFactor}`,
        `--receive.limits-config-file=${CONFIG_DIR}/${LIMITS}`,
        // Receive does not start without an external label, although a router stores nothing.
        `--label=receive_router="$(POD_NAME)"`,
    ];
}

/** Flags of the routers that clusters write to. */
export function routerFlags(args: Pick<ReceiveArgs, "replicationFactor">): string[] {
    return [
        ...forwardingFlags(args),
        ...serverTlsFlags("remote-write.server"),
        // The tenant is the common name of the client's certificate, not a header (Thanos, pkg/tenancy): a cluster can write only as itself.
        "--receive.tenant-certificate-field=commonName",
    ];
}

/**
 * Flags of the routers that Rule writes to. The tenant of a series is its label `cluster`: ingesters announce the tenant under that label, in place of the series'
 * own one (pkg/store/tsdb.go), so with one tenant for all, series that differ in `cluster` would become one. Whoever reaches such a router writes for any
 * cluster: nobody but Rule may (docs/adr/0030).
 */
export function ruleRouterFlags(args: Pick<ReceiveArgs, "replicationFactor">): string[] {
    return [...forwardingFlags(args), `--receive.split-tenant-label-name=${CLUSTER_LABEL}`, `--receive.default-tenant-id=${RULE_STREAM}`];
}

/** Flags of an ingester: `thanos receive` with storage and no hashring. */
export function ingesterFlags(
    args: Pick<ReceiveConfig, "retention"> & { uploads?: Pick<ReceiveConfig, "blockDuration" | "lateSamples"> | undefined },
): string[] {
    return [
        ...RECEIVE,
        `--tsdb.path=${DATA_DIR}`,
        `--tsdb.retention=${args.retention}`,
        `--label=${RECEIVE_REPLICA_LABEL}="$(POD_NAME)"`,
        // A tenant is a cluster. Ingesters announce it under the label that its sidecars use too, so that Query merges both copies of a series.
        `--receive.tenant-label-name=${CLUSTER_LABEL}`,
        // Without it one sample from the future shuts out all real ones (thanos#6195).
        "--tsdb.too-far-in-future.time-window=5m",
        ...(args.uploads
            ? [
                  `--objstore.config-file=${OBJECT_STORE_FILE}`,
                  // Receive refuses to upload where the two differ (cmd/thanos/receive.go).
                  `--tsdb.min-block-duration=${args.uploads.blockDuration}`,
                  `--tsdb.max-block-duration=${args.uploads.blockDuration}`,
                  // An agent that was cut off sends its oldest samples last, if another of its shards or its second replica is faster; Receive would refuse
                  // what is older than an hour and a sample of the same tenant. Compact merges the overlapping blocks that this makes.
                  `--tsdb.out-of-order.time-window=${args.uploads.lateSamples}`,
              ]
            : []),
    ];
}

/** Thanos Receive: routers take remote write from observees, ingesters hold `replicationFactor` copies of recent samples and answer queries. */
export class Receive extends pulumi.ComponentResource {
    /** Addresses by which Query finds every ingester. */
    readonly endpoints: Endpoint[];
    /** Of the ingesters. */
    readonly volumes: pulumi.Resource[];

    constructor(name: string, args: ReceiveArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Receive", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace } = args;
        const ingesters = args.rings.flatMap((ring) => ringWorkloads(ring, args, childOpts));
        this.volumes = ingesters.flatMap(({ volumes }) => volumes);
        this.endpoints = args.rings.flatMap(partsOf).map((part) => ({ address: grpcPodsOf(part.name, namespace) }));
        this.registerOutputs({ endpoints: this.endpoints });
        // A ring file that names ingesters before they run would send half of all series to pods that are not there, and fail almost every request.
        const routerOpts = pulumi.mergeOptions(childOpts, { dependsOn: ingesters.map(({ pods }) => pods) });
        for (const ring of args.rings.filter(({ records }) => records)) ruleRouters(ring, args, routerOpts);
        // Rings without tenants are there for what they still hold, or for what Rule records.
        if (!args.rings.some(hasTenants)) return;

        const routers = thanosName(`${name}-router`);
        const certificate = tlsSecret(tlsSecretName(routers), args, childOpts);
        // A ring without tenants is not in the file: it would take everybody's samples.
        const rings = args.rings.filter(hasTenants).map(inFile);

        workload(
            {
                name: routers,
                namespace,
                component: "receive-router",
                flags: routerFlags(args),
                replicas: args.routers,
                autoscale: args.routerAutoscale,
                ports: { ...THANOS_PORTS, ...REMOTE_WRITE },
                // Whoever writes shows a certificate.
                clients: { "remote-write": "anywhere" },
                placement: args.routerPlacement,
                config: {
                    [HASHRINGS]: hashringsFile(rings, namespace),
                    [LIMITS]: limitsFile({
                        ...args,
                        rings: rings.map(({ members, ...ring }) => ({ ...ring, pods: members.map(({ pod }) => pod) })),
                    }),
                },
                tls: certificate.metadata.name,
                memory: args.routerMemory,
                cpu: args.routerCpu,
                image: args.image,
                tracing: args.tracing,
                drainSeconds: args.drainSeconds,
            },
            routerOpts,
        );

        loadBalancerService(
            externalServiceName(routers),
            {
                namespace,
                pods: podsOf("receive-router"),
                host: receiveHost(args.domain),
                annotations: args.loadBalancer,
                ports: REMOTE_WRITE,
            },
            childOpts,
        );
    }
}

/** A ring as it is in the ring file. No other ring can be called like the shared one: names of rings and streams have no underscore. */
const inFile = (ring: Ring) => ({ ...ring, name: ring.name ?? "shared_ring", members: partsOf(ring).flatMap(membersOf) });

/**
 * The routers that Rule writes to: their ring file has one ring, for every tenant. Their limits are those of a request only: Receive counts a tenant's series
 * before it splits a request (pkg/receive/handler.go).
 */
const ruleRouters = (ring: Ring, args: ReceiveArgs, opts: pulumi.CustomResourceOptions): Workload =>
    workload(
        {
            name: RULE_ROUTERS,
            namespace: args.namespace,
            component: "receive-router-rule",
            flags: ruleRouterFlags(args),
            replicas: args.routers,
            ports: { ...THANOS_PORTS, ...REMOTE_WRITE },
            clients: { "remote-write": ["rule"] },
            placement: args.routerPlacement,
            config: {
                [HASHRINGS]: hashringsFile([{ ...inFile(ring), tenants: [] }], args.namespace),
                [LIMITS]: limitsFile({ ...args, rings: [] }),
            },
            memory: args.routerMemory,
            cpu: args.routerCpu,
            image: args.image,
            tracing: args.tracing,
            drainSeconds: args.drainSeconds,
        },
        opts,
    );

/** The ingesters of a ring, those included that leave it. One zone after the other: a rollout of two at once would take two copies of a sample away. */
function ringWorkloads(ring: Ring, args: ReceiveArgs, opts: pulumi.CustomResourceOptions): Workload[] {
    const component = ingesterComponent(ring.name);
    const blocks = ring.uploads && ring.name !== undefined ? args.blocksOf(ring.name) : undefined;
    const metadata = { name: thanosName(component), namespace: args.namespace, labels: { ...podsOf(component), ...PART_OF } };
    // What all zones share: the disruption budget, and the service account that has the right to upload.
    if (ring.zones.length > 0) disruptionBudget(metadata, podsOf(component), opts);
    const account = ring.zones.length > 0 && blocks ? serviceAccount(metadata, blocks, opts) : undefined;
    const workloads: Workload[] = [];
    for (const part of partsOf(ring)) {
        const before = workloads.slice(-1).map(({ pods }) => pods);
        workloads.push(ingestersIn(part, { ring, blocks, account }, args, pulumi.mergeOptions(opts, { dependsOn: before })));
    }
    return workloads;
}

/** What the ingesters of a ring have in common. */
interface RingShared {
    ring: Ring;
    blocks: StreamAccess | undefined;
    account: pulumi.Input<string> | undefined;
}

/** The ingesters of a ring in one zone, or all of them. */
const ingestersIn = (
    part: RingPart,
    { ring, blocks, account }: RingShared,
    args: ReceiveArgs,
    opts: pulumi.CustomResourceOptions,
): Workload =>
    workload(
        {
            name: part.name,
            namespace: args.namespace,
            component: ingesterComponent(ring.name),
            zone: part.zone,
            flags: ingesterFlags({ retention: args.retention, uploads: blocks && args }),
            blocks,
            serviceAccount: account,
            replicas: part.pods,
            ports: { ...THANOS_PORTS, ...REMOTE_WRITE },
            clients: { grpc: ["query", "receive-router", ...(ring.records ? (["receive-router-rule"] as const) : [])] },
            storage: { size: ring.storage, class: args.storageClass, placement: inZone(args.placement, part.zone) },
            hashringMembers: true,
            // Time to write the head block to disk, and to upload it. What is not written by then is replayed from the write-ahead log, which is on the volume.
            // Not the 900 of kube-thanos: EKS gives up on a node that is not drained in 900 s, and a node may hold two ingesters, which
            // the disruption budget stops one after the other.
            gracePeriod: 300,
            memory: ring.memory,
            cpu: ring.cpu,
            image: args.image,
            tracing: args.tracing,
        },
        opts,
    );

/** The nodes of a placement that are in a zone. */
const inZone = (placement: Placement | undefined, zone: string | undefined): Placement | undefined =>
    zone === undefined
        ? placement
        : { tolerations: [], ...placement, nodeSelector: { ...placement?.nodeSelector, [NODE_ZONE_LABEL]: zone } };
