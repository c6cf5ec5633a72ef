import type { VERSIONS } from "./versions";

/** Where each upstream that is pinned in versions.ts publishes. */

export interface GoModule {
    path: string;
    /** The module's version of a release, where the two differ. */
    versionOf?: (release: string) => string;
    /** The release of a version of the module; undefined: the version is no release. */
    releaseOf?: (version: string) => string | undefined;
}

export interface Upstream {
    /** On GitHub. */
    repository: string;
    goModule: GoModule;
}

/** Prometheus v3.15.0 is v0.315.0 as a Go module, because the module's path has no /v3 (its RELEASE.md). Its older tags are of another scheme. */
const prometheus: GoModule = {
    path: "github.com/prometheus/prometheus",
    versionOf: (release) => {
        const [major, minor, patch] = release.replace(/^v/, "").split(".").map(Number) as [number, number, number];
        return `v0.${major * 100 + minor}.${patch}`;
    },
    releaseOf: (version) => {
        const [, number = "", patch = ""] = /^v0\.(\d{3})\.(\d+)$/.exec(version) ?? [];
        return number < "300" ? undefined : `v${number[0]}.${Number(number.slice(1))}.${patch}`;
    },
};

/** Upstreams with a Go module, which Go lists and builds. */
export const UPSTREAM: Record<Exclude<keyof typeof VERSIONS, "kubePrometheusStack" | "awsLoadBalancerController">, Upstream> = {
    thanos: { repository: "thanos-io/thanos", goModule: { path: "github.com/thanos-io/thanos" } },
    prometheus: { repository: "prometheus/prometheus", goModule: prometheus },
    prometheusOperator: {
        repository: "prometheus-operator/prometheus-operator",
        goModule: { path: "github.com/prometheus-operator/prometheus-operator" },
    },
    versitygw: { repository: "versity/versitygw", goModule: { path: "github.com/versity/versitygw" } },
    pulumi: { repository: "pulumi/pulumi", goModule: { path: "github.com/pulumi/pulumi/pkg/v3" } },
    kubernetes: { repository: "kubernetes/kubernetes", goModule: { path: "k8s.io/kubernetes" } },
    helm: { repository: "helm/helm", goModule: { path: "helm.sh/helm/v3" } },
    coredns: { repository: "coredns/coredns", goModule: { path: "github.com/coredns/coredns" } },
    nodeExporter: { repository: "prometheus/node_exporter", goModule: { path: "github.com/prometheus/node_exporter" } },
    kind: { repository: "kubernetes-sigs/kind", goModule: { path: "sigs.k8s.io/kind" } },
    minio: { repository: "minio/minio", goModule: { path: "github.com/minio/minio" } },
};

/** Charts, by the tags of the releases that carry them. */
export const CHARTS = {
    kubePrometheusStack: { repository: "prometheus-community/helm-charts", tag: /^kube-prometheus-stack-(\d.*)$/ },
    awsLoadBalancerController: { repository: "kubernetes-sigs/aws-load-balancer-controller", tag: /^v(\d.*)$/ },
} satisfies Partial<Record<keyof typeof VERSIONS, { repository: string; tag: RegExp }>>;

/** The version of the Go module that holds a release. */
export const moduleVersion = ({ versionOf = (release) => release }: GoModule, release: string): string => versionOf(release);

/** The release that a version of the Go module holds. */
export const releaseOf = (goModule: GoModule, version: string): string | undefined =>
    goModule.releaseOf ? goModule.releaseOf(version) : version;
