import assert from "node:assert/strict";
import { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { findVersionProblems, type VersionFacts, versionProblems } from "../../../../../../components/cloud/aws/cluster/kubernetesVersion";
import { problemText } from "../../../../../../rules/problem";
import { REGION } from "../../../../../support/placedResources";

const PRINTS =
    "`aws eks describe-cluster-versions --region eu-west-1 --query 'clusterVersions[].[clusterVersion,endOfStandardSupportDate]' --output text` prints what EKS has";

const problems = (facts: Partial<VersionFacts>) =>
    versionProblems({
        eksName: "eks-blue",
        region: REGION,
        version: "1.34",
        deployed: { value: undefined },
        supportEnds: { value: new Date("2026-12-02T00:00:00Z") },
        today: new Date("2026-10-01T12:00:00Z"),
        ...facts,
    }).map(problemText);

describe("the Kubernetes version of a cluster that the stack creates", () => {
    it("has standard support for 60 days or more", () => {
        assert.deepEqual(problems({}), []);
        assert.deepEqual(problems({ today: new Date("2026-10-04T00:00:00Z") }), [
            `aws.cluster.create.version: EKS ends its standard support of Kubernetes 1.34 on 2026-12-02, and then upgrades the cluster by itself. Write a later version: ${PRINTS}.`,
        ]);
    });

    it("is one that EKS supports", () =>
        assert.deepEqual(problems({ version: "1.19", supportEnds: { value: undefined } }), [
            `aws.cluster.create.version: EKS has no standard support for Kubernetes 1.19 in eu-west-1. Write another version: ${PRINTS}.`,
        ]));

    it("stays as it is in an existing cluster, however near the end of its support is", () =>
        assert.deepEqual(problems({ deployed: { value: "1.34" }, today: new Date("2026-12-24T00:00:00Z") }), []));

    it("is not set back where EKS has upgraded the cluster", () =>
        assert.deepEqual(problems({ deployed: { value: "1.35" } }), [
            'aws.cluster.create.version: "1.34" is older than what "eks-blue" runs, Kubernetes 1.35: EKS upgrades a cluster when standard support ends, and never goes back. Write "1.35", and run `pulumi refresh` before the next update.',
        ]));

    it("grows by one minor version at a time", () => {
        assert.deepEqual(problems({ version: "1.35", deployed: { value: "1.34" } }), []);
        assert.deepEqual(problems({ version: "1.36", deployed: { value: "1.34" } }), [
            'aws.cluster.create.version: "eks-blue" runs Kubernetes 1.34, and EKS upgrades by one minor version at a time. Write "1.35" and update, then go on.',
        ]);
    });

    it("is reported as a problem, without a stack trace, where EKS may not be asked", () =>
        assert.deepEqual(
            [...problems({ deployed: { failure: "AccessDenied" } }), ...problems({ supportEnds: { failure: "AccessDenied" } })],
            [
                'aws.cluster.create.version: whether "eks-blue" exists cannot be looked up: AccessDenied. Allow eks:DescribeCluster.',
                `aws.cluster.create.version: "1.34" cannot be looked up: AccessDenied. Allow eks:DescribeClusterVersions, and check the version: ${PRINTS}.`,
            ],
        ));
});

describe("the look-up of that version", () => {
    /** An error as the engine passes it on from the provider. */
    const failed = (details: string) => Object.assign(new Error(details), { details });

    /** The problems where EKS answers with this status of the version, and with this cluster or none. */
    async function find(versionStatus: string, cluster?: string): Promise<string[]> {
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
            call: ({ token, inputs }) => {
                if (token.endsWith(":getClusterVersions")) {
                    assert.deepEqual(inputs, { clusterVersionsOnlies: ["1.34"] });
                    return {
                        clusterVersions: [{ clusterVersion: "1.34", versionStatus, endOfStandardSupportDate: "2026-12-02T00:00:00Z" }],
                    };
                }
                if (cluster === undefined) throw failed("reading EKS Cluster (eks-blue): couldn't find resource");
                return { version: cluster };
            },
        });
        const args = { eksName: "eks-blue", region: REGION, version: "1.34" };
        return (await findVersionProblems(args, new Provider("aws", { region: REGION }), new Date("2026-09-01T00:00:00Z"))).map(
            problemText,
        );
    }

    it("takes a cluster that EKS does not find for one that is still to be created", async () =>
        assert.deepEqual(await find("STANDARD_SUPPORT"), []));

    it("counts extended support as no support", async () => assert.match((await find("EXTENDED_SUPPORT")).join(), /no standard support/));

    it("compares with the cluster that exists", async () =>
        assert.match((await find("EXTENDED_SUPPORT", "1.35")).join(), /older than what "eks-blue" runs, Kubernetes 1\.35/));
});
