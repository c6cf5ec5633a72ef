import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import type { EksConnection } from "../../../../../../components/cloud/aws/cluster/eksAccess";
import { type ClusterFacts, clusterProblems, findCluster } from "../../../../../../components/cloud/aws/cluster/findCluster";
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
    async function lookAt(call: Call = answers, { irsa = false, nodeGroups = false } = {}) {
        const calls: string[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    calls.push(String(inputs.addonName ?? token.slice(token.lastIndexOf(":") + 1)));
                    return call(token, inputs);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const args = { region: REGION, provider, irsa, nodeGroups, addOns: present };
        const found = await findCluster("eks-blue", args).catch((error: unknown) => error);
        return { calls, found };
    }

    it("is looked up, and so are the add-ons that the configuration says are present", async () => {
        assert.deepEqual((await lookAt()).calls, ["getCluster", "eks-pod-identity-agent", "aws-ebs-csi-driver"]);
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
        ]);
    });

    const good: ClusterFacts = {
        eksName: "eks-blue",
        region: REGION,
        status: "ACTIVE",
        version: "1.32",
        authenticationMode: "API",
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
            { nodeGroups: true },
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
