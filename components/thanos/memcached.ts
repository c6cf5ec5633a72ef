import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MemcachedConfig } from "../../config/schema";
import { mebibytesOf } from "../../config/size";
import { childOptions } from "../kubernetes/childOptions";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { hardenedPod } from "../kubernetes/hardenedPod";
import { type Client, networkPolicy } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { memcachedPodsOf, PART_OF } from "../naming/labels";
import { serviceHost, thanosName } from "../naming/names";

export interface MemcachedArgs extends Omit<MemcachedConfig, "type"> {
    /** Kubernetes namespace. */
    namespace: string;
    /** Whose cache it is: nobody else may connect. */
    client: Client;
    image: string;
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
}

/**
 * The largest item, in MiB. Memcached's own 1 is less than a day of a large graph (thanos#3895). Clients have the same number as `max_item_size`, so that
 * they do not send what would be refused.
 */
export const ITEM_MIB = 5;

const PORT = 11211;
const PORTS = { memcached: PORT };
/** User of the official image. */
const USER_ID = 11211;

/** Flags of `memcached`. */
export const memcachedFlags = ({ memory }: Pick<MemcachedArgs, "memory">): string[] => [
    // For items. Connections and the table of keys need the rest of the pod's memory.
    `--memory-limit=${Math.floor(mebibytesOf(memory) * 0.8)}`,
    `--max-item-size=${ITEM_MIB}m`,
    // Every Store pod keeps up to 100 connections open for its index and 100 for its chunks. With the default of 1024, more clients would wait in vain.
    "--conn-limit=8192",
];

/** Memcached servers, each with its share of the keys. Nothing is lost with them: what they do not have is computed or fetched again. */
export class Memcached extends pulumi.ComponentResource {
    /**
     * Address for Thanos's clients. It gives them the pods' names, which stay when a pod moves to another IP address: clients spread keys by the order of the
     * names.
     */
    readonly address: string;

    constructor(name: string, args: MemcachedArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:thanos:Memcached", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, replicas } = args;
        const workload = thanosName(name);
        const selector = memcachedPodsOf(name);
        const labels = { ...selector, ...PART_OF };
        const metadata = { name: workload, namespace, labels };
        const probe = { tcpSocket: { port: "memcached" } };

        const account = new k8s.core.v1.ServiceAccount(workload, { metadata, automountServiceAccountToken: false }, childOpts);
        new k8s.core.v1.Service(
            workload,
            {
                metadata,
                spec: { clusterIP: "None", selector, ports: [{ name: "memcached", port: PORT, targetPort: "memcached" }] },
            },
            childOpts,
        );
        networkPolicy(workload, { namespace, labels, pods: selector, clients: [[PORT, [args.client]]] }, childOpts);
        if (replicas > 1) disruptionBudget(metadata, selector, childOpts);
        new k8s.apps.v1.StatefulSet(
            workload,
            {
                metadata,
                spec: {
                    serviceName: workload,
                    replicas,
                    selector: { matchLabels: selector },
                    podManagementPolicy: "Parallel",
                    template: hardenedPod({
                        name: "memcached",
                        image: args.image,
                        args: memcachedFlags(args),
                        env: [],
                        userId: USER_ID,
                        ports: PORTS,
                        probes: {
                            readinessProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 5 },
                            livenessProbe: { ...probe, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
                        },
                        resources: args,
                        gracePeriod: 30,
                        serviceAccountName: account.metadata.name,
                        labels,
                        replicaSelector: selector,
                        placement: args.placement,
                        files: [],
                    }),
                },
            },
            childOpts,
        );

        this.address = `dnssrvnoa+_memcached._tcp.${serviceHost(workload, namespace)}`;
        this.registerOutputs({ address: this.address });
    }
}
