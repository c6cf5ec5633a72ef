import assert from "node:assert/strict";
import { entryOf } from "../../../../../local/offline/tools/catalogue";
import { buildArgs, type ModFile, wrapperModule } from "../../../../../local/offline/tools/goBuild";
import { moduleVersion, UPSTREAM } from "../../../../../upstream/sources";

describe("a build from a Go module", () => {
    const of: ModFile = {
        Go: "1.25.0",
        Require: [
            { Path: "example.org/direct", Version: "v1.2.3" },
            { Path: "example.org/indirect", Version: "v0.1.0", Indirect: true },
            { Path: "k8s.io/api", Version: "v0.0.0" },
            { Path: "k8s.io/klog/v2", Version: "v2.130.1" },
        ],
        Replace: [
            { Old: { Path: "example.org/a" }, New: { Path: "example.org/fork", Version: "v1.0.0" } },
            { Old: { Path: "example.org/b", Version: "v1.0.0" }, New: { Path: "example.org/b", Version: "v1.0.1" } },
            { Old: { Path: "example.org/c" }, New: { Path: "./c" } },
        ],
    };
    const module = (name: "kubelet" | "thanos" | "pulumi" | "alertmanager" | "pause") => entryOf(name).go!.module;

    it("wraps a module with its requires and replaces", () => {
        assert.equal(
            wrapperModule(module("thanos"), of),
            `module tools/thanos

go 1.25.0

require (
	github.com/thanos-io/thanos v0.42.4
	example.org/direct v1.2.3
	example.org/indirect v0.1.0 // indirect
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.130.1
)
replace example.org/a => example.org/fork v1.0.0
replace example.org/b v1.0.0 => example.org/b v1.0.1
`,
        );
    });

    it("replaces a module that lacks files by its completed copy", () => {
        assert.equal(
            wrapperModule(module("alertmanager"), { Go: "1.25.0" }),
            `module tools/alertmanager

go 1.25.0

require (
	github.com/prometheus/alertmanager v0.34.0
)
replace github.com/prometheus/alertmanager => ./completed
`,
        );
    });

    it("points Kubernetes' staging modules at what was published", () => {
        assert.equal(
            wrapperModule(module("kubelet"), { Go: "1.24.0", Require: of.Require! }),
            `module tools/kubernetes

go 1.24.0

require (
	k8s.io/kubernetes v1.34.4
	example.org/direct v1.2.3
	example.org/indirect v0.1.0 // indirect
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.130.1
)
replace k8s.io/api => k8s.io/api v0.34.4
`,
        );
    });

    it("calls go as the releases do", () => {
        const line = (name: Parameters<typeof module>[0], packages: string[]) => buildArgs(module(name), packages, "/out").join("|");
        assert.equal(
            line("kubelet", ["cmd/kubelet", "cmd/kube-proxy"]),
            "build|-v|-mod=mod|-trimpath|-gcflags=all=-dwarf=false -l|-gcflags=std=-dwarf=false|-tags||-ldflags|-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 " +
                "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34" +
                "|-o|/out/|k8s.io/kubernetes/cmd/kubelet|k8s.io/kubernetes/cmd/kube-proxy",
        );
        assert.equal(
            line("thanos", ["cmd/thanos"]),
            "build|-v|-mod=mod|-trimpath|-gcflags=all=-dwarf=false -l|-gcflags=std=-dwarf=false|-tags|netgo,slicelabels|-ldflags|-s -w -X github.com/prometheus/common/version.Version=0.42.4" +
                "|-o|/out/|github.com/thanos-io/thanos/cmd/thanos",
        );
        assert.equal(
            line("pulumi", ["cmd/pulumi"]),
            "build|-v|-mod=mod|-trimpath|-gcflags=all=-dwarf=false -l|-gcflags=std=-dwarf=false|-tags||-ldflags|-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0" +
                "|-o|/out/|github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        );
        assert.equal(
            line("pause", [""]),
            "build|-v|-mod=mod|-trimpath|-gcflags=all=-dwarf=false -l|-gcflags=std=-dwarf=false|-tags||-ldflags|-s -w -X main.version=1|-o|/out/|.",
        );
    });

    it("takes Prometheus in the version that its Go module has", () => {
        const versionOf = (release: string) => moduleVersion(UPSTREAM.prometheus.goModule, release);
        assert.deepEqual(["v3.15.0", "v3.5.2", "v2.55.1"].map(versionOf), ["v0.315.0", "v0.305.2", "v0.255.1"]);
    });
});
