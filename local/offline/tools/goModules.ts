import * as path from "node:path";
import { moduleVersion, UPSTREAM } from "../../../upstream/sources";
import { VERSIONS } from "../../../upstream/versions";
import { bare } from "./version";

/** A program that is built from a Go module, with the flags of its own release: without them a binary may start and fail later (Thanos without `slicelabels`). */
export interface GoModule {
    name: string;
    /** The published module; none: `main` needs only the standard library. */
    published?: { path: string; version: string };
    /** Folder of a main.go of this project, built instead of the module's own program. */
    main?: string;
    /** Files that the published module lacks, by their path inside the module: each is a file of this project. */
    files?: Readonly<Record<string, string>>;
    tags?: string;
    /** Set with `-X`: what `--version` prints. */
    variables: Readonly<Record<string, string>>;
}

/** A pinned upstream, as the proxy publishes it. */
function published(name: keyof typeof UPSTREAM): { path: string; version: string } {
    const { goModule } = UPSTREAM[name];
    return { path: goModule.path, version: moduleVersion(goModule, VERSIONS[name]) };
}

export const pulumi: GoModule = {
    name: "pulumi",
    published: published("pulumi"),
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": VERSIONS.pulumi },
};

export const kubernetes: GoModule = {
    name: "kubernetes",
    published: published("kubernetes"),
    variables: {
        "k8s.io/component-base/version.gitVersion": VERSIONS.kubernetes,
        "k8s.io/component-base/version.gitMajor": bare(VERSIONS.kubernetes).split(".")[0]!,
        "k8s.io/component-base/version.gitMinor": bare(VERSIONS.kubernetes).split(".")[1]!,
    },
};

/** Projects that print `github.com/prometheus/common/version`. */
function promu(name: string, upstream: keyof typeof UPSTREAM, tags?: string): GoModule {
    return {
        name,
        published: published(upstream),
        ...(tags && { tags }),
        variables: { "github.com/prometheus/common/version.Version": bare(VERSIONS[upstream]) },
    };
}

export const thanos = promu("thanos", "thanos", "netgo,slicelabels");
export const operator = promu("operator", "prometheusOperator");
/** Discovery by Kubernetes, Consul, HTTP and static targets, which settings can name; without the SDKs of the others a cold build is 2.5 times faster. */
export const prometheus = promu("prometheus", "prometheus", "netgo,remove_all_sd,enable_kubernetes_sd,enable_consul_sd");
export const nodeExporter = promu("node_exporter", "nodeExporter", "netgo,osusergo");
export const kubeStateMetrics = promu("kube-state-metrics", "kubeStateMetrics");
/** Its page is compiled from Elm for each release and is not in the module, but Go does not compile the program without one. */
export const alertmanager: GoModule = {
    ...promu("alertmanager", "alertmanager", "netgo"),
    files: { "ui/app/dist/index.html": path.join(__dirname, "../images/alertmanager/index.html") },
};

export const helm: GoModule = {
    name: "helm",
    published: published("helm"),
    variables: { "helm.sh/helm/v3/internal/version.version": VERSIONS.helm },
};
/** With the plugins that the clusters' Corefile names: the cloud SDKs of the others are half of a build of all plugins. */
export const coredns: GoModule = {
    name: "coredns",
    published: published("coredns"),
    main: path.join(__dirname, "../images/coredns"),
    variables: {},
};
export const versitygw: GoModule = {
    name: "versitygw",
    published: published("versitygw"),
    variables: { "main.Version": bare(VERSIONS.versitygw) },
};
export const oauth2Proxy: GoModule = {
    name: "oauth2-proxy",
    published: published("oauth2Proxy"),
    variables: { "github.com/oauth2-proxy/oauth2-proxy/v7/pkg/version.VERSION": VERSIONS.oauth2Proxy },
};
export const kind: GoModule = { name: "kind", published: published("kind"), variables: {} };
/** A commit without a tag: `--version` prints the module's version as the commit. */
export const minio: GoModule = {
    name: "minio",
    published: published("minio"),
    tags: "kqueue",
    variables: { "github.com/minio/minio/cmd.CommitID": bare(VERSIONS.minio) },
};
/** The version of images/pause. */
export const PAUSE = "1";
export const pause: GoModule = {
    name: "pause",
    main: path.join(__dirname, "../images/pause"),
    variables: { "main.version": PAUSE },
};
