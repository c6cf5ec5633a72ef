import assert from "node:assert/strict";
import { toPolicy } from "../../../policies/policy";
import { readable } from "../../../policies/properties";
import { irsa, OBJSTORE, objstore, retentionFlags, serviceAccount, thanos } from "../../../rules/example";
import { rolesFitTheirPods } from "../../../rules/L26-roles-fit-their-pods";
import { onlyCompactDeletes } from "../../../rules/L27-only-compact-deletes";
import { lifecycleSparesBlocks } from "../../../rules/L30-lifecycle-spares-blocks";
import { manifestOf } from "../../../rules/reading/manifest";
import { readModel } from "../../../rules/reading/readModel";
import type { Rule } from "../../../rules/rule";
import { UNKNOWN } from "../../support/thanosManifests";

type Resource = readonly [type: string, name: string, props: object];

const kubernetes = (object: { apiVersion: string; kind: string; metadata: { name: string } }): Resource => [
    `kubernetes:${object.apiVersion === "v1" ? "core/v1" : object.apiVersion}:${object.kind}`,
    object.metadata.name,
    object,
];

/** What a rule's policy reports about the resources of a stack. */
function reported(rule: Rule, ...stack: Resource[]): string[] {
    const found: string[] = [];
    const resources = stack.map(([type, name, props]) => ({
        type,
        name,
        urn: `urn:pulumi:dev::fleet::${type}::${name}`,
        props: readable(props),
    }));
    toPolicy(rule).validate(resources, {}, (message) => void found.push(message));
    return found;
}

const BLOCKS: Resource[] = [
    kubernetes(objstore("blue")),
    kubernetes(
        thanos("StatefulSet", "compact", ["compact", ...OBJSTORE, ...retentionFlags("90d", "90d", "90d")], { secret: "objstore-blue" }),
    ),
    kubernetes(thanos("StatefulSet", "store", ["store", ...OBJSTORE], { secret: "objstore-blue", serviceAccount: "store" })),
];

describe("the policy pack on a bucket of AWS", () => {
    const expires = { expiration: { days: 30 } };
    const lifecycle = (bucket: unknown, ...rules: object[]): Resource => [
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "blocks",
        { bucket, rules: rules.map((rule) => ({ status: "Enabled", ...rule })) },
    ];
    const kept = "StatefulSet compact keeps them for 92d (retention and --delete-delay). Remove it, or write 92d or longer.";
    const lifecyclesOf = (resource: Resource) => reported(lifecycleSparesBlocks, resource, ...BLOCKS);

    it("reports a lifecycle that deletes blocks in use, in every type that has one", () => {
        for (const type of [
            "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
        ])
            assert.deepEqual(lifecyclesOf([`aws:s3/${type}`, "b", lifecycle("blocks", expires)[2]]), [
                `${type.split(":")[1]} b.rules[0].expiration: deletes blocks in bucket blocks after 30d, and ${kept}`,
            ]);
        const inline = { bucket: "blocks", lifecycleRules: [{ enabled: true, ...expires }] };
        const lists = { bucket: "blocks", lifecycleRules: [{ enabled: true, expirations: [{ days: 30 }] }] };
        for (const [type, props] of [
            ["bucket:Bucket", inline],
            ["bucketV2:BucketV2", lists],
        ] as const)
            assert.deepEqual(lifecyclesOf([`aws:s3/${type}`, "b", props]), [
                `${type.split(":")[1]} b.lifecycleRules[0].expiration: deletes blocks in bucket blocks after 30d, and ${kept}`,
            ]);
    });

    it("says nothing of rules that spare blocks", () => {
        const spares = [
            { status: "Disabled", ...expires },
            { expiration: { expiredObjectDeleteMarker: true } },
            { noncurrentVersionExpiration: { noncurrentDays: 7 } },
            { transitions: [{ days: 30, storageClass: "GLACIER_IR" }] },
            { filter: { prefix: "red/" }, ...expires },
            { filter: { and: { prefix: "blue/debug/" } }, ...expires },
            { filter: { tag: { key: "temporary", value: "yes" } }, ...expires },
            { filter: { and: { prefix: "", tags: { temporary: "yes" } } }, ...expires },
            { expiration: { days: 92 } },
        ];
        for (const rule of spares) assert.deepEqual(lifecyclesOf(lifecycle("blocks", rule)), [], JSON.stringify(rule));
        assert.deepEqual(lifecyclesOf(lifecycle("logs", expires)), []);
    });

    it("says nothing while the bucket's name or the rule is unknown", () => {
        assert.deepEqual(lifecyclesOf(lifecycle(UNKNOWN, expires)), []);
        assert.deepEqual(lifecyclesOf(lifecycle("blocks", { expiration: { days: UNKNOWN } })), []);
        assert.deepEqual(lifecyclesOf(lifecycle("blocks", { filter: { prefix: UNKNOWN }, ...expires })), []);
    });
});

describe("the policy pack on roles of AWS", () => {
    const policy = (...Action: string[]) => JSON.stringify({ Statement: { Effect: "Allow", Action, Resource: "arn:aws:s3:::blocks/*" } });
    const role = (more: object = {}): Resource => [
        "aws:iam/role:Role",
        "blocks",
        { name: "blocks", assumeRolePolicy: JSON.stringify({ Statement: [irsa("default:store")] }), ...more },
    ];
    const rolePolicy = (text: unknown, ofRole: unknown = "blocks"): Resource => [
        "aws:iam/rolePolicy:RolePolicy",
        "blocks",
        { role: ofRole, policy: text },
    ];
    const attached = (arn: unknown): Resource => [
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "blocks",
        { role: "blocks", policyArn: arn },
    ];
    const FULL = "arn:aws-cn:iam::aws:policy/AmazonS3FullAccess";
    const deletes = [
        "Role blocks.rights: lets StatefulSet store delete blocks in bucket blocks. Remove s3:DeleteObject; if Compact has the same role, give it one of its own.",
    ];
    const rightsOf = (...roles: Resource[]) => reported(onlyCompactDeletes, ...roles, ...BLOCKS);

    it("reports the right to delete of pods that only read, wherever it is written", () => {
        for (const action of ["s3:*", "*", "s3:Delete*", "S3:deleteobject"])
            assert.deepEqual(rightsOf(role(), rolePolicy(policy(action))), deletes, action);
        assert.deepEqual(rightsOf(role({ inlinePolicies: [{ name: "s3", policy: policy("s3:*") }] })), deletes);
        assert.deepEqual(rightsOf(role({ managedPolicyArns: [FULL] })), deletes);
        assert.deepEqual(rightsOf(role(), attached(FULL)), deletes);
        assert.deepEqual(rightsOf(role(), rolePolicy({ Statement: [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }] })), deletes);
    });

    it("reads a policy of the stack's own that is attached, and is undecided about one of elsewhere", () => {
        const arn = "arn:aws:iam::111111111111:policy/blocks";
        const own = (text: unknown): Resource => ["aws:iam/policy:Policy", "own", { arn, policy: text }];
        assert.deepEqual(rightsOf(role(), attached(arn), own(policy("s3:*"))), deletes);
        assert.deepEqual(rightsOf(role(), attached(arn), own(policy("s3:GetObject"))), []);
        assert.deepEqual(rightsOf(role(), attached(arn), rolePolicy(policy("s3:*"))), []);
        assert.deepEqual(rightsOf(role(), attached("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"), rolePolicy(policy("s3:*"))), deletes);
        const manifests = (...resources: Resource[]) =>
            resources.flatMap(([type, name, props]) =>
                manifestOf({ type, name, urn: `urn:${name}`, props: props as Record<string, unknown> }),
            );
        const rights = (...resources: Resource[]) => readModel(manifests(...resources), ["roles"]).model.roles.map((one) => one.rights);
        assert.deepEqual(rights(role(), attached(arn)), [{ notKnown: `the policy ${arn}, which is attached to it, is not read` }]);
        const spec = { name: "blocks", assumeRolePolicyDocument: "{}", policyRefs: [{ from: { name: "blocks" } }] };
        assert.deepEqual(rights(["kubernetes:iam.services.k8s.aws/v1alpha1:Role", "blocks", { spec }]), [
            { notKnown: "the policy blocks, which is attached to it, is not read" },
        ]);
    });

    it("reports it of pods that have the role by EKS Pod Identity", () => {
        const trust = { Statement: [{ Effect: "Allow", Principal: { Service: "pods.eks.amazonaws.com" }, Action: "sts:AssumeRole" }] };
        const association = (roleArn: unknown): Resource => [
            "aws:eks/podIdentityAssociation:PodIdentityAssociation",
            "store",
            { namespace: "default", serviceAccount: "store", roleArn },
        ];
        const stack = [role({ assumeRolePolicy: trust }), rolePolicy(policy("s3:*"))];
        assert.deepEqual(rightsOf(...stack, association("arn:aws:iam::111111111111:role/fleet/blocks")), deletes);
        assert.deepEqual(rightsOf(...stack, association(UNKNOWN)), []);
        assert.deepEqual(rightsOf(...stack), []);
    });

    it("says nothing where the right is not certain", () => {
        const denied = JSON.stringify({ Statement: [{ Effect: "Deny", Action: "s3:Delete*", Resource: "*" }] });
        const onlyIf = { Effect: "Allow", Action: "s3:*", Resource: "*", Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } };
        const cases: Resource[][] = [
            [role(), rolePolicy(policy("s3:GetObject", "s3:PutObject"))],
            [role(), rolePolicy(UNKNOWN)],
            [role(), rolePolicy(policy("s3:*"), UNKNOWN)],
            [role(), rolePolicy(policy("s3:*"), "another")],
            [role(), rolePolicy("{{ policy }}")],
            [role(), attached(UNKNOWN)],
            [role({ name: UNKNOWN }), rolePolicy(policy("s3:*"))],
            [role({ assumeRolePolicy: UNKNOWN }), rolePolicy(policy("s3:*"))],
            [role({ permissionsBoundary: "arn:aws:iam::111111111111:policy/limit" }), rolePolicy(policy("s3:*"))],
            [role(), rolePolicy(policy("s3:*")), rolePolicy(denied)],
            [role(), rolePolicy({ Statement: [onlyIf] })],
            [role({ assumeRolePolicy: { Statement: [irsa("default:another")] } }), rolePolicy(policy("s3:*"))],
        ];
        for (const roles of cases) assert.deepEqual(rightsOf(...roles), [], JSON.stringify(roles));
    });

    it("reports trust that fits no pod, and trust in all of them", () => {
        const trustOf = (trust: object, ...more: Resource[]) =>
            reported(
                rolesFitTheirPods,
                role({ assumeRolePolicy: { Statement: [trust] } }),
                rolePolicy(policy("s3:GetObject")),
                ...more,
                ...BLOCKS,
            );
        assert.deepEqual(trustOf(irsa("default:thanos"), kubernetes(serviceAccount("store", "blocks"))), [
            "Role blocks.trust: does not accept default/store, the service account of StatefulSet store, which names this role: it accepts default/thanos. Write system:serviceaccount:default:store.",
        ]);
        const { Condition: _, ...open } = irsa("");
        assert.deepEqual(trustOf(open), [
            "Role blocks.trust: accepts every service account of the cluster: each pod could read blocks in bucket blocks. Compare `sub` with StringEquals to one namespace and name; give each component a role of its own.",
        ]);
        assert.deepEqual(trustOf(irsa("default:store"), kubernetes(serviceAccount("store", "blocks"))), []);
        const ci = { ...irsa(""), Condition: { StringLike: { "token.actions.githubusercontent.com:sub": "repo:fleet/*" } } };
        assert.deepEqual(trustOf(ci), []);
    });
});
