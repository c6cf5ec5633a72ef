import * as pulumi from "@pulumi/pulumi";
import type { ReceiveConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import { exposed } from "../kubernetes/loadBalancerService";
import type { Placement } from "../kubernetes/placement";
import { CLUSTER_LABEL, grpcPodsOf, RECEIVE_REPLICA_LABEL, REMOTE_WRITE_PORT, receiveHost } from "../naming/names";
import { type Tls, tlsSecret } from "../tls/tlsSecret";
import type { Endpoint } from "./endpoints";
import { hashringsFile } from "./hashring";
import { serverTlsFlags } from "./serverTls";
import { CONFIG_DIR, DATA_DIR, THANOS_PORTS, workload } from "./workload";

export interface ReceiveArgs extends ReceiveConfig {
    namespace: string;
    domain: string;
    /** The clusters that may write. */
    tenants: readonly string[];
    storageClass: string;
    /** What the cloud wants to know of a load balancer. */
    loadBalancer: Record<string, string>;
    placement?: Placement | undefined;
    /** Of the routers. */
    tls: Tls;
}

const HASHRINGS = "hashrings.json";

// The algorithm is a flag of every Receive, not only of routers: it decides what happens to the head when the ring changes (receive.go).
const RECEIVE = ["receive", "--log.format=json", "--enable-auto-gomemlimit", "--receive.hashrings-algorithm=ketama"];

/** Flags of a router: `thanos receive` with a ring and no storage. Pure. */
export function routerFlags(args: Pick<ReceiveArgs, "replicationFactor">): string[] {
    return [
        ...RECEIVE,
        `--receive.hashrings-file=${CONFIG_DIR}/${HASHRINGS}`,
        `--receive.replication-factor=${args.replicationFactor}`,
        `--label=receive_router="$(POD_NAME)"`,
        ...serverTlsFlags("remote-write.server"),
        // Whose samples they are is what the certificate says, and no header (pkg/tenancy): a cluster can write as itself only.
        "--receive.tenant-certificate-field=commonName",
    ];
}

/** Flags of an ingester: `thanos receive` with storage and no ring. Pure. */
export function ingesterFlags(args: Pick<ReceiveArgs, "retention">): string[] {
    return [
        ...RECEIVE,
        `--tsdb.path=${DATA_DIR}`,
        `--tsdb.retention=${args.retention}`,
        `--label=${RECEIVE_REPLICA_LABEL}="$(POD_NAME)"`,
        // A tenant is a cluster: announced under the same label that its sidecars use, so that Query merges both copies of a series.
        `--receive.tenant-label-name=${CLUSTER_LABEL}`,
        // One sample from the future would otherwise shut out all real ones (Aiven's report, thanos#6195).
        "--tsdb.too-far-in-future.time-window=5m",
    ];
}

/** Thanos Receive: takes remote write from observees, keeps `replicationFactor` copies of what is recent, and answers queries for it. */
export class Receive extends pulumi.ComponentResource {
    readonly endpoint: Endpoint;

    constructor(name: string, args: ReceiveArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Receive", name, {}, opts);
        const here = childOptions(this, opts);
        const { namespace } = args;
        const ingester = `thanos-${name}-ingester`;
        const router = `thanos-${name}-router`;
        const certificate = tlsSecret(`${router}-tls`, args, here);

        workload(
            {
                name: ingester,
                namespace,
                component: "receive-ingester",
                flags: ingesterFlags(args),
                replicas: args.ingesters,
                ports: { ...THANOS_PORTS, "remote-write": REMOTE_WRITE_PORT },
                storage: { size: args.storage, class: args.storageClass, placement: args.placement },
                ring: true,
                // Time to write the head out before the kill (kube-thanos).
                gracePeriod: 900,
                memory: args.memory,
            },
            here,
        );

        workload(
            {
                name: router,
                namespace,
                component: "receive-router",
                flags: routerFlags(args),
                replicas: args.routers,
                ports: { ...THANOS_PORTS, "remote-write": REMOTE_WRITE_PORT },
                config: { [HASHRINGS]: hashringsFile({ tenants: args.tenants, ingesters: ingester, replicas: args.ingesters, namespace }) },
                tls: certificate.metadata.name,
                memory: args.routerMemory,
            },
            here,
        );

        exposed(
            `${router}-external`,
            {
                namespace,
                component: "receive-router",
                host: receiveHost(args.domain),
                annotations: args.loadBalancer,
                ports: { "remote-write": REMOTE_WRITE_PORT },
            },
            here,
        );

        this.endpoint = { everyPodOf: grpcPodsOf(ingester, namespace) };
        this.registerOutputs({ endpoint: this.endpoint });
    }
}
