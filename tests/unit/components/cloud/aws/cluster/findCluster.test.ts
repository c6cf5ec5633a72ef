import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import type { EksConnection } from "../../../../../../components/cloud/aws/cluster/eksAccess";
import {
    type ClusterFacts,
    clusterProblems,
    type FindClusterArgs,
    findCluster,
} from "../../../../../../components/cloud/aws/cluster/findCluster";
import { ConfigError } from "../../../../../../config/configError";
import type { AddOnChoices } from "../../../../../../config/schema/addOnChoices";
import { awsAnswer } from "../../../../../../engine/awsPlaceholders";
import { REGION } from "../../../../../support/placedResources";

describe("an existing EKS cluster", () => {
    const present: AddOnChoices = {
        podIdentityAgent: "present",
        ebsCsi: "present",
        loadBalancerController: "present",
        externalDns: "install",
        certManager: "unmanaged",
        metricsServer: "unmanaged",
    };

    /** An error as the engine passes it on from the provider. */
    const failed = (details: string) => Object.assign(new Error(details), { details });

    type Call = (token: string, args: Record<string, unknown>) => Record<string, unknown>;
    const answers: Call = (token, args) => awsAnswer(token, args, REGION);

    /** The calls of findCluster, and its result or error. */
    async function lookAt(call: Call = answers, more: Partial<FindClusterArgs> = {}) {
        const calls: string[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    calls.push(
                        `${token.slice(token.lastIndexOf(":") + 1)} ${inputs.addonName ?? inputs.nodeGroupName ?? inputs.id ?? ""}`.trim(),
                    );
                    return call(token, inputs);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const args = { region: REGION, provider, irsa: false, addOns: present, problems: [], ...more };
        const found = await findCluster("eks-blue", args).catch((error: unknown) => error);
        return { calls, found };
    }

    it("is looked up, and so are the add-ons that the configuration says are present, and those to install", async () => {
        assert.deepEqual((await lookAt()).calls, [
            "getCluster",
            "getAddon eks-pod-identity-agent",
            "getAddon aws-ebs-csi-driver",
            "getAddonVersion external-dns",
        ]);
    });

    it("is returned with what nodes and pods need to know", async () => {
        const { version, vpcId, podIdentity, ready } = (await lookAt()).found as EksConnection;
        assert.deepEqual(
            { version, vpcId, podIdentity, ready },
            {
                version: "1.34",
                vpcId: "<vpc of eks-blue>",
                podIdentity: { by: "pod-identity", eksName: "eks-blue", clusterArn: "arn:aws:eks:eu-west-1:111111111111:cluster/eks-blue" },
                ready: [],
            },
        );
    });

    it("is returned with its OIDC provider where pods use IRSA", async () => {
        assert.deepEqual(((await lookAt(answers, { irsa: true })).found as EksConnection).podIdentity, {
            by: "irsa",
            issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
            oidcProviderArn: "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/eks-blue",
        });
    });

    it("is a problem of the configuration, and the only one, where it does not exist", async () => {
        const { calls, found } = await lookAt(() => {
            throw failed("reading EKS Cluster (eks-blue): couldn't find resource");
        });
        assert.ok(found instanceof ConfigError);
        assert.deepEqual(calls, ["getCluster"]);
        assert.deepEqual(found.problems, [
            {
                path: "aws.cluster.name",
                problem: 'no EKS cluster "eks-blue" in eu-west-1.',
                remedy: "Check the name, aws.region, and whose credentials these are (`aws sts get-caller-identity`). Or write aws.cluster.create, and this stack creates it.",
            },
        ]);
    });

    it("is refused with the reason where it may not be looked up", async () => {
        const { found } = await lookAt(() => {
            throw failed("AccessDeniedException: not authorized to perform: eks:DescribeCluster\nwith a long trace");
        });
        assert.match(
            (found as ConfigError).problems.map(({ problem }) => problem).join(),
            /^"eks-blue" in eu-west-1 cannot be looked up: .*not authorized to perform: eks:DescribeCluster\.$/,
        );
    });

    it("is refused with all its problems at once", async () => {
        const { found } = await lookAt((token, args) => {
            if (args.addonName === "external-dns") throw failed("reading EKS Add-On version info (external-dns, 1.31): empty result");
            if (args.addonName === "eks-pod-identity-agent") throw failed("reading EKS Add-On (eks-blue:x): couldn't find resource");
            if (args.addonName === "aws-ebs-csi-driver") return { addonVersion: "v1.25.0-eksbuild.1" };
            return { ...answers(token, args), ...(token.endsWith("getCluster") && { version: "1.31", status: "UPDATING" }) };
        });
        assert.deepEqual((found as ConfigError).problems, [
            {
                path: "aws.cluster.name",
                problem: '"eks-blue" is UPDATING.',
                remedy: "Wait until it is ACTIVE: `aws eks wait cluster-active --region eu-west-1 --name eks-blue`.",
            },
            { path: "aws.cluster.name", problem: '"eks-blue" runs Kubernetes 1.31.', remedy: "Upgrade it to 1.32 or later." },
            {
                path: "aws.addOns.podIdentityAgent",
                problem: 'no EKS add-on eks-pod-identity-agent in cluster "eks-blue".',
                remedy: "Write install, or unmanaged if it runs there by other means.",
            },
            {
                path: "aws.addOns.ebsCsi",
                problem: 'aws-ebs-csi-driver in cluster "eks-blue" is v1.25.0-eksbuild.1.',
                remedy: "Update it to 1.26 or later: `aws eks update-addon --cluster-name eks-blue --addon-name aws-ebs-csi-driver --addon-version VERSION`.",
            },
            {
                path: "aws.addOns.externalDns",
                problem: "EKS in eu-west-1 has no add-on external-dns for Kubernetes 1.31.",
                remedy: "Write unmanaged, and install it by other means if the fleet needs it.",
            },
        ]);
    });

    it("is refused in Auto Mode, which is the reason that it has no add-ons, and with IPv6", async () => {
        const { found } = await lookAt((token, args) => {
            if (args.addonName === "aws-ebs-csi-driver") throw failed("reading EKS Add-On (eks-blue:x): couldn't find resource");
            return {
                ...answers(token, args),
                ...(token.endsWith("getCluster") && {
                    computeConfigs: [{ enabled: true }],
                    kubernetesNetworkConfigs: [{ ipFamily: "ipv6" }],
                }),
            };
        });
        assert.deepEqual((found as ConfigError).problems, [
            {
                path: "aws.cluster.name",
                problem:
                    '"eks-blue" is in EKS Auto Mode, whose nodes attach no volumes of the EBS CSI driver, and whose load balancers have another controller.',
                remedy: "Use a cluster without Auto Mode. Pods of this project do not run in this one, whatever aws.addOns says.",
            },
            {
                path: "aws.cluster.name",
                problem:
                    '"eks-blue" is an IPv6 cluster: the load balancers of this stack reach pods by IPv4 only, and its nodes\' network plugin has rights for IPv4 only.',
                remedy: "Use an IPv4 cluster.",
            },
        ]);
    });

    describe("that gets nodes", () => {
        /** Two node groups, of which one has a security group beside the cluster's own. */
        const withNodes: Call = (token, args) => {
            const templates: Record<string, object> = {
                "lt-system": { vpcSecurityGroupIds: ["sg-0a", "<security group of eks-blue>"], networkInterfaces: [] },
                "lt-batch": { vpcSecurityGroupIds: [], networkInterfaces: [{ securityGroups: ["<security group of eks-blue>"] }] },
            };
            if (token.endsWith("getNodeGroups")) return { names: ["system", "batch"] };
            if (token.endsWith("getNodeGroup")) return { launchTemplates: [{ id: `lt-${args.nodeGroupName}` }] };
            return token.endsWith("getLaunchTemplate") ? (templates[String(args.id)] as Record<string, unknown>) : answers(token, args);
        };

        it("is refused where its other nodes are in security groups that the new ones would not be in", async () => {
            assert.deepEqual(((await lookAt(withNodes, { nodeGroups: {} })).found as ConfigError).problems, [
                {
                    path: "aws.nodeGroups.securityGroupIds",
                    problem:
                        'is not set: nodes of "eks-blue" are in sg-0a (node groups system), nodes of this stack would not be. Pods there may not reach CoreDNS.',
                    remedy: "Write [sg-0a]. Or write [] if the cluster's own security group is enough.",
                },
            ]);
        });

        it("is accepted where the configuration says which security groups they need, and asked nothing then", async () => {
            for (const securityGroupIds of [["sg-0a"], []]) {
                const { calls, found } = await lookAt(withNodes, { nodeGroups: { securityGroupIds } });
                assert.equal((found as EksConnection).securityGroupId, "<security group of eks-blue>");
                assert.deepEqual(
                    calls.filter((call) => /NodeGroup|Template/.test(call)),
                    [],
                );
            }
        });

        it("is refused where the security groups of its nodes may not be looked up", async () => {
            const { found } = await lookAt(
                (token, args) => {
                    if (token.endsWith("getNodeGroups")) throw failed("AccessDeniedException: eks:ListNodegroups");
                    return answers(token, args);
                },
                { nodeGroups: {} },
            );
            assert.deepEqual(
                (found as ConfigError).problems.map(({ path, problem }) => `${path}: ${problem}`),
                [
                    'aws.nodeGroups.securityGroupIds: is not set, and the security groups of the other nodes of "eks-blue" cannot be looked up: AccessDeniedException: eks:ListNodegroups.',
                ],
            );
        });
    });

    const good: ClusterFacts = {
        eksName: "eks-blue",
        region: REGION,
        status: "ACTIVE",
        version: "1.32",
        authenticationMode: "API",
        autoMode: false,
        ipFamily: "ipv4",
        nodeGroups: true,
        addOns: {},
        issuer: "https://issuer",
    };

    it("is accepted with the oldest version of an add-on, and with later ones, compared as numbers", () => {
        const problems = ["1.26.0", "v1.100.2-eksbuild.1", "v2.0.0"].flatMap((value) =>
            clusterProblems({ ...good, addOns: { ebsCsi: { value } } }),
        );
        assert.deepEqual(problems, []);
    });

    it("gets no nodes where it reads roles from its ConfigMap only", async () => {
        const { found } = await lookAt(
            (token, args) => ({
                ...answers(token, args),
                ...(token.endsWith("getCluster") && { accessConfigs: [{ authenticationMode: "CONFIG_MAP" }] }),
            }),
            { nodeGroups: {} },
        );
        assert.deepEqual((found as ConfigError).problems, [
            {
                path: "aws.nodeGroups",
                problem: '"eks-blue" reads roles from its ConfigMap aws-auth only: nodes of this stack could not join.',
                remedy: "Turn on access entries, which changes nothing for the roles in the ConfigMap: `aws eks update-cluster-config --region eu-west-1 --name eks-blue --access-config authenticationMode=API_AND_CONFIG_MAP`.",
            },
        ]);
    });

    it("may read roles from its ConfigMap where the stack creates no nodes, or beside access entries", () => {
        assert.deepEqual(
            [
                { ...good, nodeGroups: false, authenticationMode: "CONFIG_MAP" },
                { ...good, authenticationMode: "API_AND_CONFIG_MAP" },
            ].flatMap(clusterProblems),
            [],
        );
    });

    it("is refused for IRSA where IAM has no OIDC provider for it", () => {
        assert.deepEqual(clusterProblems({ ...good, oidcProvider: { failure: "finding IAM OIDC Provider by url (issuer): not found" } }), [
            {
                path: "aws.identity.by",
                problem: 'irsa, but IAM has no OIDC provider for cluster "eks-blue".',
                remedy: "Create it (`aws iam create-open-id-connect-provider --url https://issuer --client-id-list sts.amazonaws.com`), or write pod-identity.",
            },
        ]);
    });
});
