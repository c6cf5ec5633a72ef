import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { adminProblems, checkCreateCluster, zoneProblems } from "../../../../../../components/cloud/aws/cluster/createClusterChecks";
import { ConfigError } from "../../../../../../config/configError";
import { awsAnswer } from "../../../../../../engine/awsPlaceholders";
import { ACCOUNT, REGION } from "../../../../../support/placedResources";

const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;

describe("the check before a cluster is created", () => {
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/Admin/somebody`;

    /** The arguments of the calls, and the paths of the problems. */
    async function check(more: { subnetIds?: string[]; zones?: string[]; caller?: string }, call = awsAnswer) {
        const calls: unknown[] = [];
        await pulumi.runtime.setMocks(
            {
                newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
                call: ({ token, inputs }) => {
                    calls.push(inputs);
                    return call(token, inputs, REGION);
                },
            },
            "thanos-fleet",
            "blue",
        );
        const provider = new Provider("aws", { region: REGION });
        const args = { admins: [ADMIN], zones: ["a"], region: REGION, provider, caller: session, ...more };
        const refusal = await checkCreateCluster(args).catch((error: unknown) => error);
        return { calls, paths: refusal instanceof ConfigError ? refusal.problems.map(({ path }) => path) : refusal };
    }

    it("looks up the zones that need no opt-in", async () => {
        assert.deepEqual((await check({})).calls, [
            { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
        ]);
    });

    it("looks up no zones where subnets are given", async () => {
        assert.deepEqual(await check({ subnetIds: ["subnet-0a"], zones: ["f"] }), { calls: [], paths: undefined });
    });

    it("reports all problems at once", async () => {
        const { paths } = await check({ zones: ["f"], caller: `arn:aws:iam::${ACCOUNT}:root` });
        assert.deepEqual(paths, ["aws.cluster.create.admins", "aws.cluster.create.zones"]);
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
