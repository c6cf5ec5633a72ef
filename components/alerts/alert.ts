/** An alert of this project: a rule of Prometheus, and a page in docs/runbooks/ of the same name. */
export interface Alert {
    /** Begins with `Fleet`, so that it is no name of another rule set (thanos-mixin, kube-prometheus-stack). */
    name: string;
    /** PromQL. Every series that it returns is an alert. */
    expr: string;
    /** How long the expression has to hold, a duration. @default it fires at once */
    for?: string;
    /** `critical`: data is being lost, or will be within hours. `warning`: a copy or a reserve is gone. */
    severity: "critical" | "warning";
    /** Labels beside `severity`. `cluster` overrides the external label of the Prometheus that evaluates the alert. @default none */
    labels?: Record<string, string>;
    /** One sentence without values, the title of a notification. */
    summary: string;
    /** What is known of this very case; a template of Prometheus. */
    description: string;
}

/** A group of Prometheus rules, as in a rule file and in a PrometheusRule. */
export interface RuleGroup {
    name: string;
    rules: {
        alert: string;
        expr: string;
        for?: string;
        labels: Record<string, string>;
        annotations: { summary: string; description: string; runbook_url: string };
    }[];
}

/** The rules of alerts. `runbooks` is the folder with their pages, a URL or a path. */
export const ruleGroup = (alerts: readonly Alert[], runbooks: string): RuleGroup => ({
    name: "thanos-fleet",
    rules: alerts.map(({ name, expr, for: duration, severity, labels, summary, description }) => ({
        alert: name,
        expr,
        ...(duration && { for: duration }),
        labels: { severity, ...labels },
        annotations: { summary, description, runbook_url: `${runbooks.replace(/\/$/, "")}/${name}.md` },
    })),
});

/** The label matchers of the targets behind Services of a namespace: a ServiceMonitor without `jobLabel` makes the Service's name the job. */
export const targets = (namespace: string, ...services: string[]): string =>
    `namespace="${namespace}", job${services.length === 1 ? "=" : "=~"}"${services.join("|")}"`;

/** The label matchers of what a cluster's kubelets say under a path: `/metrics` of their own, `/metrics/cadvisor` of containers. */
export const kubelets = (path: "/metrics" | "/metrics/cadvisor"): string => `job="kubelet", metrics_path="${path}"`;
