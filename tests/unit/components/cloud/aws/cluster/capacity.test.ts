import assert from "node:assert/strict";
import { allocatable, poolProblems, poolsOf, roomIn } from "../../../../../../components/cloud/aws/cluster/capacity";
import { type InstanceType, M7G } from "../../../../../../components/cloud/aws/cluster/instanceType";
import type { PodRequests } from "../../../../../../components/kubernetes/podRequests";
import { plannedPods } from "../../../../../../components/stack/plannedPods";
import { parseConfig } from "../../../../../../config/engineConfig";
import { loadConfig } from "../../../../../../config/load";
import type { AwsAccount, StackConfig } from "../../../../../../config/schema";
import { runInProcess } from "../../../../../../engine/runInProcess";
import { PROJECT, readStackFile, toEngineConfig } from "../../../../../../engine/stackFile";
import { problemText } from "../../../../../../rules/problem";
import { ROOT } from "../../../../../support/root";
import { ON_AWS, observeeConfig, observerConfig } from "../../../../../support/testFleet";

const m7g = (size: string) => M7G[`m7g.${size}`] as InstanceType;

/** What is wrong with the nodes of a configuration whose instance types are all m7g. */
function problemsOf(config: StackConfig): string[] {
    const { aws } = config as { aws: AwsAccount };
    const pools = poolsOf(aws, plannedPods(config));
    return pools.flatMap((pool) => poolProblems(pool, { value: M7G[pool.instanceType] as InstanceType }, aws.region)).map(problemText);
}

describe("what a node has for pods", () => {
    it("is its memory without the kernel's share, 255 MiB, 11 MiB for each possible pod and 100 MiB to evict at", () => {
        // 32768 * 0.925 - (255 + 11 * 58) - 100
        assert.equal(allocatable(m7g("2xlarge")).memory, 29317);
    });

    it("is its CPUs without a share of each that shrinks", () => {
        assert.deepEqual(
            ["large", "xlarge", "2xlarge"].map((size) => allocatable(m7g(size)).cpu),
            [2000 - 70, 4000 - 80, 8000 - 90],
        );
    });

    it("is as many pods as its network interfaces have addresses, up to EKS's limit", () => {
        assert.deepEqual(
            ["large", "xlarge", "4xlarge", "8xlarge"].map((size) => allocatable(m7g(size)).pods),
            [29, 58, 110, 234],
        );
    });
});

describe("pods and their nodes", () => {
    const pods = (count: number, memory: number) => ({ pods: Array.from({ length: count }, () => ({ cpu: 100, memory, pods: 1 })) });

    it("have room only for what finds a node in whatever order the pods are placed", () => {
        const node = allocatable(m7g("xlarge")).memory - 104;
        // Smaller pods may leave just less than 4 GiB free on two of the nodes.
        assert.deepEqual(roomIn(pods(5, 4096), 3, m7g("xlarge"), "memory"), { asked: 5 * 4096, room: 3 * node - 2 * 4096 });
        assert.deepEqual(roomIn(pods(3, 4096), 1, m7g("xlarge"), "memory"), { asked: 3 * 4096, room: node });
    });

    it("have no room at all where one is larger than a node", () => {
        assert.equal(roomIn(pods(1, 20_000), 5, m7g("xlarge"), "memory").room, 0);
    });
});

describe("the check of a stack's nodes", () => {
    const example = (name: "observer" | "observee") => parseConfig(readStackFile(ROOT, name), PROJECT);
    const withObservees = (config: Record<string, unknown>, more: number) => ({
        ...config,
        observees: [
            ...(config.observees as object[]),
            ...Array.from({ length: more }, (_, i) => ({ name: `extra-${i}`, mode: "sidecar" })),
        ],
    });
    const withNodes = (config: Record<string, unknown>, nodeGroups: object) => {
        const aws = config.aws as { nodeGroups: object };
        return { ...config, aws: { ...aws, nodeGroups: { ...aws.nodeGroups, ...nodeGroups } } };
    };

    it("accepts the worked examples", () =>
        assert.deepEqual([problemsOf(loadConfig(example("observer"))), problemsOf(loadConfig(example("observee")))], [[], []]));

    it("accepts up to four more observees in the worked example, and says what to write for a fifth", () => {
        assert.deepEqual(problemsOf(loadConfig(withObservees(example("observer"), 4))), []);
        assert.deepEqual(problemsOf(loadConfig(withObservees(example("observer"), 5))), [
            "aws.nodeGroups.stateful.instanceType: pods with volumes ask for 84.3 GiB of memory; 3 x m7g.2xlarge surely have room for 77.3 GiB of memory. Write m7g.4xlarge, or aws.nodeGroups.stateful.nodesPerZone: 2.",
        ]);
    });

    it("refuses three m7g.xlarge for it, on which one pod stayed Pending", () =>
        assert.deepEqual(problemsOf(loadConfig(withNodes(example("observer"), { stateful: { instanceType: "m7g.xlarge" } }))), [
            "aws.nodeGroups.stateful.instanceType: pods with volumes ask for 44.3 GiB of memory; 3 x m7g.xlarge surely have room for 32.9 GiB of memory. Write m7g.2xlarge, or aws.nodeGroups.stateful.nodesPerZone: 2.",
        ]));

    it("refuses a type on which the largest pod does not fit, however many there are", () =>
        assert.deepEqual(
            problemsOf(
                loadConfig({ ...withNodes(example("observer"), { stateful: { instanceType: "m7g.large" } }), compact: { memory: "32Gi" } }),
            ),
            [
                "aws.nodeGroups.stateful.instanceType: pods with volumes ask for 128.3 GiB of memory; 3 x m7g.large surely have room for 0.0 GiB of memory. Write m7g.8xlarge.",
                "aws.nodeGroups.stateful.instanceType: pods with volumes ask for 6.8 CPUs; 3 x m7g.large surely have room for 3.3 CPUs. Write m7g.8xlarge.",
            ],
        ));

    it("counts CPU as well", () =>
        assert.deepEqual(problemsOf(loadConfig({ ...example("observer"), compact: { cpu: "6" } })), [
            "aws.nodeGroups.stateful.instanceType: pods with volumes ask for 21.8 CPUs; 3 x m7g.2xlarge surely have room for 11.2 CPUs. Write m7g.4xlarge, or aws.nodeGroups.stateful.nodesPerZone: 4.",
        ]));

    it("counts the places for pods as well, and add-ons that the stack installs", () => {
        const config = loadConfig({
            ...observerConfig("aws"),
            aws: {
                ...(observerConfig("aws").aws as object),
                ...ON_AWS.created?.observer.aws,
                nodeGroups: { general: { nodes: 1 } },
                addOns: { certManager: "install" },
            },
        });
        const [, general] = poolsOf((config as { aws: AwsAccount }).aws, plannedPods(config));
        // 2 Queries, Query Frontend, 2 routers, 2 Alertmanagers, the operator, kube-state-metrics; CoreDNS, EBS CSI, load balancers, metrics-server 2 each, cert-manager 3, ExternalDNS.
        assert.equal(general?.pods.length, 21);
        const small: InstanceType = { cpus: 8, memory: 65536, interfaces: 2, addresses: 11 };
        assert.deepEqual(general && poolProblems(general, { value: small }, "eu-west-1").map(problemText), [
            "aws.nodeGroups.general.instanceType: pods without volumes, add-ons included, ask for 21 places; 1 x m7g.large surely have room for 17 places. Write m7g.8xlarge, or aws.nodeGroups.general.nodes: 2.",
        ]);
    });

    it("accepts the default nodes of an observee in two zones", () => {
        const config = observeeConfig("blue", "aws");
        const aws = { ...(config.aws as object), nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"] } };
        assert.deepEqual(problemsOf(loadConfig({ ...config, aws })), []);
    });

    it("reports an instance type that EC2 does not know in the region", () => {
        const workload: PodRequests = { name: "query", replicas: 1, requests: { cpu: 1, memory: 1 }, volumes: false };
        const { aws } = loadConfig(example("observer")) as { aws: AwsAccount };
        const [stateful] = poolsOf(aws, [workload]);
        assert.deepEqual(stateful && poolProblems(stateful, { failure: "InvalidInstanceType" }, "eu-west-1"), [
            {
                path: "aws.nodeGroups.stateful.instanceType",
                problem: '"m7g.2xlarge" cannot be looked up in eu-west-1: InvalidInstanceType.',
                remedy: "Check that the region offers it (`aws ec2 describe-instance-types --region eu-west-1 --instance-types m7g.2xlarge`), and allow ec2:DescribeInstanceTypes.",
            },
        ]);
    });

    it("stops a stack before anything is declared", async () => {
        const nodeGroups = { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { instanceType: "m7g.large" } };
        const aws = { ...(observerConfig("aws").aws as object), nodeGroups };
        await assert.rejects(
            runInProcess("observer", toEngineConfig(observerConfig("aws", { aws }))),
            /aws\.nodeGroups\.stateful\.instanceType: pods with volumes ask for 44\.3 GiB of memory; 2 x m7g\.large surely have room for/,
        );
    });
});
