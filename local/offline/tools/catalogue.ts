import { VERSIONS } from "../../../upstream/versions";
import * as modules from "./goModules";
import { bare, type VersionRule } from "./version";

/** Operating system and processor that a binary runs on, in Go's names. */
export interface Platform {
    os: "linux" | "darwin";
    arch: "amd64" | "arm64";
}

/** A file that the tool's project publishes. */
export interface Download {
    url: string;
    /** The binary's path inside the archive; without it, the file is the binary. */
    member?: string;
    /** URL of the file's sha256 sum: a list of sums with file names, or the bare sum. */
    checksums: string;
}

export interface Entry {
    /** Upstream's tag; "" for a tool of the system, which may have any version. */
    version: string;
    /** Name of the file. @default the tool's name */
    binary?: string;
    /** Arguments that print the version, and the pattern whose first group it is. */
    versionCheck: { args: readonly string[]; pattern: RegExp };
    /** Which versions other than `version` will do. */
    versionRule: VersionRule;
    /** The binary must not need a dynamic loader: its image has no C library. */
    static?: true;
    download?: (p: Platform) => Download;
    /** `dirs`: folders outside PATH that the package may put the binary into. */
    debian?: { package: string; dirs?: readonly string[] };
    /** `package`: path of the main package inside the module. */
    go?: { module: modules.GoModule; package: string };
    /** Page where a person downloads the tool. */
    page: string;
    /** CPU seconds that building the tool from empty caches takes, after the tools of the same module that are listed before it. */
    cpuSeconds: number;
}

const github = (repository: string, version: string, file: string) =>
    `https://github.com/${repository}/releases/download/${version}/${file}`;
const released = (repository: string, version: string) => `https://github.com/${repository}/releases/tag/${version}`;

function kubernetesPart(name: string, cpuSeconds: number): Entry {
    return {
        version: VERSIONS.kubernetes,
        versionCheck: { args: ["--version"], pattern: /^Kubernetes v(\S+)/m },
        versionRule: "exact",
        download: ({ os, arch }) => {
            const url = `https://dl.k8s.io/release/${VERSIONS.kubernetes}/bin/${os}/${arch}/${name}`;
            return { url, checksums: `${url}.sha256` };
        },
        go: { module: modules.kubernetes, package: `cmd/${name}` },
        page: "https://kubernetes.io/releases/download/#binaries",
        cpuSeconds,
    };
}

/** Archives of the Prometheus projects: `<name>-<version>.<os>-<arch>.tar.gz` with one folder, and `sha256sums.txt` beside it. */
function promuDownload(repository: string, version: string, archive: string, binary: string) {
    return ({ os, arch }: Platform): Download => {
        const folder = `${archive}-${bare(version)}.${os}-${arch}`;
        return {
            url: github(repository, version, `${folder}.tar.gz`),
            member: `${folder}/${binary}`,
            checksums: github(repository, version, "sha256sums.txt"),
        };
    };
}

/** A tool of the system, in any version. */
function system(pkg: string, args: readonly string[], pattern: RegExp, more: { binary?: string; dirs?: readonly string[] } = {}): Entry {
    return {
        version: "",
        ...(more.binary && { binary: more.binary }),
        versionCheck: { args, pattern },
        versionRule: "any",
        debian: { package: pkg, ...(more.dirs && { dirs: more.dirs }) },
        page: `https://packages.debian.org/${pkg}`,
        cpuSeconds: 0,
    };
}

/** Every program that the local fleet runs on this machine or puts into an image. */
export const CATALOGUE = {
    pulumi: {
        version: VERSIONS.pulumi,
        versionCheck: { args: ["version"], pattern: /^v(\S+)/m },
        versionRule: "at-least",
        download: ({ os, arch }) => ({
            url: `https://get.pulumi.com/releases/sdk/pulumi-${VERSIONS.pulumi}-${os}-${arch === "amd64" ? "x64" : arch}.tar.gz`,
            member: "pulumi/pulumi",
            checksums: `https://get.pulumi.com/releases/sdk/pulumi-${bare(VERSIONS.pulumi)}-checksums.txt`,
        }),
        go: { module: modules.pulumi, package: "cmd/pulumi" },
        page: "https://www.pulumi.com/docs/iac/download-install/",
        cpuSeconds: 250,
    },
    "kube-apiserver": kubernetesPart("kube-apiserver", 305),
    "kube-controller-manager": kubernetesPart("kube-controller-manager", 75),
    kubelet: kubernetesPart("kubelet", 25),
    "kube-proxy": kubernetesPart("kube-proxy", 7),
    "kube-scheduler": kubernetesPart("kube-scheduler", 5),
    thanos: {
        version: VERSIONS.thanos,
        // Checks the tag too: a binary without it panics on the first replicated write ("slice bounds out of range").
        versionCheck: { args: ["--version"], pattern: /^thanos, version (\S+)[\s\S]*tags:.*slicelabels/ },
        versionRule: "exact",
        static: true,
        download: promuDownload("thanos-io/thanos", VERSIONS.thanos, "thanos", "thanos"),
        go: { module: modules.thanos, package: "cmd/thanos" },
        page: released("thanos-io/thanos", VERSIONS.thanos),
        cpuSeconds: 140,
    },
    prometheus: {
        version: VERSIONS.prometheus,
        versionCheck: { args: ["--version"], pattern: /^prometheus, version (\S+)/ },
        versionRule: "exact",
        static: true,
        download: promuDownload("prometheus/prometheus", VERSIONS.prometheus, "prometheus", "prometheus"),
        go: { module: modules.prometheus, package: "cmd/prometheus" },
        page: released("prometheus/prometheus", VERSIONS.prometheus),
        cpuSeconds: 150,
    },
    promtool: {
        version: VERSIONS.prometheus,
        versionCheck: { args: ["--version"], pattern: /^promtool, version (\S+)/ },
        versionRule: "exact",
        static: true,
        download: promuDownload("prometheus/prometheus", VERSIONS.prometheus, "prometheus", "promtool"),
        go: { module: modules.prometheus, package: "cmd/promtool" },
        page: released("prometheus/prometheus", VERSIONS.prometheus),
        cpuSeconds: 8,
    },
    // The operator's releases hold manifests only, no binaries.
    operator: {
        version: VERSIONS.prometheusOperator,
        versionCheck: { args: ["--version"], pattern: /^prometheus-operator, version (\S+)/ },
        versionRule: "exact",
        static: true,
        go: { module: modules.operator, package: "cmd/operator" },
        page: released("prometheus-operator/prometheus-operator", VERSIONS.prometheusOperator),
        cpuSeconds: 135,
    },
    "prometheus-config-reloader": {
        version: VERSIONS.prometheusOperator,
        versionCheck: { args: ["--version"], pattern: /^prometheus-config-reloader, version (\S+)/ },
        versionRule: "exact",
        static: true,
        go: { module: modules.operator, package: "cmd/prometheus-config-reloader" },
        page: released("prometheus-operator/prometheus-operator", VERSIONS.prometheusOperator),
        cpuSeconds: 5,
    },
    helm: {
        version: VERSIONS.helm,
        versionCheck: { args: ["version", "--short"], pattern: /^v(\d[^+\s]*)/m },
        versionRule: "at-least",
        download: ({ os, arch }) => {
            const url = `https://get.helm.sh/helm-${VERSIONS.helm}-${os}-${arch}.tar.gz`;
            return { url, member: `${os}-${arch}/helm`, checksums: `${url}.sha256sum` };
        },
        go: { module: modules.helm, package: "cmd/helm" },
        page: released("helm/helm", VERSIONS.helm),
        cpuSeconds: 72,
    },
    coredns: {
        version: VERSIONS.coredns,
        versionCheck: { args: ["-version"], pattern: /^CoreDNS-(\S+)/m },
        versionRule: "exact",
        static: true,
        download: ({ os, arch }) => {
            const url = github("coredns/coredns", VERSIONS.coredns, `coredns_${bare(VERSIONS.coredns)}_${os}_${arch}.tgz`);
            return { url, member: "coredns", checksums: `${url}.sha256` };
        },
        go: { module: modules.coredns, package: "" },
        page: released("coredns/coredns", VERSIONS.coredns),
        cpuSeconds: 82,
    },
    versitygw: {
        version: VERSIONS.versitygw,
        versionCheck: { args: ["--version"], pattern: /^Version\s*: v?(\S+)/m },
        versionRule: "exact",
        static: true,
        download: ({ os, arch }) => {
            const folder = `versitygw_${VERSIONS.versitygw}_${os === "linux" ? "Linux" : "Darwin"}_${arch === "amd64" ? "x86_64" : arch}`;
            return {
                url: github("versity/versitygw", VERSIONS.versitygw, `${folder}.tar.gz`),
                member: `${folder}/versitygw`,
                checksums: github("versity/versitygw", VERSIONS.versitygw, "checksums.txt"),
            };
        },
        go: { module: modules.versitygw, package: "cmd/versitygw" },
        page: released("versity/versitygw", VERSIONS.versitygw),
        cpuSeconds: 79,
    },
    /** The S3 server of the tests of rights: it takes real IAM documents, versitygw does not. Its last versions exist as source only. */
    minio: {
        version: VERSIONS.minio,
        versionCheck: { args: ["--version"], pattern: /^minio version .*\(commit-id=(\S+)\)/m },
        versionRule: "exact",
        go: { module: modules.minio, package: "" },
        page: "https://github.com/minio/minio",
        cpuSeconds: 200,
    },
    /** The local fleet has no ingress: a test runs it before real pages. */
    "oauth2-proxy": {
        version: VERSIONS.oauth2Proxy,
        versionCheck: { args: ["--version"], pattern: /^oauth2-proxy v(\S+)/ },
        versionRule: "exact",
        download: ({ os, arch }) => {
            const folder = `oauth2-proxy-${VERSIONS.oauth2Proxy}.${os}-${arch}`;
            const url = github("oauth2-proxy/oauth2-proxy", VERSIONS.oauth2Proxy, `${folder}.tar.gz`);
            return { url, member: `${folder}/oauth2-proxy`, checksums: `${url}-sha256sum.txt` };
        },
        go: { module: modules.oauth2Proxy, package: "" },
        page: released("oauth2-proxy/oauth2-proxy", VERSIONS.oauth2Proxy),
        cpuSeconds: 113,
    },
    node_exporter: {
        version: VERSIONS.nodeExporter,
        versionCheck: { args: ["--version"], pattern: /^node_exporter, version (\S+)/ },
        versionRule: "exact",
        static: true,
        download: promuDownload("prometheus/node_exporter", VERSIONS.nodeExporter, "node_exporter", "node_exporter"),
        go: { module: modules.nodeExporter, package: "" },
        page: released("prometheus/node_exporter", VERSIONS.nodeExporter),
        cpuSeconds: 36,
    },
    alertmanager: {
        version: VERSIONS.alertmanager,
        versionCheck: { args: ["--version"], pattern: /^alertmanager, version (\S+)/ },
        versionRule: "exact",
        static: true,
        download: promuDownload("prometheus/alertmanager", VERSIONS.alertmanager, "alertmanager", "alertmanager"),
        go: { module: modules.alertmanager, package: "cmd/alertmanager" },
        page: released("prometheus/alertmanager", VERSIONS.alertmanager),
        cpuSeconds: 50,
    },
    // Its releases hold manifests only, no binaries.
    "kube-state-metrics": {
        version: VERSIONS.kubeStateMetrics,
        versionCheck: { args: ["version"], pattern: /^kube-state-metrics, version (\S+)/ },
        versionRule: "exact",
        static: true,
        go: { module: modules.kubeStateMetrics, package: "" },
        page: released("kubernetes/kube-state-metrics", VERSIONS.kubeStateMetrics),
        cpuSeconds: 120,
    },
    /** Holds a pod's namespaces. A program of this project, because the official image needs a registry. */
    pause: {
        version: modules.PAUSE,
        versionCheck: { args: ["--version"], pattern: /^thanos-fleet pause (\S+)/ },
        versionRule: "exact",
        static: true,
        go: { module: modules.pause, package: "" },
        page: "local/offline/images/pause/main.go",
        cpuSeconds: 9,
    },
    /** Needed only where a Docker engine answers. */
    kind: {
        version: VERSIONS.kind,
        versionCheck: { args: ["--version"], pattern: /^kind version (\S+)/ },
        versionRule: "at-least",
        download: ({ os, arch }) => {
            const url = github("kubernetes-sigs/kind", VERSIONS.kind, `kind-${os}-${arch}`);
            return { url, checksums: `${url}.sha256sum` };
        },
        go: { module: modules.kind, package: "" },
        page: released("kubernetes-sigs/kind", VERSIONS.kind),
        cpuSeconds: 20,
    },
    /** For the fleet with agents, and for tests of caches. */
    memcached: system("memcached", ["-V"], /^memcached (\S+)/),
    etcd: system("etcd-server", ["--version"], /^etcd Version: (\S+)/m),
    containerd: system("containerd", ["--version"], /^containerd \S+ v?([^\s~+]+)/),
    ctr: system("containerd", ["--version"], /^ctr \S+ v?([^\s~+]+)/),
    runc: system("runc", ["--version"], /^runc version ([^\s~+]+)/),
    iptables: system("iptables", ["--version"], /^iptables v(\S+)/),
    ip: system("iproute2", ["-V"], /^ip utility, iproute2-([^\s,]+)/),
    unshare: system("util-linux", ["--version"], /^unshare from util-linux (\S+)/),
    tini: system("tini", ["--version"], /^tini version (\S+)/),
    conntrack: system("conntrack", ["--version"], /^conntrack v(\S+)/),
    /** The path of the `host-local` plugin; the other plugins (bridge, loopback, portmap) lie in the same folder. `bridge` would also find iproute2's. */
    cni: system("containernetworking-plugins", ["--version"], /^CNI host-local plugin (?:version )?v?(\S+)/m, {
        binary: "host-local",
        dirs: ["/usr/lib/cni", "/opt/cni/bin"],
    }),
} satisfies Record<string, Entry>;

export type ToolName = keyof typeof CATALOGUE;

export function entryOf(name: ToolName): Entry {
    return CATALOGUE[name];
}

/** File name of a tool's binary. */
export const fileName = (name: ToolName) => entryOf(name).binary ?? name;
