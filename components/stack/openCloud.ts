import type { StackConfig } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import { awsCloud, fleetProblems } from "../cloud/aws/awsCloud";
import type { Cloud } from "../cloud/cloud";
import { localCloud } from "../cloud/local/localCloud";
import type { FromObserver } from "./contract";

/** The cloud that a stack's configuration names. An observee knows the fleet's role path from the observer. */
export async function openCloud(config: StackConfig, observer?: FromObserver): Promise<Cloud> {
    if (config.cloud === "local") return localCloud(config, {});
    const { cluster, domain, storageClass } = config;
    if (observer?.access.role !== undefined && config.aws.identity.by === "irsa")
        throw stackConfigError([
            {
                path: "aws.identity.by",
                problem:
                    "irsa cannot reach the blocks: the observer lets this cluster in through a role (via: role), and Thanos's objstore file names no role to assume.",
                remedy: "Write pod-identity here, or via: bucket-policy in the observer's observees.",
            },
        ]);
    const rolePath = config.role === "observer" ? config.aws.rolePath : (observer?.contract.rolePath ?? "/");
    const args = { ...config.aws, clusterName: cluster, domain, storageClass, rolePath, expectedAccount: observer?.own.account };
    const problems = config.role === "observer" ? fleetProblems(args, [{ name: cluster }, ...config.observees]) : [];
    if (problems.length > 0) throw stackConfigError(problems);
    return awsCloud(args);
}
