import { PROMETHEUS_REPLICA_LABEL } from "../rules/model";

/** Labels that the fleet itself gives to samples, blocks and ingesters. They are in every block, so they never change. */

/**
 * The external label that tells clusters apart. Receive announces its tenants under the same label, so that both paths give a series the same
 * labels (docs/adr/0003).
 */
export const CLUSTER_LABEL = "cluster";
/** The operator adds this label to every series of a Prometheus: its namespace and name. */
export const PROMETHEUS_LABEL = "prometheus";
/** Each Receive ingester adds this label to the series that it holds. */
export const RECEIVE_REPLICA_LABEL = "receive_replica";
/** Each pod of Rule adds this label to what it records, and to its blocks. */
export const RULE_REPLICA_LABEL = "rule_replica";
/** Query drops these labels to merge the copies of a series. */
export const REPLICA_LABELS = [PROMETHEUS_REPLICA_LABEL, RECEIVE_REPLICA_LABEL, RULE_REPLICA_LABEL];
/** No label that users add may have one of these names. */
export const RESERVED_LABELS = [CLUSTER_LABEL, PROMETHEUS_LABEL, ...REPLICA_LABELS];
