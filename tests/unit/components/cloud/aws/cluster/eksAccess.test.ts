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

    it("gets its token with the shell's credentials", () => {
        assert.deepEqual(argsWith(), token);
    });

    it("gets its token with the credentials of a profile, where one is given", () => {
        assert.deepEqual(argsWith("observability"), ["--profile", "observability", ...token]);
    });
});
