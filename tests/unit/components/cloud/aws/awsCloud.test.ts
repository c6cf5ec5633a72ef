import assert from "node:assert/strict";
import { policyDocument, type Statement } from "../../../../../components/cloud/aws/iam/statements";
import { ConfigError } from "../../../../../config/configError";
import { type PlannedResource, runInProcess } from "../../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../../engine/stackFile";
import { statementsOf, wildcards } from "../../../../support/policyDocuments";
import { allOnAws, buildObserver, observeeConfig, observerConfig } from "../../../../support/testFleet";

/** Claims about whole stacks on AWS; the parts have tests of their own. */

const role = (statement: Partial<Statement>) => ({
    type: "aws:iam/role:Role",
    name: "r",
    props: { assumeRolePolicy: policyDocument([{ Sid: "S", Effect: "Allow", Action: ["sts:AssumeRole"], ...statement }]) },
});

describe("the policies of a stack", () => {
    it("allow no action and no principal by a wildcard", async () => {
        const statements = (await allOnAws()).flatMap(({ resources }) => statementsOf(resources));
        assert.ok(statements.length > 300, `${statements.length} statements`);
        assert.deepEqual(wildcards(statements), []);
    });

    it("would be noticed if they did, in actions and principals", () => {
        assert.deepEqual(
            wildcards(
                statementsOf([
                    role({ Principal: "*" }),
                    role({ Principal: { AWS: ["*"] } }),
                    role({ Action: ["s3:*"] }),
                    role({ Principal: "*", Effect: "Deny" }),
                    role({ Principal: { Service: "s3.amazonaws.com" } }),
                ]),
            ),
            ["Role r: S: *", "Role r: S: *", "Role r: S: s3:*"],
        );
    });

    it("contain the actions of their component and no others", async () => {
        const { resources } = await buildObserver("aws");
        const actions = (name: string) =>
            statementsOf(resources.filter((r) => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === name))
                .flatMap((statement) => statement.actions)
                .sort();
        const read = ["kms:Decrypt", "s3:GetObject", "s3:ListBucket"];
        const write = ["kms:Decrypt", "kms:GenerateDataKey", "s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:PutObject"];
        for (const stream of ["observer", "blue", "red"]) {
            assert.deepEqual(actions(`store-${stream}-identity`), read);
            assert.deepEqual(actions(`compact-${stream}-identity`), [...write, "s3:DeleteObject"].sort());
        }
        assert.deepEqual(actions("prometheus-identity"), write);
    });
});

describe("an observer on AWS with a permissions boundary", () => {
    const BOUNDARY = "arn:aws:iam::111111111111:policy/boundary";
    let resources: PlannedResource[];
    before(async () => {
        const aws = {
            ...(observerConfig("aws").aws as Record<string, unknown>),
            identity: { permissionsBoundary: BOUNDARY },
        };
        ({ resources } = await runInProcess("observer", toEngineConfig(observerConfig("aws", { aws }))));
    });

    it("bounds every role", () => {
        const boundaries = resources.filter((r) => r.type === "aws:iam/role:Role").map((r) => r.props.permissionsBoundary);
        assert.ok(boundaries.length >= 7, `${boundaries.length} roles`);
        assert.deepEqual([...new Set(boundaries)], [BOUNDARY]);
    });
});

describe("the identities of an observer on AWS", () => {
    it("are one for each component that works on blocks, and none for the others", async () => {
        const { resources } = await buildObserver("aws");
        assert.deepEqual(
            resources
                .filter((r) => r.type === "thanos-fleet:aws:Identity")
                .map((r) => r.name)
                .sort(),
            [
                "compact-blue-identity",
                "compact-observer-identity",
                "compact-red-identity",
                "prometheus-identity",
                "store-blue-identity",
                "store-observer-identity",
                "store-red-identity",
            ],
        );
    });

    it("are associated with the service accounts that the pods run under", async () => {
        const { resources } = await buildObserver("aws");
        const associated = resources
            .filter((r) => r.type === "aws:eks/podIdentityAssociation:PodIdentityAssociation" && r.name.endsWith("-identity"))
            .map((r) => r.props.serviceAccount as string);
        const accounts = resources.filter((r) => r.type === "kubernetes:core/v1:ServiceAccount").map((r) => r.name);
        // The chart creates Prometheus's service account.
        assert.deepEqual(
            associated.filter((name) => !accounts.includes(name)),
            ["kps-prometheus"],
        );
    });
});

describe("a stack on AWS refuses, before it declares anything,", () => {
    const refused = (work: Promise<unknown>) =>
        work.then(
            () => [],
            (error: unknown) => {
                assert.ok(error instanceof ConfigError, String(error));
                return error.problems.map(({ path, problem }) => `${path}: ${problem}`);
            },
        );
    /** The stack of red, with changed outputs of the observer. */
    const red = async (change: (outputs: Record<string, unknown>) => Record<string, unknown>, aws: Record<string, unknown> = {}) => {
        const { outputs } = await buildObserver("aws");
        const config = observeeConfig("red", "aws");
        return runInProcess("red", toEngineConfig({ ...config, aws: { ...(config.aws as object), ...aws } }), () =>
            change(structuredClone(outputs)),
        );
    };

    it("IRSA where the pods have to assume a role of the observer's account to reach the blocks", async () => {
        const throughRole = (outputs: Record<string, unknown>) => {
            const access = outputs.access as Record<string, object>;
            return { ...outputs, access: { ...access, red: { ...access.red, role: "arn:aws:iam::111111111111:role/red-blocks" } } };
        };
        assert.deepEqual(await refused(red(throughRole, { identity: { by: "irsa" } })), [
            "aws.identity.by: irsa cannot reach the blocks: the observer lets this cluster in through a role (via: role), and Thanos's objstore file names no role to assume.",
        ]);
        assert.deepEqual(await refused(red(throughRole)), []);
    });

    it("a copy in another partition, and a fleet whose bucket policy would be too long", async () => {
        const config = observerConfig("aws");
        const strangers = Array.from({ length: 40 }, (_, i) => ({
            name: `cluster-${i}`,
            mode: "sidecar",
            account: String(222222222222 + i),
        }));
        const aws = { ...(config.aws as object), replicationRegion: "cn-north-1" };
        const problems = await refused(runInProcess("observer", toEngineConfig({ ...config, aws, observees: strangers })));
        assert.deepEqual(
            problems.map((problem) => problem.replace(/\d{5} bytes/, "N bytes")),
            [
                'aws.replicationRegion: "cn-north-1" and "eu-west-1" are in separate partitions of AWS, between which S3 copies nothing.',
                "observees: give bucket blocks-of-the-fleet a policy of N bytes: S3 takes 20480.",
            ],
        );
    });
});
