import { existingOf, type StackConfig } from "../../config/schema";
import { stackConfigError } from "../../config/stackConfigError";
import { streamsOf } from "../../config/streams";
import { S3_IMAGE } from "../../upstream/versions";
import { awsCloud, fleetProblems } from "../cloud/aws/awsCloud";
import type { Cloud } from "../cloud/cloud";
import { localCloud } from "../cloud/local/localCloud";
import { imageFrom } from "../kubernetes/imageFrom";
import { placementOf } from "../kubernetes/placement";
import { AWS_STORAGE_CLASS } from "../naming/names";
import type { ObserveeContract } from "./contract";
import { plannedPods } from "./plannedPods";

/**
 * Opens the cloud that a stack's configuration names. An observee takes the fleet's role path and its own account from the contract. Throws a
 * ConfigError where an observer's fleet does not fit in its cloud.
 */
export async function openCloud(config: StackConfig, observer?: ObserveeContract): Promise<Cloud> {
    const cloud =
        config.cloud === "local"
            ? localCloud(
                  { ...config, image: imageFrom(config.pods.imageRegistry, S3_IMAGE), placement: placementOf(undefined, config.pods) },
                  {},
              )
            : await onAws(config, observer);
    return { ...cloud, stateful: placementOf(cloud.stateful, config.pods), general: placementOf(cloud.general, config.pods) };
}

async function onAws(config: Extract<StackConfig, { cloud: "aws" }>, observer?: ObserveeContract): Promise<Cloud> {
    const { cluster, domain } = config;
    // A Prometheus that is kept has volumes already: no class is made for it.
    const storageClass = existingOf(config) ? AWS_STORAGE_CLASS : config.storageClass;
    const rolePath = config.role === "observer" ? config.aws.rolePath : (observer?.contract.rolePath ?? "/");
    const args = {
        ...config.aws,
        clusterName: cluster,
        domain,
        storageClass,
        rolePath,
        expectedAccount: observer?.entry.account,
        pods: plannedPods(config, observer?.entry.mode),
    };
    const problems = config.role === "observer" ? fleetProblems(args, streamsOf(config)) : [];
    if (problems.length > 0) throw stackConfigError(problems);
    return awsCloud(args);
}
