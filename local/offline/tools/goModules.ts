import * as path from "node:path";
import { VERSIONS } from "../../../upstream/versions";
import { bare } from "./version";

/** A Go module, and the flags its own release is built with: without them a binary may start and fail later (Thanos without `slicelabels`). */
export interface GoModule {
    name: string;
    source: { module: string; version: string } | { dir: string };
    tags?: string;
    /** Linked in with `-X`: what `--version` says. */
    variables: Readonly<Record<string, string>>;
}

/** Prometheus v3.15.0 is published to Go as v0.315.0 (RELEASE.md there): its module path has no /v3. */
export function prometheusModuleVersion(version: string): string {
    const [major, minor, patch] = bare(version).split(".").map(Number) as [number, number, number];
    return `v0.${major * 100 + minor}.${patch}`;
}

export const pulumi: GoModule = {
    name: "pulumi",
    source: { module: "github.com/pulumi/pulumi/pkg/v3", version: VERSIONS.pulumi },
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": VERSIONS.pulumi },
};

export const kubernetes: GoModule = {
    name: "kubernetes",
    source: { module: "k8s.io/kubernetes", version: VERSIONS.kubernetes },
    variables: {
        "k8s.io/component-base/version.gitVersion": VERSIONS.kubernetes,
        "k8s.io/component-base/version.gitMajor": bare(VERSIONS.kubernetes).split(".")[0]!,
        "k8s.io/component-base/version.gitMinor": bare(VERSIONS.kubernetes).split(".")[1]!,
    },
};

/** Projects that print `github.com/prometheus/common/version`. */
function promu(name: string, module: string, version: string, tags?: string, moduleVersion = version): GoModule {
    return {
        name,
        source: { module, version: moduleVersion },
        ...(tags && { tags }),
        variables: { "github.com/prometheus/common/version.Version": bare(version) },
    };
}

export const thanos = promu("thanos", "github.com/thanos-io/thanos", VERSIONS.thanos, "netgo,slicelabels");
export const operator = promu("operator", "github.com/prometheus-operator/prometheus-operator", VERSIONS.prometheusOperator);
/** Kubernetes is the only service discovery used here; leaving the other cloud SDKs out makes a cold build 2.5 times faster. */
export const prometheus = promu(
    "prometheus",
    "github.com/prometheus/prometheus",
    VERSIONS.prometheus,
    "netgo,remove_all_sd,enable_kubernetes_sd",
    prometheusModuleVersion(VERSIONS.prometheus),
);
export const nodeExporter = promu("node_exporter", "github.com/prometheus/node_exporter", VERSIONS.nodeExporter, "netgo,osusergo");

export const helm: GoModule = {
    name: "helm",
    source: { module: "helm.sh/helm/v3", version: VERSIONS.helm },
    variables: { "helm.sh/helm/v3/internal/version.version": VERSIONS.helm },
};
export const coredns: GoModule = {
    name: "coredns",
    source: { module: "github.com/coredns/coredns", version: VERSIONS.coredns },
    variables: {},
};
export const versitygw: GoModule = {
    name: "versitygw",
    source: { module: "github.com/versity/versitygw", version: VERSIONS.versitygw },
    variables: { "main.Version": bare(VERSIONS.versitygw) },
};
/** A commit that was never tagged: its version is in the place of the commit's id. */
export const minio: GoModule = {
    name: "minio",
    source: { module: "github.com/minio/minio", version: VERSIONS.minio },
    tags: "kqueue",
    variables: { "github.com/minio/minio/cmd.CommitID": bare(VERSIONS.minio) },
};
/** Of our own program. */
export const PAUSE = "1";
export const pause: GoModule = {
    name: "pause",
    source: { dir: path.join(__dirname, "../images/pause") },
    variables: { "main.version": PAUSE },
};
