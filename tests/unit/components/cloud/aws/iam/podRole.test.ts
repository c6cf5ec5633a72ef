import assert from "node:assert/strict";
import { mock } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { inEffect, podRole } from "../../../../../../components/cloud/aws/iam/podRole";
import { ACCOUNT, placedBy, REGION, resourceTitled, role, titles } from "../../../../../support/placedResources";

const CLUSTER = { by: "pod-identity", eksName: "eks-blue", clusterArn: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/eks-blue` } as const;

describe("the role of pods", () => {
    it("is associated with their service account, and with the role of another account that they assume", async () => {
        const pods = { role: role("store"), podIdentity: CLUSTER, namespace: "monitoring", serviceAccount: "thanos-store", rights: [] };
        const assume = "arn:aws:iam::222222222222:role/blue-blocks";
        const placed = await placedBy(() => void podRole("store", { ...pods, assume }, {}));
        assert.deepEqual(titles(placed), ["PodIdentityAssociation store", "Role store", "RolePolicy store"]);
        assert.deepEqual(resourceTitled(placed, "PodIdentityAssociation store").inputs, {
            clusterName: "eks-blue",
            namespace: "monitoring",
            serviceAccount: "thanos-store",
            roleArn: `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role("store").name}`,
            targetRoleArn: assume,
        });
    });
});

describe("a Pod Identity association", () => {
    class Association extends pulumi.CustomResource {
        constructor() {
            super("aws:eks/podIdentityAssociation:PodIdentityAssociation", "store", {});
        }
    }

    /** Whether `dependsOn` would let a pod start, each time that the milliseconds have passed. */
    async function startsAfter(steps: number[], preview: boolean): Promise<boolean[]> {
        const newResource = ({ name }: pulumi.runtime.MockResourceArgs) => ({ id: name, state: {} });
        await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "thanos-fleet", "blue", preview);
        mock.timers.enable({ apis: ["setTimeout"] });
        try {
            const association = new Association();
            let resolved: pulumi.Resource | undefined;
            inEffect(association).apply((resource) => {
                resolved = resource;
            });
            const seen: boolean[] = [];
            for (const step of steps) {
                await settled();
                mock.timers.tick(step);
                await settled();
                seen.push(resolved === association);
            }
            return seen;
        } finally {
            mock.timers.reset();
        }
    }

    /** Everything that waits for no timer has run. */
    const settled = async () => {
        for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    };

    it("is waited for during 15 seconds before a pod that needs it starts: one that starts earlier never gets credentials", async () => {
        assert.deepEqual(await startsAfter([0, 14_999, 1], false), [false, false, true]);
    });

    it("is not waited for in a preview, which makes none", async () => {
        assert.deepEqual(await startsAfter([0], true), [true]);
    });
});
