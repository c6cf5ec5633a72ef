import assert from "node:assert/strict";
import { AddOns, type AddOnsArgs } from "../../../../../../components/cloud/aws/addOns";
import type { AddOnChoices } from "../../../../../../config/schema/addOnChoices";
import { ACCOUNT, type PlacedResource, placedBy, REGION, resourceTitled, role, titles } from "../../../../../support/placedResources";

const EKS_NAME = "eks-blue";
const ISSUER = `https://oidc.eks.${REGION}.amazonaws.com/id/0123ABCD`;
const TAGS = { team: "observability" };
const EKS = {
    eksName: EKS_NAME,
    vpcId: "vpc-0a",
    podIdentity: { by: "pod-identity", eksName: EKS_NAME, clusterArn: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${EKS_NAME}` },
} as const;
const IRSA = {
    eks: {
        ...EKS,
        podIdentity: {
            by: "irsa",
            issuer: ISSUER,
            oidcProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER.replace("https://", "")}`,
        },
    },
} as const;

const all = (choice: AddOnChoices[keyof AddOnChoices]): AddOnChoices => ({
    podIdentityAgent: choice,
    ebsCsi: choice,
    loadBalancerController: choice,
    externalDns: choice,
    certManager: choice,
    metricsServer: choice,
});

async function install(more: Partial<AddOnsArgs> = {}) {
    let ready = 0;
    const placed = await placedBy(() => {
        ready = new AddOns("add-ons", {
            choices: all("install"),
            eks: EKS,
            region: REGION,
            createStorageClass: "fleet",
            zoneId: "Z0123",
            clusterName: "blue",
            domain: "fleet.example.com",
            tags: TAGS,
            role,
            ...more,
        }).ready.length;
    });
    return { placed, ready };
}

const addOn = (placed: PlacedResource[], name: string) => resourceTitled(placed, `Addon ${name}`).inputs;
const roleArn = (component: string) => `arn:aws:iam::${ACCOUNT}:role/thanos-fleet/${role(component).name}`;

describe("the add-ons of a stack", () => {
    it("have a role each where they call AWS, and none otherwise", async () => {
        assert.deepEqual(titles((await install()).placed), [
            "Addon certManager",
            "Addon ebsCsi",
            "Addon externalDns",
            "Addon metricsServer",
            "Addon podIdentityAgent",
            "PodIdentityAssociation loadBalancerController",
            "Release loadBalancerController",
            "Role ebsCsi",
            "Role externalDns",
            "Role loadBalancerController",
            "RolePolicy ebsCsi",
            "RolePolicy externalDns",
            "RolePolicy loadBalancerController",
            "StorageClass fleet",
        ]);
    });

    for (const choice of ["present", "unmanaged"] as const)
        it(`are not installed where they are ${choice}: the stack creates only the StorageClass`, async () => {
            assert.deepEqual(titles((await install({ choices: all(choice) })).placed), ["StorageClass fleet"]);
        });

    it("include no StorageClass where the user names one", async () => {
        const { placed } = await install({ choices: { ...all("present"), ebsCsi: "install" }, createStorageClass: undefined });
        assert.deepEqual(titles(placed), ["Addon ebsCsi", "Role ebsCsi", "RolePolicy ebsCsi"]);
    });

    it("are installed one by one, each with its own role", async () => {
        const { placed } = await install({ choices: { ...all("present"), ebsCsi: "install" } });
        assert.deepEqual(titles(placed), ["Addon ebsCsi", "Role ebsCsi", "RolePolicy ebsCsi", "StorageClass fleet"]);
    });

    it("are all among the resources that pods wait for", async () => {
        assert.equal((await install()).ready, 7);
    });

    it("wait for the Pod Identity agent, and the StorageClass for its driver", async () => {
        const { placed } = await install();
        const waits = (title: string, before: string) => resourceTitled(placed, title).dependsOn.includes(before);
        assert.deepEqual(
            [
                waits("Addon ebsCsi", "Addon podIdentityAgent"),
                waits("Addon externalDns", "Addon podIdentityAgent"),
                waits("Release loadBalancerController", "Addon podIdentityAgent"),
                waits("StorageClass fleet", "Addon ebsCsi"),
            ],
            [true, true, true, true],
        );
    });

    it("wait for the policy of their role", async () => {
        const { placed } = await install();
        const late = ["Addon ebsCsi", "Addon externalDns", "Release loadBalancerController"].filter((title) => {
            const policy = `RolePolicy ${title.split(" ")[1]}`;
            return !resourceTitled(placed, title).dependsOn.includes(policy);
        });
        assert.deepEqual(late, []);
    });

    it("assume their roles through EKS Pod Identity", async () => {
        const { placed } = await install();
        assert.deepEqual(addOn(placed, "ebsCsi"), {
            clusterName: EKS_NAME,
            addonName: "aws-ebs-csi-driver",
            configurationValues: '{"controller":{"extraVolumeTags":{"team":"observability"}}}',
            resolveConflictsOnUpdate: "OVERWRITE",
            podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn: roleArn("ebs-csi") }],
        });
        assert.deepEqual(resourceTitled(placed, "PodIdentityAssociation loadBalancerController").inputs, {
            clusterName: EKS_NAME,
            namespace: "kube-system",
            serviceAccount: "aws-load-balancer-controller",
            roleArn: roleArn("load-balancers"),
        });
    });

    it("assume their roles through IRSA", async () => {
        const { placed } = await install(IRSA);
        assert.equal(addOn(placed, "externalDns").serviceAccountRoleArn, roleArn("external-dns"));
        assert.deepEqual(
            (resourceTitled(placed, "Release loadBalancerController").inputs.values as Record<string, unknown>).serviceAccount,
            {
                name: "aws-load-balancer-controller",
                annotations: { "eks.amazonaws.com/role-arn": roleArn("load-balancers") },
            },
        );
        assert.equal(titles(placed).includes("PodIdentityAssociation loadBalancerController"), false);
    });

    it("have roles that trust one service account each", async () => {
        const { placed } = await install(IRSA);
        const subjects = ["ebsCsi", "externalDns", "loadBalancerController"].map((name) => {
            const document = JSON.parse(String(resourceTitled(placed, `Role ${name}`).inputs.assumeRolePolicy));
            return document.Statement[0].Condition.StringEquals[`${ISSUER.replace("https://", "")}:sub`];
        });
        assert.deepEqual(subjects, [
            "system:serviceaccount:kube-system:ebs-csi-controller-sa",
            "system:serviceaccount:external-dns:external-dns",
            "system:serviceaccount:kube-system:aws-load-balancer-controller",
        ]);
    });

    it("have roles with the fleet's path and permissions boundary", async () => {
        const { path, permissionsBoundary, name } = resourceTitled((await install()).placed, "Role externalDns").inputs;
        assert.deepEqual({ name, path, permissionsBoundary }, role("external-dns"));
    });

    it("configure ExternalDNS for one zone, as the owner of no other fleet's records", async () => {
        const { placed } = await install();
        assert.deepEqual(JSON.parse(String(addOn(placed, "externalDns").configurationValues)), {
            policy: "sync",
            registry: "txt",
            txtOwnerId: "blue.fleet.example.com",
            sources: ["service", "ingress"],
            extraArgs: ["--zone-id-filter=Z0123"],
        });
    });

    it("include a StorageClass whose volumes outlive their claims", async () => {
        const { metadata, ...spec } = resourceTitled((await install()).placed, "StorageClass fleet").inputs;
        assert.equal((metadata as { name: string }).name, "fleet");
        const { apiVersion, kind, ...own } = spec;
        assert.deepEqual(own, {
            provisioner: "ebs.csi.aws.com",
            parameters: { type: "gp3", encrypted: "true" },
            reclaimPolicy: "Retain",
            allowVolumeExpansion: true,
            volumeBindingMode: "WaitForFirstConsumer",
        });
    });
});
