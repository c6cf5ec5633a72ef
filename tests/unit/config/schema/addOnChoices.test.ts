import assert from "node:assert/strict";
import { addOnChoices } from "../../../../config/schema/addOnChoices";

describe("add-ons that the configuration leaves out", () => {
    const create = {
        version: "1.34",
        subnetIds: [],
        zones: [],
        privateAccessCidrs: [],
        publicAccessCidrs: [],
        admins: [],
        deletionProtection: true,
    };
    const byPodIdentity = { addOns: {}, identity: { by: "pod-identity" } } as const;

    it("are all installed in a cluster that the stack creates, except cert-manager, which nothing uses", () => {
        assert.deepEqual(addOnChoices({ ...byPodIdentity, cluster: { name: "eks", create } }), {
            podIdentityAgent: "install",
            ebsCsi: "install",
            loadBalancerController: "install",
            externalDns: "install",
            certManager: "unmanaged",
            metricsServer: "install",
        });
    });

    it("have to be present in an existing cluster, where the fleet needs them", () => {
        assert.deepEqual(addOnChoices({ ...byPodIdentity, cluster: { name: "eks" } }), {
            podIdentityAgent: "present",
            ebsCsi: "present",
            loadBalancerController: "present",
            externalDns: "present",
            certManager: "unmanaged",
            metricsServer: "unmanaged",
        });
    });

    it("leave the Pod Identity agent unmanaged where pods use IRSA", () => {
        const { podIdentityAgent } = addOnChoices({ addOns: {}, identity: { by: "irsa" }, cluster: { name: "eks" } });
        assert.equal(podIdentityAgent, "unmanaged");
    });
});
