import { readStackFile, toEngineConfig } from "../../../engine/stackFile";
import { type AwsStack, toAwsStack, withPlaceholderZone } from "../../../plan/awsStack";
import type { FleetPlan, StackInput } from "../../../plan/model";
import { planFleet } from "../../../plan/planFleet";
import { ROOT } from "../../support/root";
import { ALB, ENDPOINTS, OIDC } from "../../support/testFleet";

/** Stacks on AWS for the tests of the plan. */

const DOMAIN = "fleet.example.internal";
export const ADMIN = "arn:aws:iam::111111111111:role/Admin";

/** The observer on an existing cluster; `aws` overrides its settings. */
export const observerWith = (aws: object) => ({
    name: "observer",
    config: toEngineConfig({
        role: "observer",
        cluster: "observer",
        domain: DOMAIN,
        cloud: "aws",
        observees: [{ name: "blue", mode: "sidecar" }],
        exposure: { ...ALB, login: { by: "alb", ...OIDC, ...ENDPOINTS } },
        aws: { region: "eu-west-1", cluster: { name: "eks-observer" }, bucket: "example-blocks", ...aws },
    }),
});
/** The observee blue in another region; `aws` overrides its settings. */
export const blueWith = (aws: object) => ({
    name: "blue",
    config: toEngineConfig({
        role: "observee",
        cluster: "blue",
        domain: DOMAIN,
        observer: "organization/thanos-fleet/observer",
        cloud: "aws",
        aws: { region: "eu-central-1", cluster: { name: "eks-blue" }, ...aws },
    }),
});
/** The stack with its configuration checked. */
export const checked = (stack: StackInput) => toAwsStack(withPlaceholderZone(stack)) as AwsStack;

let examples: Promise<FleetPlan> | undefined;
/** The plan of the worked examples, made once. */
export function planOfExamples(): Promise<FleetPlan> {
    examples ??= planFleet(["observer", "observee"].map((name) => ({ name, config: readStackFile(ROOT, name) })));
    return examples;
}
