import type * as pulumi from "@pulumi/pulumi";
import type { AwsAccount } from "../../../../config/schema";
import { type AddOnChoices, addOnChoices } from "../../../../config/schema/addOnChoices";
import type { Problem } from "../../../../rules/problem";
import type { PodRequests } from "../../../kubernetes/podRequests";
import type { Lookup } from "./awsLookup";
import { findInstanceType, type InstanceType, M7G } from "./instanceType";

/** Whether a stack's pods fit on the nodes that it creates. A pod that does not fit stays Pending, and `up` fails after a quarter of an hour. */

/** CPU in thousandths of a core, memory in MiB, and a number of pods. */
type Amounts = Record<"cpu" | "memory" | "pods", number>;

const sum = (amounts: readonly Amounts[], what: keyof Amounts) => amounts.reduce((total, amount) => total + amount[what], 0);

/** The kernel and the hypervisor take up to this share of an instance's memory: Karpenter reckons with it (`VM_MEMORY_OVERHEAD_PERCENT`). */
const TAKEN_BELOW = 0.075;
/** MiB that kubelet keeps free (`evictionHard`). */
const EVICTION = 100;

/**
 * What a node has for pods. amazon-eks-ami reserves this memory and CPU (nodeadm, internal/kubelet/config.go), and Bottlerocket does too (schnauzer,
 * helpers.rs). A managed node group takes at most 110 pods, with 30 CPUs or more 250 (EKS user guide, "Choose an optimal EC2 node instance type").
 */
export function allocatable({ cpus, memory, interfaces, addresses }: InstanceType): Amounts {
    const pods = interfaces * (addresses - 1) + 2;
    // 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the others.
    const reservedCpu = [60, 10, 5, 5].slice(0, cpus).reduce((a, b) => a + b) + Math.max(0, cpus - 4) * 2.5;
    return {
        cpu: Math.floor(cpus * 1000 - reservedCpu),
        memory: Math.floor(memory * (1 - TAKEN_BELOW)) - (255 + 11 * pods) - EVICTION,
        pods: Math.min(pods, cpus < 30 ? 110 : 250),
    };
}

const pod = (cpu = 0, memory = 0): Amounts => ({ cpu, memory, pods: 1 });

/**
 * What runs on every node, whoever installed it: VPC CNI with its agent for network policies (chart aws-vpc-cni 1.22), kube-proxy, the EBS CSI driver's
 * three containers (1.64), and without requests the Pod Identity agent and node-exporter.
 */
const ON_EVERY_NODE = [pod(50), pod(100), pod(30, 104), pod(), pod()];

/** The other pods of each add-on that a stack installs, from the charts of the versions above. Most request nothing. */
const OF_ADD_ON: Record<keyof AddOnChoices, Amounts[]> = {
    podIdentityAgent: [],
    ebsCsi: [pod(60, 232), pod(60, 232)],
    loadBalancerController: [pod(), pod()],
    externalDns: [pod()],
    certManager: [pod(), pod(), pod()],
    metricsServer: [pod(100, 200), pod(100, 200)],
};
/** EKS's CoreDNS, in a cluster that the stack creates. */
const CORE_DNS = [pod(100, 70), pod(100, 70)];

/** Nodes of one type, and the pods that have to fit on them. */
interface Pool {
    /** The settings of the pool: `aws.nodeGroups.stateful`. */
    path: string;
    /** Name of the setting that is the number of nodes, and for how many nodes each of its units stands. */
    count: { setting: string; value: number; per: number };
    instanceType: string;
    /** How a message calls the pods. */
    podsAre: string;
    pods: Amounts[];
}

/** Both pools of the nodes that a stack creates. */
export function poolsOf(aws: Pick<AwsAccount, "addOns" | "cluster" | "identity" | "nodeGroups">, pods: readonly PodRequests[]): Pool[] {
    const { cluster, nodeGroups } = aws;
    if (nodeGroups === undefined) return [];
    const { stateful, general } = nodeGroups;
    const zones = (nodeGroups.subnetIds ?? cluster.create?.subnetIds ?? cluster.create?.zones ?? []).length;
    const placed = (volumes: boolean) =>
        pods
            .filter((workload) => workload.volumes === volumes)
            .flatMap(({ replicas, requests }) => Array<Amounts>(replicas).fill({ ...requests, pods: 1 }));
    const choices = addOnChoices(aws);
    const addOns = (Object.keys(choices) as (keyof AddOnChoices)[])
        .filter((name) => choices[name] === "install")
        .flatMap((name) => OF_ADD_ON[name]);
    return [
        {
            path: "aws.nodeGroups.stateful",
            count: { setting: "nodesPerZone", value: stateful.nodesPerZone, per: zones },
            instanceType: stateful.instanceType,
            podsAre: "pods with volumes",
            pods: placed(true),
        },
        {
            path: "aws.nodeGroups.general",
            count: { setting: "nodes", value: general.nodes, per: 1 },
            instanceType: general.instanceType,
            podsAre: "pods without volumes, add-ons included,",
            pods: [...placed(false), ...addOns, ...(cluster.create ? CORE_DNS : [])],
        },
    ];
}

/**
 * How much the pods of a pool ask for, and how much of it surely finds a node. The scheduler places one pod after the other, in an order that nobody
 * knows, and a volume then keeps its pod in its zone. The last pod finds a node if the others cannot leave less than it needs on every node: so on each
 * node but one, room for the largest pod is not counted. A pod that has to be in one zone (`receive.zones`) is less sure: others may fill that zone, although
 * the scheduler prefers the emptiest node.
 */
export function roomIn(pool: Pick<Pool, "pods">, nodes: number, facts: InstanceType, what: keyof Amounts) {
    const largest = Math.max(0, ...pool.pods.map((amount) => amount[what]));
    const perNode = allocatable(facts)[what] - sum(ON_EVERY_NODE, what);
    return { asked: sum(pool.pods, what), room: perNode < largest ? 0 : nodes * perNode - (nodes - 1) * largest };
}

/** What the pods ask for more of than surely finds a node. */
const short = (pool: Pool, nodes: number, facts: InstanceType) =>
    (["memory", "cpu", "pods"] as const)
        .map((what) => ({ what, ...roomIn(pool, nodes, facts, what) }))
        .filter(({ asked, room }) => asked > room);

/** The problems of one pool. */
export function poolProblems(pool: Pool, type: Lookup<InstanceType>, region: string): Problem[] {
    const { path, count, instanceType, podsAre } = pool;
    if ("failure" in type)
        return [
            {
                path: `${path}.instanceType`,
                problem: `"${instanceType}" cannot be looked up in ${region}: ${type.failure}.`,
                remedy: `Check that the region offers it (\`aws ec2 describe-instance-types --region ${region} --instance-types ${instanceType}\`), and allow ec2:DescribeInstanceTypes.`,
            },
        ];
    const nodes = count.value * count.per;
    return short(pool, nodes, type.value).map(({ what, asked, room }) => ({
        path: `${path}.instanceType`,
        problem: `${podsAre} ask for ${amountText(what, asked)}; ${nodes} x ${instanceType} surely have room for ${amountText(what, room)}.`,
        remedy: remedy(pool, type.value),
    }));
}

const amountText = (what: keyof Amounts, amount: number) =>
    ({ memory: `${(amount / 1024).toFixed(1)} GiB of memory`, cpu: `${(amount / 1000).toFixed(1)} CPUs`, pods: `${amount} places` })[what];

/** Proposes the smallest type of the default family that is larger, and the smallest number of nodes of the same type. */
function remedy(pool: Pool, facts: InstanceType): string {
    const { setting, value, per } = pool.count;
    const larger = Object.entries(M7G).find(([, type]) => type.memory > facts.memory && short(pool, value * per, type).length === 0);
    const more = Array.from({ length: 20 }, (_, i) => value + i + 1).find((count) => short(pool, count * per, facts).length === 0);
    const choices = [...(larger ? [larger[0]] : []), ...(more ? [`${pool.path}.${setting}: ${more}`] : [])];
    return choices.length > 0 ? `Write ${choices.join(", or ")}.` : "Write a larger instance type, or let the components request less.";
}

/** Asks EC2 for the instance types, and reports what does not fit on them. */
export async function capacityProblems(
    aws: Pick<AwsAccount, "addOns" | "cluster" | "identity" | "nodeGroups" | "region">,
    pods: readonly PodRequests[],
    provider: pulumi.ProviderResource,
): Promise<Problem[]> {
    const problems = poolsOf(aws, pods).map(async (pool) =>
        poolProblems(pool, await findInstanceType(pool.instanceType, provider), aws.region),
    );
    return (await Promise.all(problems)).flat();
}
