import { cardinality } from "./cardinality";
import type { DashboardSpec } from "./dashboard";
import type { FleetFacts } from "./facts";
import { fleetOverview } from "./fleetOverview";
import { thanosComponents } from "./thanosComponents";
import { workloads } from "./workloads";

/** Every dashboard, by its uid: part of its address and the name of its object, so never change it. */
export const DASHBOARDS: Record<string, (facts: FleetFacts) => DashboardSpec> = {
    "fleet-overview": fleetOverview,
    "fleet-workloads": workloads,
    "fleet-thanos": thanosComponents,
    "fleet-cardinality": cardinality,
};
