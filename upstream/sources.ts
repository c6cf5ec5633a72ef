import { compare, prerelease, valid } from "semver";
import type { VERSIONS } from "./versions";

/** Where the upstreams that versions.ts pins publish their releases. */

export interface GoModule {
    /** Import path, `github.com/thanos-io/thanos`. */
    path: string;
    /**
     * The module's version for a release.
     * @default the release itself
     */
    versionOf?: (release: string) => string;
    /**
     * The release for a version of the module; undefined for a version that is not a release.
     * @default the version itself
     */
    releaseOf?: (version: string) => string | undefined;
}

export interface Upstream {
    /** On GitHub, `owner/name`. */
    repository: string;
    goModule: GoModule;
    /** Pinned to a commit, because no release is a version of the Go module: there is nothing newer to list. */
    untagged?: true;
}

/** Release v3.15.0 is version v0.315.0 of the Go module, because the module's path has no /v3 (RELEASE.md of Prometheus). Versions before v0.300.0 are not releases. */
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

/** Upstreams that publish a Go module: `npm run versions` lists its versions, and the local fleet can build it. */
export const UPSTREAM: Record<Exclude<keyof typeof VERSIONS, keyof typeof CHARTS | keyof typeof TAGGED>, Upstream> = {
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
    alertmanager: { repository: "prometheus/alertmanager", goModule: { path: "github.com/prometheus/alertmanager" } },
    kubeStateMetrics: { repository: "kubernetes/kube-state-metrics", goModule: { path: "k8s.io/kube-state-metrics/v2" } },
    kind: { repository: "kubernetes-sigs/kind", goModule: { path: "sigs.k8s.io/kind" } },
    oauth2Proxy: { repository: "oauth2-proxy/oauth2-proxy", goModule: { path: "github.com/oauth2-proxy/oauth2-proxy/v7" } },
    minio: { repository: "minio/minio", goModule: { path: "github.com/minio/minio" }, untagged: true },
};

/** Helm charts: the GitHub repository, and the tag of a chart's release with the version in its first group. */
export const CHARTS = {
    kubePrometheusStack: { repository: "prometheus-community/helm-charts", tag: /^kube-prometheus-stack-(\d.*)$/ },
    awsLoadBalancerController: { repository: "kubernetes-sigs/aws-load-balancer-controller", tag: /^v(\d.*)$/ },
} satisfies Partial<Record<keyof typeof VERSIONS, { repository: string; tag: RegExp }>>;

/** Upstreams that tag their versions on GitHub and publish neither releases there nor a Go module. */
export const TAGGED = { memcached: { repository: "memcached/memcached" } } satisfies Partial<
    Record<keyof typeof VERSIONS, { repository: string }>
>;

/** The version of the Go module for a release. */
export const moduleVersion = ({ versionOf = (release) => release }: GoModule, release: string): string => versionOf(release);

/** The release for a version of the Go module; undefined if the version is not a release. */
export const releaseOf = (goModule: GoModule, version: string): string | undefined =>
    goModule.releaseOf ? goModule.releaseOf(version) : version;

/** The newest version that is not a pre-release; tags that are no versions are left out. */
export const newest = (tags: readonly string[]): string | undefined =>
    tags
        .filter((tag) => valid(tag) !== null && prerelease(tag) === null)
        .sort(compare)
        .at(-1);
