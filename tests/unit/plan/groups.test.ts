import assert from "node:assert/strict";
import { type Run, runInProcess } from "../../../engine/runInProcess";
import { toEngineConfig } from "../../../engine/stackFile";
import { groupsOf } from "../../../plan/groups";
import type { StackPlan } from "../../../plan/model";
import { buildExposed, buildObserver, NGINX, observerConfig } from "../../support/testFleet";
import { ADMIN, planOfExamples } from "./stackInputs";

describe("groupsOf", () => {
    const aws = (type: string, name: string, props: object = {}, parent?: string) => ({
        type: `aws:${type}`,
        name,
        props: { ...props },
        ...(parent && { parent }),
    });
    const component = (type: string, name: string, parent?: string) => ({
        type: `thanos-fleet:${type}`,
        name,
        props: {},
        ...(parent && { parent }),
    });
    const kubernetes = (type: string, name: string, props: object, parent: string) => ({
        type: `kubernetes:${type}`,
        name,
        props: { ...props },
        parent,
    });
    const groups = (resources: StackPlan["resources"]) => groupsOf({ name: "observer", role: "observer", resources, warnings: [] });

    it("puts every resource into one group, by its type or by its component", () => {
        const found = groups([
            component("index:Observer", "observer"),
            component("aws:EksCluster", "cluster", "observer"),
            aws("kms/key:Key", "cluster-key", {}, "cluster"),
            component("aws:Bucket", "blocks", "observer"),
            component("aws:EncryptedBucket", "blocks", "blocks"),
            aws("kms/key:Key", "blocks-key", { enableKeyRotation: true, deletionWindowInDays: 30 }, "blocks"),
            component("aws:AddOns", "add-ons", "observer"),
            aws("iam/role:Role", "ebs-csi", { name: "ebs-csi" }, "add-ons"),
            kubernetes("helm.sh/v3:Release", "lb", { name: "lb", chart: "aws-load-balancer-controller", version: "3.0.0" }, "add-ons"),
            component("thanos:Query", "query", "observer"),
            kubernetes("core/v1:Service", "thanos-query", { spec: { type: "ClusterIP" } }, "query"),
            { type: "pulumi:providers:kubernetes", name: "kubernetes", props: {} },
        ]);
        assert.deepEqual(
            found.map(({ title, count }) => [title, count]),
            [
                ["Cluster", 2],
                ["Add-ons", 2],
                ["Bucket and key", 3],
                ["IAM roles", 1],
                ["Thanos", 2],
                ["Other", 2],
            ],
        );
    });

    it("says who is told of alerts", () => {
        const told = (values: object) =>
            groups([component("prometheus:Prometheus", "prometheus"), kubernetes("helm.sh/v3:Release", "kps", { values }, "prometheus")])
                .find(({ title }) => title === "Prometheus")
                ?.rows.find(([what]) => what === "alerts")
                ?.at(-1);
        const own = (more: object) => ({ alertmanager: { enabled: true, alertmanagerSpec: { replicas: 2, ...more } } });
        const others = [{ static_configs: [{ targets: ["a.example.com"] }] }, { static_configs: [{ targets: ["b.example.com:9093"] }] }];
        assert.deepEqual(
            [
                told(own({})),
                told(own({ configSecret: "receivers" })),
                told({ alertmanager: { enabled: false }, prometheus: { prometheusSpec: { additionalAlertManagerConfigs: others } } }),
                told({ alertmanager: { enabled: false } }),
            ],
            [
                "Alertmanager, 2 replicas; no receivers: set alerting.configSecret",
                "Alertmanager, 2 replicas; receivers of a Secret",
                "sent to a.example.com, b.example.com:9093",
                "sent to nobody: alerting.alertmanager is off",
            ],
        );
    });

    it("says how many rule files Rule evaluates, and whether it writes to Receive", () => {
        const set = (name: string, args: string[]) =>
            kubernetes(
                "apps/v1:StatefulSet",
                name,
                { metadata: { name }, spec: { replicas: 2, template: { spec: { containers: [{ args }] } } } },
                name,
            );
        const found = groups([
            component("thanos:Rule", "thanos-rule"),
            set("thanos-rule", ["rule", "--rule-file=/a.yml", "--rule-file=/b.yml"]),
            component("thanos:Rule", "thanos-stateless"),
            set("thanos-stateless", ["rule", "--rule-file=/a.yml", "--remote-write.config={}"]),
            component("thanos:Store", "thanos-store-blue"),
            set("thanos-store-blue", ["store"]),
        ]);
        assert.deepEqual(found.find(({ title }) => title === "Thanos")?.rows, [
            ["thanos-rule", "2 replicas", "", "2 rule files"],
            ["thanos-stateless", "2 replicas", "", "1 rule file, records to Receive"],
            ["thanos-store-blue", "2 replicas", ""],
        ]);
    });

    it("has no group for a component without resources", () => {
        assert.deepEqual(groups([component("aws:AddOns", "add-ons")]), [{ title: "Other", count: 1, rows: [["1 AddOns"]] }]);
    });

    it("shows instance type, size and subnets of nodes, one row for the node groups of a pool", () => {
        const group = (pool: string, subnetIds: string[], minSize: number) =>
            aws("eks/nodeGroup:NodeGroup", `${pool}-${subnetIds[0]}`, {
                clusterName: "eks-observer",
                labels: { "thanos-fleet/pool": pool },
                amiType: "AL2023_ARM_64_STANDARD",
                launchTemplate: { id: pool, version: "1" },
                scalingConfig: { minSize },
                subnetIds,
            });
        const template = (pool: string, instanceType: string) =>
            aws("ec2/launchTemplate:LaunchTemplate", pool, { instanceType, blockDeviceMappings: [{ ebs: { volumeSize: 50 } }] });
        const found = groups([
            template("stateful", "m7g.xlarge"),
            template("general", "m7g.large"),
            group("stateful", ["subnet-0a"], 1),
            group("stateful", ["subnet-0b"], 1),
            group("general", ["subnet-0a", "subnet-0b"], 2),
        ]);
        assert.deepEqual(found, [
            { title: "Cluster", count: 0, rows: [["eks-observer", "exists: read, not changed"]] },
            {
                title: "Nodes",
                count: 5,
                rows: [
                    ["general", "m7g.large", "2 in subnet-0a, subnet-0b", "AL2023_ARM_64_STANDARD, 50 GiB"],
                    ["stateful", "m7g.xlarge", "1 in subnet-0a; 1 in subnet-0b", "AL2023_ARM_64_STANDARD, 50 GiB"],
                ],
            },
        ]);
    });

    it("shows the endpoints, administrators and network of a cluster that is created", () => {
        const zones = ["eu-west-1a", "eu-west-1b"];
        const found = groups([
            component("aws:EksCluster", "cluster"),
            component("aws:Network", "cluster", "cluster"),
            aws("ec2/vpc:Vpc", "cluster", { cidrBlock: "10.42.0.0/16" }, "cluster"),
            ...zones.map((availabilityZone) => aws("ec2/subnet:Subnet", availabilityZone, { availabilityZone }, "cluster")),
            aws("ec2/natGateway:NatGateway", "cluster-a", {}, "cluster"),
            aws("ec2/vpcEndpoint:VpcEndpoint", "cluster-s3", { serviceName: "com.amazonaws.eu-west-1.s3" }, "cluster"),
            aws(
                "eks/cluster:Cluster",
                "cluster",
                {
                    name: "eks-observer",
                    version: "1.34",
                    vpcConfig: { endpointPublicAccess: false },
                    encryptionConfig: { resources: ["secrets"] },
                    deletionProtection: true,
                    enabledClusterLogTypes: ["api", "audit"],
                },
                "cluster",
            ),
            aws("eks/accessEntry:AccessEntry", "cluster-Admin", { clusterName: "eks-observer", principalArn: ADMIN }, "cluster"),
        ]);
        assert.deepEqual(found, [
            { title: "Network", count: 6, rows: [["10.42.0.0/16", "subnets in eu-west-1a, eu-west-1b; 1 NAT gateway; endpoint of s3"]] },
            {
                title: "Cluster",
                count: 3,
                rows: [
                    [
                        "eks-observer",
                        "created, Kubernetes 1.34; private API endpoint; secrets encrypted; protected from deletion; logs: api, audit",
                    ],
                    [ADMIN, "cluster administrator"],
                ],
            },
        ]);
    });

    it("shows the names of load balancers, and the validity of certificates", () => {
        const signed = { validityPeriodHours: 2160, earlyRenewalHours: 720 };
        const found = groups([
            kubernetes(
                "core/v1:Service",
                "thanos-receive-external",
                {
                    metadata: { annotations: { "external-dns.alpha.kubernetes.io/hostname": "receive.fleet.example.internal" } },
                    spec: { type: "LoadBalancer", ports: [{ name: "remote-write", port: 19291 }] },
                },
                "receive",
            ),
            { type: "tls:index/selfSignedCert:SelfSignedCert", name: "ca-servers", props: {} },
            { type: "tls:index/selfSignedCert:SelfSignedCert", name: "ca-readers", props: {} },
            { type: "tls:index/locallySignedCert:LocallySignedCert", name: "reader", props: signed },
        ]);
        assert.deepEqual(found, [
            {
                title: "Names and certificates",
                count: 4,
                rows: [
                    ["receive.fleet.example.internal", "load balancer, remote-write 19291"],
                    ["2 authorities", "keys in this stack's state only, not in the cluster"],
                    ["1 certificate", "valid 90 days, renewed 30 days before"],
                ],
            },
        ]);
    });

    it("shows the address of each page, and who may open it", async () => {
        const rowsOf = async (resources: Promise<Run>) =>
            groupsOf({ name: "observer", role: "observer", resources: (await resources).resources, warnings: [] } as StackPlan).find(
                ({ title }) => title === "Pages",
            )?.rows;
        const from = "from 10.8.0.0/16, 192.0.2.0/24";
        const alb = "login at https://login.example.com; whoever it lets in";
        assert.deepEqual(await rowsOf(buildExposed("alb-login")), [
            ["https://query.fleet.test/", from, alb],
            ["https://grafana.fleet.test/", from, alb],
            ["https://blocks.fleet.test/", from, alb],
            ["https://blocks.fleet.test/red", from, alb],
        ]);
        const proxy = "login at https://login.example.com; email addresses of example.com; groups sre";
        assert.deepEqual(await rowsOf(buildExposed("proxy-login")), [
            ["https://query.fleet.test/", from, `${proxy}; bearer tokens too`],
            ["https://grafana.fleet.test/", from, proxy],
            ["https://blocks.fleet.test/", from, proxy],
            ["https://blocks.fleet.test/red", from, proxy],
            ["login-blocks", "2 replicas", ""],
            ["login-grafana", "2 replicas", ""],
            ["login-query", "2 replicas", ""],
        ]);
        const nobody = { ...NGINX, login: { by: "nobody", reason: "the VPN asks for a login" } };
        assert.deepEqual(await rowsOf(runInProcess("observer", toEngineConfig(observerConfig("local", { exposure: nobody })))), [
            ["https://query.fleet.test/", from, "no login: the VPN asks for a login"],
        ]);
        assert.equal(await rowsOf(buildObserver("aws")), undefined);
    });

    it("leaves out no resource of the worked examples", async () => {
        for (const stack of (await planOfExamples()).stacks)
            assert.equal(
                groupsOf(stack).reduce((sum, { count }) => sum + count, 0),
                stack.resources.length,
            );
    });
});
