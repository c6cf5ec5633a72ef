import { type Problem, Problems } from "../../rules/problem";
import type { ObserverConfig } from "../schema";

/** Settings of a Grafana that is not installed. */
export const grafanaChecks = ({ grafana }: ObserverConfig): Problem[] =>
    new Problems()
        .when(
            grafana?.server === "unmanaged" && grafana.adminSecret !== undefined,
            "grafana.adminSecret",
            "is the password of a Grafana that this stack does not install.",
            'Remove it, or write grafana.server: "install".',
        )
        .all();
