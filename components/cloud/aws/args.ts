import type { AwsAccount, ObserverAws } from "../../../config/schema";

export interface AwsArgs
    extends AwsAccount,
        Partial<Pick<ObserverAws, "bucket" | "bucketPerCluster" | "replicationRegion" | "pageCertificate">> {
    /** This cluster's name in the fleet. */
    fleetCluster: string;
    domain: string;
    /** The user's own, for every volume. */
    storageClass?: string | undefined;
    /** The account that the observer takes this cluster to be in. */
    expectedAccount?: string | undefined;
    /** Path of every role of the fleet. */
    rolePath: string;
}
