import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import {
    adminProblems,
    type CreateClusterChecksArgs,
    checkCreateCluster,
    zoneProblems,
} from "../../../../../../components/cloud/aws/cluster/createClusterChecks";
import { ConfigError } from "../../../../../../config/configError";
import type { AddOnChoices } from "../../../../../../config/schema/addOnChoices";
import { awsAnswer } from "../../../../../../engine/awsPlaceholders";
import { ACCOUNT, REGION } from "../../../../../support/placedResources";

const NO_ADD_ONS: AddOnChoices = {
    podIdentityAgent: "unmanaged",
    ebsCsi: "unmanaged",
    loadBalancerController: "install",
    externalDns: "unmanaged",
    certManager: "unmanaged",
    metricsServer: "unmanaged",
};

const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;

describe("the check before a cluster is created", () => {
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/somebody`;

    /** An error as the engine passes it on from the provider. */
    const failed = (details: string) => Object.assign(new Error(details), { details });

    /** The calls, and the paths of the problems. */
    async function check(more: Partial<CreateClusterChecksArgs>, call: typeof awsAnswer = awsAnswer) {
        const calls: string[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    calls.push(`${token.slice(token.lastIndexOf(":") + 1)} ${inputs.addonName ?? inputs.name ?? inputs.id ?? ""}`.trim());
                    return call(token, inputs, REGION);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const result = await checkCreateCluster({
            eksName: "eks-blue",
            version: "1.34",
            admins: [ADMIN],
            zones: ["a"],
            publicAccessCidrs: ["203.0.113.7/32"],
            region: REGION,
            provider,
            caller: session,
            addOns: NO_ADD_ONS,
            problems: [],
            ...more,
        }).catch((error: unknown) => error);
        return { calls, result, paths: result instanceof ConfigError ? result.problems.map(({ path }) => path) : [] };
    }

    it("looks up the zones that need no opt-in", async () => {
        let asked: unknown;
        const { calls } = await check({}, (token, args, region) => {
            asked = args;
            return awsAnswer(token, args, region);
        });
        assert.deepEqual(calls, ["getAvailabilityZones"]);
        assert.deepEqual(asked, { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] });
    });

    it("looks up no zones where subnets are given, but the VPC that they are in", async () => {
        const { calls, result } = await check({ subnetIds: ["subnet-0a", "subnet-0b"], zones: ["f"] });
        assert.deepEqual({ calls, result }, { calls: ["getSubnet subnet-0a"], result: { vpcId: "<vpc of subnet-0a>" } });
    });

    const absent = (what: string): typeof awsAnswer => {
        return (token, args, region) => {
            if (token.endsWith(what)) throw failed(`reading ${args.name ?? args.addonName}: couldn't find resource`);
            return awsAnswer(token, args, region);
        };
    };

    it("refuses a private API server in a VPC that the same update creates: nothing could reach it", async () => {
        const { calls, result } = await check({ publicAccessCidrs: [] }, absent("getCluster"));
        assert.deepEqual(calls, ["getAvailabilityZones", "getCluster eks-blue"]);
        assert.deepEqual((result as ConfigError).problems, [
            {
                path: "aws.cluster.create.publicAccessCidrs",
                problem:
                    'is empty, and "eks-blue" does not exist yet: its API server would be private in a VPC that this update creates, where nothing can reach it.',
                remedy: "Write your own address for the first update (`curl -s https://checkip.amazonaws.com` prints it, add /32) and remove it when the VPC is connected to yours. Or list the subnetIds of a VPC that `pulumi up` reaches.",
            },
        ]);
    });

    it("accepts a private API server once the cluster exists, or in given subnets", async () => {
        const existing = await check({ publicAccessCidrs: [] });
        const inSubnets = await check({ publicAccessCidrs: [], subnetIds: ["subnet-0a"] }, absent("getCluster"));
        assert.deepEqual([existing.paths, inSubnets.paths], [[], []]);
    });

    it("refuses to guess whether the cluster exists", async () => {
        const { paths } = await check({ publicAccessCidrs: [] }, (token, args, region) => {
            if (token.endsWith("getCluster")) throw failed("AccessDeniedException: not authorized to perform: eks:DescribeCluster");
            return awsAnswer(token, args, region);
        });
        assert.deepEqual(paths, ["aws.cluster.create.publicAccessCidrs"]);
    });

    it("asks EKS for each add-on that the stack installs, and names those that it does not have", async () => {
        const { calls, result } = await check(
            { addOns: { ...NO_ADD_ONS, ebsCsi: "install", metricsServer: "install" } },
            (token, args, region) => {
                if (args.addonName === "metrics-server") throw failed("reading EKS Add-On version info: empty result");
                return awsAnswer(token, args, region);
            },
        );
        assert.deepEqual(calls, ["getAvailabilityZones", "getAddonVersion aws-ebs-csi-driver", "getAddonVersion metrics-server"]);
        assert.deepEqual((result as ConfigError).problems, [
            {
                path: "aws.addOns.metricsServer",
                problem: "EKS in eu-west-1 has no add-on metrics-server for Kubernetes 1.34.",
                remedy: "Write unmanaged, and install it by other means if the fleet needs it.",
            },
        ]);
    });

    it("reports all problems at once", async () => {
        const { paths } = await check({
            zones: ["f"],
            caller: `arn:aws:iam::${ACCOUNT}:root`,
            problems: [{ path: "aws", problem: "known.", remedy: "" }],
        });
        assert.deepEqual(paths, ["aws", "aws.cluster.create.admins", "aws.cluster.create.zones"]);
    });

    it("reports zones that may not be looked up as a problem, without a stack trace", async () => {
        const { paths } = await check({}, () => {
            throw new Error("UnauthorizedOperation: not authorized to perform: ec2:DescribeAvailabilityZones");
        });
        assert.deepEqual(paths, ["aws.cluster.create.zones"]);
    });

    const zones = (ids: Record<string, string>) => ({ value: Object.entries(ids).map(([letter, id]) => ({ letter, id })) });

    it("refuses a zone that does not exist, and lists those that do", () => {
        const available = zones({ a: "usw2-az2", b: "usw2-az1", d: "usw2-az4" });
        assert.deepEqual(zoneProblems({ region: "us-west-2", zones: ["a", "c", "e"], available }), [
            {
                path: "aws.cluster.create.zones",
                problem: "c, e: this account has no such zone in us-west-2, or EKS is not in it.",
                remedy: "Write two or more of a, b, d.",
            },
        ]);
    });

    it("refuses a zone without EKS, whatever its letter in this account", () => {
        const refused = ["use1-az3", "usw1-az2", "cac1-az3"].map((id) =>
            zoneProblems({ region: "us-east-1", zones: ["a", "b"], available: zones({ a: id, b: "use1-az1", c: "use1-az2" }) }),
        );
        assert.deepEqual(
            refused.map(([problem]) => problem?.remedy),
            ["Write two or more of b, c.", "Write two or more of b, c.", "Write two or more of b, c."],
        );
    });

    it("accepts zones that exist", () => {
        const available = zones({ a: "euw1-az3", b: "euw1-az1", c: "euw1-az2" });
        assert.deepEqual(zoneProblems({ region: REGION, zones: ["a", "b", "c"], available }), []);
    });

    it("accepts a caller among the administrators, whatever the path of the role", () => {
        const sso = `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/Ops`;
        assert.deepEqual(
            [adminProblems([ADMIN], session), adminProblems([ADMIN, sso], `arn:aws:sts::${ACCOUNT}:assumed-role/Ops/somebody`)],
            [[], []],
        );
    });

    it("refuses a role that is not among the administrators, and names it", () => {
        assert.deepEqual(adminProblems([ADMIN], `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/ci`), [
            {
                path: "aws.cluster.create.admins",
                problem: `role deployer of account ${ACCOUNT}, whose credentials these are, is not listed: it could neither create the cluster nor deploy to it.`,
                remedy: "Add it; `aws iam get-role --role-name deployer --query Role.Arn` prints its ARN. Or run `pulumi up` as a listed role.",
            },
        ]);
    });

    it("refuses a role of the same name in another account", () => {
        assert.equal(adminProblems([ADMIN], "arn:aws:sts::222222222222:assumed-role/Admin/somebody").length, 1);
    });

    it("refuses a user, and the account's root", () => {
        assert.deepEqual(
            [`arn:aws:iam::${ACCOUNT}:user/Admin`, `arn:aws:iam::${ACCOUNT}:root`].flatMap((caller) => adminProblems([ADMIN], caller)),
            ["user/Admin", "root"].map((who) => ({
                path: "aws.cluster.create.admins",
                problem: `these credentials belong to arn:aws:iam::${ACCOUNT}:${who}, which is not a role: only roles administer the cluster.`,
                remedy: "Run `pulumi up` as one of the roles in this list.",
            })),
        );
    });
});
