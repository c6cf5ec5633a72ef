import type { AwsAccount, ObserverAws } from "../../../config/schema";
import type { PodRequests } from "../../kubernetes/podRequests";

export interface AwsArgs extends AwsAccount, Partial<Pick<ObserverAws, "bucket" | "bucketPerCluster" | "replicationRegion">> {
    /** This cluster's name in the fleet. */
    clusterName: string;
    /** DNS domain of the fleet. */
    domain: string;
    /** StorageClass of every volume. @default the one that this stack creates */
    storageClass?: string | undefined;
    /** The AWS account that the observer's configuration has for this cluster. @default any */
    expectedAccount?: string | undefined;
    /** IAM path of every role of the fleet. */
    rolePath: string;
    /** The pods that this stack places in the cluster. */
    pods: readonly PodRequests[];
}
