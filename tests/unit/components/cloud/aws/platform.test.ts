import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ebsCsiStatements } from "../../../../../components/cloud/aws/addOns/ebsCsi/policy";
import { awsCloud } from "../../../../../components/cloud/aws/awsCloud";
import { accountProblems } from "../../../../../components/cloud/aws/platform";
import type { ConfigError } from "../../../../../config/configError";
import { awsAnswer, awsOutputs } from "../../../../../engine/awsPlaceholders";
import { runInProcess } from "../../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../../engine/stackFile";
import { ACCOUNT, REGION } from "../../../../support/placedResources";
import { buildObserver, buildObserverOn, observerConfig } from "../../../../support/testFleet";

describe("the platform of a stack on AWS", () => {
    const storageClasses = async (run: ReturnType<typeof buildObserver>) => {
        const { resources } = await run;
        const used = resources.flatMap(({ props }) => JSON.stringify(props).match(/(?<="storageClassName":")[^"]+/g) ?? []);
        return {
            created: resources.filter(({ type }) => type === "kubernetes:storage.k8s.io/v1:StorageClass").map(({ name }) => name),
            used: [...new Set(used)],
        };
    };

    it("creates a StorageClass, in an existing cluster too", async () => {
        assert.deepEqual(await storageClasses(buildObserver("aws")), { created: ["thanos-fleet"], used: ["thanos-fleet"] });
    });

    it("uses the user's StorageClass and creates none beside it", async () => {
        const run = runInProcess("observer", toEngineConfig(observerConfig("aws", { storageClass: "fast" })));
        assert.deepEqual(await storageClasses(run), { created: [], used: ["fast"] });
    });

    it("creates the network plugin and kube-proxy before the nodes, and CoreDNS after them", async () => {
        const { resources } = await buildObserverOn("created");
        const before = (name: string) => resources.find((resource) => resource.name === name)?.dependsOn ?? [];
        const earlier = (name: string, names: string[]) => names.filter((other) => before(name).includes(other));
        assert.deepEqual(
            [earlier("nodes-general", ["vpc-cni", "kube-proxy", "coredns"]), earlier("coredns", ["nodes-general", "ebsCsi"])],
            [["vpc-cni", "kube-proxy"], ["nodes-general"]],
        );
    });

    it("installs no EKS add-on in an existing cluster where the configuration does not say so", async () => {
        const { resources } = await buildObserver("aws");
        assert.deepEqual(
            resources.filter(({ type }) => type === "aws:eks/addon:Addon").map(({ name }) => name),
            [],
        );
    });
});

/** The arguments of a stack that deploys to an existing cluster. */
const EXISTING = {
    region: REGION,
    cluster: { name: "eks-blue" },
    addOns: {},
    identity: { by: "pod-identity" as const },
    tags: {},
    clusterName: "blue",
    domain: "fleet.test",
    rolePath: "/",
    pods: [],
};

describe("the volumes of a stack on AWS", () => {
    it("are created by a driver that may use the account's default key, where that is a customer's", async () => {
        const key = `arn:aws:kms:${REGION}:${ACCOUNT}:key/0a`;
        let policy = "";
        await pulumi.runtime.setMocks(
            {
                newResource: ({ type, name, inputs }) => {
                    if (type === "aws:iam/rolePolicy:RolePolicy" && name === "ebsCsi") policy = inputs.policy;
                    const { id, outputs } = awsOutputs(type, name, inputs, REGION);
                    return { id, state: outputs };
                },
                call: ({ token, inputs }) => (token.endsWith("getDefaultKmsKey") ? { keyArn: key } : awsAnswer(token, inputs, REGION)),
            },
            "thanos-fleet",
            "blue",
            true,
        );
        await awsCloud({ ...EXISTING, addOns: { ebsCsi: "install" } });
        await pulumi.runtime.disconnect();
        assert.deepEqual(JSON.parse(policy).Statement, ebsCsiStatements({ region: REGION, eksName: "eks-blue", volumeKey: key }));
    });
});

describe("the account of a stack on AWS", () => {
    it("is looked up first, and nothing is declared in another than the observer expects", async () => {
        const declared: string[] = [];
        await pulumi.runtime.setMocks({
            newResource: ({ type, name, inputs }) => {
                declared.push(type);
                return { id: name, state: inputs };
            },
            call: ({ token, inputs }) => awsAnswer(token, inputs, REGION),
        });
        await assert.rejects(
            () => awsCloud({ ...EXISTING, expectedAccount: "222222222222" }),
            ({ problems }: ConfigError) => {
                assert.deepEqual(problems, accountProblems(ACCOUNT, "222222222222"));
                return true;
            },
        );
        assert.deepEqual(declared, ["pulumi:providers:aws"]);
    });

    it("is accepted where the observer has the same account for the cluster, or none", () => {
        assert.deepEqual([accountProblems(ACCOUNT, undefined), accountProblems(ACCOUNT, ACCOUNT)], [[], []]);
    });

    it("is refused where the observer has another account for the cluster", () => {
        assert.deepEqual(accountProblems(ACCOUNT, "222222222222"), [
            {
                path: "aws",
                problem: `these credentials are for account ${ACCOUNT}; the observer's list has this cluster in account 222222222222.`,
                remedy: "Use that account's credentials (aws.profile), or write observees[].account in the observer's stack and update it first.",
            },
        ]);
    });
});
