import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { OWN_RULES, type RuleFile } from "../../config/ruleFiles";
import { PART_OF } from "../naming/labels";
import { type Alert, ruleGroup } from "./alert";

/** The same as a rule file, for Rule. None without alerts. */
export const ownRules = (alerts: readonly Alert[], runbooks: string): RuleFile[] =>
    alerts.length > 0 ? [{ name: OWN_RULES, text: stringify({ groups: [ruleGroup(alerts, runbooks)] }) }] : [];

export interface AlertRulesArgs {
    /** Kubernetes namespace. */
    namespace: string;
    alerts: pulumi.Input<Alert[]>;
    /** The folder with the alerts' pages, a URL or a path. */
    runbooks: string;
    /** Labels of the object, by which a Prometheus may choose. @default those of every object of this project */
    labels?: pulumi.Input<Record<string, string>> | undefined;
}

/**
 * The alerts of a stack, as an object that the operator hands to Prometheus. An object of its own and not values of the chart, so that a plan shows which
 * alert changes, and that the alerts do not depend on who installed Prometheus. The chart installs the CRD: create it after the release.
 */
export function alertRules({ namespace, alerts, runbooks, labels = PART_OF }: AlertRulesArgs, opts: pulumi.CustomResourceOptions): void {
    new CustomResource(
        "alerts",
        {
            apiVersion: "monitoring.coreos.com/v1",
            kind: "PrometheusRule",
            metadata: { name: "thanos-fleet", namespace, labels },
            spec: pulumi.output(alerts).apply((list) => ({ groups: [ruleGroup(list, runbooks)] })),
        },
        opts,
    );
}
