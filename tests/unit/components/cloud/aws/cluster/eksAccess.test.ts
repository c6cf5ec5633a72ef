import assert from "node:assert/strict";
import { eksKubeconfig } from "../../../../../../components/cloud/aws/cluster/eksAccess";
import { REGION } from "../../../../../support/placedResources";

describe("the kubeconfig of an EKS cluster", () => {
    const argsWith = (profile?: string) => {
        const config = eksKubeconfig({
            eksName: "eks-blue",
            region: REGION,
            endpoint: "https://eks",
            certificateAuthority: "Q0E=",
            profile,
        });
        return JSON.parse(config).users[0].user.exec.args as string[];
    };
    const token = ["--region", REGION, "eks", "get-token", "--cluster-name", "eks-blue", "--output", "json"];

    it("names the cluster's address and its authority, and a plugin of the version that kubectl takes", () => {
        const config = eksKubeconfig({ eksName: "eks-blue", region: REGION, endpoint: "https://eks", certificateAuthority: "Q0E=" });
        const { clusters, contexts, users, ...rest } = JSON.parse(config);
        assert.deepEqual(
            { clusters, contexts, current: rest["current-context"], plugin: users[0].user.exec.apiVersion },
            {
                clusters: [{ name: "eks", cluster: { server: "https://eks", "certificate-authority-data": "Q0E=" } }],
                contexts: [{ name: "eks", context: { cluster: "eks", user: "eks" } }],
                current: "eks",
                plugin: "client.authentication.k8s.io/v1beta1",
            },
        );
    });

    it("gets its token with the shell's credentials", () => {
        assert.deepEqual(argsWith(), token);
    });

    it("gets its token with the credentials of a profile, where one is given", () => {
        assert.deepEqual(argsWith("observability"), ["--profile", "observability", ...token]);
    });
});
