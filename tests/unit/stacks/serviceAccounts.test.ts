import assert from "node:assert/strict";
import type { PlannedResource, Run } from "../../../engine/runInProcess";
import { allOnAws } from "../../support/testFleet";

/** A component that works on a stream, and a service account as `namespace/name`. */
interface Account {
    /** `store blue`, as the role's resource is named too. */
    workload: string;
    account: string;
}

const at = (value: unknown, ...path: string[]): unknown =>
    path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
const text = (value: unknown) => value as string;
const ofType = ({ resources }: Run, type: string) => resources.filter((r) => r.type === type);

/** The service accounts that pods with an objstore file run as. Prometheus is the chart's, and works on the stream of its own cluster. */
function running(run: Run): Account[] {
    const sets = ofType(run, "kubernetes:apps/v1:StatefulSet").filter(({ props }) =>
        (at(props, "spec", "template", "spec", "volumes") as { name: string }[]).some(({ name }) => name === "objstore"),
    );
    return [
        ...sets.map(({ props }) => ({
            workload: ["app.kubernetes.io/component", "thanos-fleet/stream"]
                .flatMap((label) => at(props, "spec", "template", "metadata", "labels", label) ?? [])
                .join("-")
                // A ring that uploads has the name of its stream.
                .replace("receive-ingester-", "receive-"),
            account: `${at(props, "metadata", "namespace")}/${at(props, "spec", "template", "spec", "serviceAccountName")}`,
        })),
        ...ofType(run, "kubernetes:helm.sh/v3:Release")
            .filter(({ props }) => at(props, "values", "prometheus") !== undefined)
            .map(({ props }) => ({
                workload: "prometheus",
                account: `${props.namespace}/${at(props, "values", "prometheus", "serviceAccount", "name")}`,
            })),
    ].sort(byWorkload);
}

const byWorkload = (a: Account, b: Account) => (a.workload < b.workload ? -1 : 1);

/** The service account that the role of each component trusts. */
const trusted = (run: Run): Account[] =>
    identities(run, "aws:iam/role:Role")
        .map(({ name, props }) => ({ workload: workloadOf(name), account: trustedBy(text(props.assumeRolePolicy)) }))
        .sort(byWorkload);

/** The service account that EKS or the pod's own token says it is, in a role's trust policy. */
function trustedBy(trustPolicy: string): string {
    const [statement] = (JSON.parse(trustPolicy) as { Statement: { Condition: { StringEquals: Record<string, string> } }[] }).Statement;
    const conditions = statement?.Condition.StringEquals ?? {};
    const subject = Object.entries(conditions).find(([key]) => key.endsWith(":sub"))?.[1];
    return subject === undefined
        ? `${conditions["aws:RequestTag/kubernetes-namespace"]}/${conditions["aws:RequestTag/kubernetes-service-account"]}`
        : subject.replace("system:serviceaccount:", "").replace(":", "/");
}

const identities = (run: Run, type: string): PlannedResource[] => ofType(run, type).filter(({ name }) => name.endsWith("-identity"));
const workloadOf = (identity: string) => identity.replace(/-identity$/, "");

/** The service account that gets each role: through its Pod Identity association, or through the role's ARN among its annotations (IRSA). */
function given(run: Run): Account[] {
    const associated = identities(run, "aws:eks/podIdentityAssociation:PodIdentityAssociation").map(({ name, props }) => ({
        workload: workloadOf(name),
        account: `${props.namespace}/${props.serviceAccount}`,
    }));
    const roles = identities(run, "aws:iam/role:Role");
    const withRole = (annotations: unknown, account: string): Account[] => {
        const arn = at(annotations, "eks.amazonaws.com/role-arn");
        const role = roles.find(({ props }) => typeof arn === "string" && arn.endsWith(`:role${props.path}${props.name}`));
        return role === undefined ? [] : [{ workload: workloadOf(role.name), account }];
    };
    return [
        ...associated,
        ...ofType(run, "kubernetes:core/v1:ServiceAccount").flatMap(({ props }) =>
            withRole(at(props, "metadata", "annotations"), `${at(props, "metadata", "namespace")}/${at(props, "metadata", "name")}`),
        ),
        ...ofType(run, "kubernetes:helm.sh/v3:Release").flatMap(({ props }) => {
            const account = at(props, "values", "prometheus", "serviceAccount");
            return withRole(at(account, "annotations"), `${props.namespace}/${at(account, "name")}`);
        }),
    ].sort(byWorkload);
}

describe("the service account that pods run as", () => {
    let runs: Run[];
    before(async function () {
        this.timeout(120_000);
        runs = await allOnAws();
    });

    it("is the one that the IAM role of their component and stream trusts", () => {
        const onRoles = runs.filter((run) => identities(run, "aws:iam/role:Role").length > 0);
        assert.ok(onRoles.length >= 18, `${onRoles.length} stacks`);
        for (const run of onRoles) assert.deepEqual(trusted(run), running(run));
    });

    it("is the one that EKS gives that role to", () => {
        for (const run of runs.filter((each) => identities(each, "aws:iam/role:Role").length > 0))
            assert.deepEqual(given(run), running(run));
    });

    it("exists for every component and stream of an observer", () => {
        const [observer] = runs as [Run];
        assert.deepEqual(
            running(observer).map(({ workload }) => workload),
            ["compact-blue", "compact-observer", "compact-red", "prometheus", "store-blue", "store-observer", "store-red"],
        );
    });
});
