import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { findTools, ToolError } from "../../../../local/offline/findTools";
import { alone, place } from "../../../../local/offline/tools/cache";
import { entryOf, type ToolName } from "../../../../local/offline/tools/catalogue";
import { checksumOf } from "../../../../local/offline/tools/download";
import { buildArgs, type ModFile, wrapperModule } from "../../../../local/offline/tools/goBuild";
import { prometheusModuleVersion } from "../../../../local/offline/tools/goModules";
import { type Ran, rememberingHosts, run, type World } from "../../../../local/offline/tools/machine";
import { satisfies } from "../../../../local/offline/tools/version";
import type { Progress } from "../../../../terminal/progress";

const quiet: Progress = { step: () => ({ update() {}, done() {}, fail() {} }), say() {}, event() {} };
const never = new AbortController().signal;
const platform = { os: "linux", arch: "amd64" } as const;
const said = (stdout: string): Ran => ({ code: 0, stdout, stderr: "" });

/** What a good binary of each tool prints. */
const VERSION_LINES: Record<string, string> = {
    thanos: "thanos, version 0.42.4 (branch: , revision: )\n  tags:             netgo,slicelabels\n",
    prometheus: "prometheus, version 3.15.0 (branch: )\n",
    promtool: "promtool, version 3.15.0 (branch: )\n",
    kubelet: "Kubernetes v1.34.4\n",
    "kube-proxy": "Kubernetes v1.34.4\n",
    helm: "v3.22.0\n",
    pulumi: "v3.259.0\n",
    etcd: "etcd Version: 3.4.23\n",
};

describe("finding tools", () => {
    let dir: string;
    let commands: string[];
    beforeEach(() => {
        dir = mkdtempSync(path.join(tmpdir(), "tools-test-"));
        commands = [];
    });
    afterEach(() => rmSync(dir, { recursive: true }));

    /** A machine with the given programs on PATH, and nothing else: no network, no Go that works. */
    function machine(onPath: Record<string, string>, more: Partial<World> = {}): World {
        const bin = path.join(dir, "bin");
        mkdirSync(bin, { recursive: true });
        for (const name of Object.keys(onPath)) writeFileSync(path.join(bin, name), "");
        return {
            platform,
            root: false,
            cacheDir: path.join(dir, "cache"),
            lookPath: async (name) => (name in onPath ? path.join(bin, name) : undefined),
            fetch: async (url) => {
                throw new Error(`${new URL(url).host} does not answer (ENOTFOUND)`);
            },
            run: async (argv) => {
                commands.push(
                    argv
                        .join(" ")
                        .replaceAll(dir, "DIR")
                        .replace(/tmp-\w+/, "TMP"),
                );
                const name = path.basename(argv[0]!);
                return said(onPath[name] || (VERSION_LINES[name] ?? ""));
            },
            ...more,
        };
    }

    const find = (names: readonly ToolName[], world: World) => findTools(names, quiet, never, world);
    const ways = async (names: readonly ToolName[], world: World) =>
        Object.entries(await find(names, world)).map(([name, t]) => `${name} ${t.version} ${t.from}`);
    const left = () => readdirSync(path.join(dir, "cache/tools")).sort();

    /** A compiler that writes each package's binary where `-o` says. */
    function withGo(onPath: Record<string, string>, file: Partial<ModFile> = {}): World {
        const base = machine({ ...onPath, go: "go" });
        return {
            ...base,
            run: async (argv, options) => {
                if (path.basename(argv[0]!) !== "go") return base.run(argv, options);
                commands.push(`go ${argv.slice(1, 3).join(" ")} ${argv.at(-1)!.replaceAll(dir, "DIR")}`);
                if (argv[2] === "download") return said(JSON.stringify({ GoMod: path.join(dir, "go.mod"), Dir: dir }));
                if (argv[2] === "edit") return said(JSON.stringify({ Go: "1.25.0", ...file }));
                const out = argv[argv.indexOf("-o") + 1]!;
                for (const p of argv.slice(argv.indexOf("-o") + 2)) writeFileSync(path.join(out, path.basename(p)), "built");
                return said("");
            },
        };
    }

    it("takes what is on PATH in the wanted version", async () => {
        const world = machine({ thanos: VERSION_LINES.thanos!, pulumi: "v3.260.1", etcd: "etcd Version: 3.5.1\n" });
        assert.deepEqual(await ways(["thanos", "pulumi", "etcd"], world), ["thanos 0.42.4 PATH", "pulumi 3.260.1 PATH", "etcd 3.5.1 PATH"]);
        assert.equal(existsSync(world.cacheDir), false);
    });

    it("refuses another version, a Thanos without its tags, and a program that only has the name", async () => {
        const world = machine({
            thanos: "thanos, version 0.42.4 (branch: )\n  tags:             unknown\n",
            prometheus: "prometheus, version 3.14.0 (branch: )\n",
            pulumi: "v3.100.0\n",
            operator: "usage: operator file\n",
        });
        const error = await find(["thanos", "prometheus", "pulumi", "operator"], world).catch((e) => e);
        assert.deepEqual(
            (error as ToolError).missing.map((m) => m.tried[0]!.why.replaceAll(dir, "DIR")),
            [
                'DIR/bin/thanos is not it: `--version` says "thanos, version 0.42.4 (branch: )"',
                "DIR/bin/prometheus is 3.14.0, needed is exactly 3.15.0",
                "DIR/bin/pulumi is 3.100.0, needed is at least 3.259.0",
                'DIR/bin/operator is not it: `--version` says "usage: operator file"',
            ],
        );
    });

    it("refuses for an image what needs a dynamic loader", async () => {
        const elf = Buffer.alloc(200);
        elf.write("\x7fELF", "latin1");
        elf.writeBigUInt64LE(64n, 0x20);
        elf.writeUInt16LE(56, 0x36);
        elf.writeUInt16LE(2, 0x38);
        elf.writeUInt32LE(3, 64 + 56);
        const world = machine({ thanos: VERSION_LINES.thanos! });
        writeFileSync(path.join(dir, "bin/thanos"), elf);
        const error = (await find(["thanos"], world).catch((e) => e)) as ToolError;
        assert.equal(error.missing[0]!.tried[0]!.why, `${dir}/bin/thanos needs a C library, which its image does not have`);
    });

    it("lists every missing tool with all that was tried", async () => {
        const error = (await find(["thanos", "kubelet", "operator", "kind", "etcd", "helm", "pause"], machine({})).catch(
            (e) => e,
        )) as Error;
        assert.ok(error instanceof ToolError);
        assert.equal(
            error.message,
            `7 tools can be neither found, downloaded nor built:
  thanos 0.42.4
    PATH      no thanos
    cache     not there
    download  github.com does not answer (ENOTFOUND)
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here, or put thanos 0.42.4 on PATH (https://github.com/thanos-io/thanos/releases/tag/v0.42.4)
  kubelet 1.34.4
    PATH      no kubelet
    cache     not there
    download  dl.k8s.io does not answer (ENOTFOUND)
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here, or put kubelet 1.34.4 on PATH (https://kubernetes.io/releases/download/#binaries)
  operator 0.93.1
    PATH      no operator
    cache     not there
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here, or put operator 0.93.1 on PATH (https://github.com/prometheus-operator/prometheus-operator/releases/tag/v0.93.1)
  kind 0.33.0
    PATH      no kind
    cache     not there
    download  github.com does not answer (ENOTFOUND)
    remedy    put kind 0.33.0 on PATH (https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0)
  etcd
    PATH      no etcd
    package   no apt-get
    remedy    apt-get install etcd-server as root, or the package of your system that has \`etcd\`
  helm 3.22.0
    PATH      no helm
    cache     not there
    download  get.helm.sh does not answer (ENOTFOUND)
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here, or put helm 3.22.0 on PATH (https://github.com/helm/helm/releases/tag/v3.22.0)
  pause 1
    PATH      no pause
    cache     not there
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here`,
        );
        assert.deepEqual(left(), []);
    });

    it("does not build for minutes when another tool is not to be had at all", async () => {
        const error = (await find(["thanos", "etcd"], withGo({})).catch((e) => e)) as ToolError;
        assert.deepEqual(
            error.missing.map((m) => m.name),
            ["etcd"],
        );
        assert.deepEqual(commands, []);
    });

    it("installs Debian packages as root", async () => {
        const onPath: Record<string, string> = { "apt-get": "" };
        const base = machine(onPath, { root: true });
        const world: World = {
            ...base,
            run: async (argv, options) => {
                if (argv.includes("etcd-server")) onPath.etcd = VERSION_LINES.etcd!;
                return base.run(argv, options);
            },
        };
        assert.deepEqual(await ways(["etcd"], world), ["etcd 3.4.23 package"]);
        assert.deepEqual(commands, [
            "DIR/bin/apt-get -q -o DPkg::Lock::Timeout=120 update",
            "DIR/bin/apt-get -q -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends etcd-server",
            "DIR/bin/etcd --version",
        ]);
    });

    it("downloads, compares the sum, unpacks the one file; then finds it in the cache", async () => {
        const tar = pack();
        tar.entry({ name: "linux-amd64/README.md" }, "text");
        tar.entry({ name: "linux-amd64/helm" }, "the binary");
        tar.finalize();
        const parts: Buffer[] = [];
        for await (const part of tar) parts.push(part as Buffer);
        const archive = gzipSync(Buffer.concat(parts));
        const sum = createHash("sha256").update(archive).digest("hex");
        const asked: string[] = [];
        const fetch: World["fetch"] = async (url) => {
            asked.push(url);
            return url.endsWith(".sha256sum")
                ? new Response(`${sum}  helm-v3.22.0-linux-amd64.tar.gz\n`)
                : new Response(new Uint8Array(archive));
        };
        const world = machine({}, { fetch });
        assert.deepEqual(await ways(["helm"], world), ["helm 3.22.0 download"]);
        assert.deepEqual(asked, [
            "https://get.helm.sh/helm-v3.22.0-linux-amd64.tar.gz.sha256sum",
            "https://get.helm.sh/helm-v3.22.0-linux-amd64.tar.gz",
        ]);
        const again = (await find(["helm"], machine({}))).helm!;
        assert.deepEqual(again, { path: place(world.cacheDir, "helm", platform), version: "3.22.0", from: "cache", seconds: 0 });
        assert.equal(readFileSync(again.path, "utf8"), "the binary");
        assert.deepEqual(left(), ["helm"]);
    });

    it("refuses a download with another sum, and leaves nothing of it", async () => {
        const fetch: World["fetch"] = async (url) => new Response(url.endsWith(".sha256") ? "0".repeat(64) : "tampered");
        const error = (await find(["kubelet"], machine({}, { fetch })).catch((e) => e)) as ToolError;
        assert.deepEqual(error.missing[0]!.tried[2], {
            way: "download",
            why:
                "https://dl.k8s.io/release/v1.34.4/bin/linux/amd64/kubelet has the sha256 " +
                `${createHash("sha256").update("tampered").digest("hex")}, published is ${"0".repeat(64)}`,
        });
        assert.deepEqual(left(), []);
    });

    it("builds the programs of a module in one call, after all else failed", async () => {
        assert.deepEqual(await ways(["kubelet", "thanos", "kube-proxy"], withGo({ thanos: VERSION_LINES.thanos! })), [
            "kubelet 1.34.4 build",
            "thanos 0.42.4 PATH",
            "kube-proxy 1.34.4 build",
        ]);
        assert.deepEqual(commands, [
            "DIR/bin/thanos --version",
            "go mod download k8s.io/kubernetes@v1.34.4",
            "go mod edit DIR/go.mod",
            "go build -mod=mod k8s.io/kubernetes/cmd/kube-proxy",
            "DIR/cache/tools/TMP/kubernetes/bin/kubelet --version",
            "DIR/cache/tools/TMP/kubernetes/bin/kube-proxy --version",
        ]);
        assert.deepEqual(left(), ["kube-proxy", "kubelet"]);
    });

    it("says why a build failed, and keeps what the others made", async () => {
        const base = withGo({});
        const world: World = {
            ...base,
            run: async (argv, options) =>
                argv.at(-1)!.startsWith("github.com/thanos-io")
                    ? { code: 1, stdout: "", stderr: "go: downloading x\ngo: requires go >= 1.99 (running go 1.26)\n" }
                    : base.run(argv, options),
        };
        const error = (await find(["thanos", "kubelet"], world).catch((e) => e)) as ToolError;
        assert.deepEqual(
            error.missing.map((m) => [m.name, m.tried.at(-1)]),
            [["thanos", { way: "build", why: "go: requires go >= 1.99 (running go 1.26)" }]],
        );
        assert.deepEqual(left(), ["kubelet"]);
    });

    it("stops at once and leaves nothing half-made", async () => {
        const stop = new AbortController();
        const base = withGo({});
        const world: World = {
            ...base,
            run: async (argv, options) => {
                if (argv[1] !== "build") return base.run(argv, options);
                stop.abort(new Error("Ctrl-C"));
                return base.run(argv, options).then(() => options.signal.throwIfAborted() as never);
            },
        };
        await assert.rejects(findTools(["kubelet"], quiet, stop.signal, world), { message: "Ctrl-C" });
        assert.deepEqual(left(), []);
    });
});

describe("the tools' cache lock", () => {
    let dir: string;
    beforeEach(() => {
        dir = mkdtempSync(path.join(tmpdir(), "lock-test-"));
    });
    afterEach(() => rmSync(dir, { recursive: true }));

    it("lets one run in at a time", async () => {
        const order: string[] = [];
        const work = (name: string) => () =>
            alone(
                dir,
                never,
                () => {},
                async () => {
                    order.push(`${name} in`);
                    await new Promise((r) => setTimeout(r, 20));
                    order.push(`${name} out`);
                },
            );
        await Promise.all([work("a")(), work("b")()]);
        assert.deepEqual(
            order.map((o) => o.split(" ")[1]),
            ["in", "out", "in", "out"],
        );
        assert.deepEqual(readdirSync(dir), []);
    });

    it("takes over from a process that is gone, and clears away what it left", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: 2 ** 30, host: hostname(), token: "x" }));
        mkdirSync(path.join(dir, "tmp-old"));
        writeFileSync(path.join(dir, "tmp-old/half"), "");
        await alone(dir, never, assert.fail, async (tmp) => assert.deepEqual(readdirSync(dir).sort(), ["lock", path.basename(tmp)]));
    });

    it("takes over from a machine whose lock has not been touched for 30 s", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: 1, host: "elsewhere", token: "x" }));
        utimesSync(path.join(dir, "lock"), new Date(), new Date(Date.now() - 31_000));
        assert.equal(await alone(dir, never, assert.fail, async () => "mine"), "mine");
    });

    it("waits for a live holder, says who it is, and can be stopped", async () => {
        writeFileSync(path.join(dir, "lock"), JSON.stringify({ pid: process.pid, host: hostname(), token: "x" }));
        const stop = new AbortController();
        const told: string[] = [];
        const waiting = (who: string) => {
            told.push(who);
            stop.abort(new Error("Ctrl-C"));
        };
        await assert.rejects(
            alone(dir, stop.signal, waiting, async () => {}),
            { message: "Ctrl-C" },
        );
        assert.deepEqual(told, [`process ${process.pid}`]);
        assert.deepEqual(readdirSync(dir), ["lock"]);
    });
});

describe("build plans", () => {
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
    const module = (name: "kubelet" | "thanos" | "pulumi" | "pause") => entryOf(name).go!.module;

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
            "build|-mod=mod|-trimpath|-tags||-ldflags|-s -w -X k8s.io/component-base/version.gitVersion=v1.34.4 " +
                "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34" +
                "|-o|/out/|k8s.io/kubernetes/cmd/kubelet|k8s.io/kubernetes/cmd/kube-proxy",
        );
        assert.equal(
            line("thanos", ["cmd/thanos"]),
            "build|-mod=mod|-trimpath|-tags|netgo,slicelabels|-ldflags|-s -w -X github.com/prometheus/common/version.Version=0.42.4" +
                "|-o|/out/|github.com/thanos-io/thanos/cmd/thanos",
        );
        assert.equal(
            line("pulumi", ["cmd/pulumi"]),
            "build|-mod=mod|-trimpath|-tags||-ldflags|-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0" +
                "|-o|/out/|github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        );
        assert.equal(line("pause", [""]), "build|-mod=mod|-trimpath|-tags||-ldflags|-s -w -X main.version=1|-o|/out/|.");
    });

    it("knows what Prometheus calls itself as a Go module", () => {
        assert.deepEqual(["v3.15.0", "v3.5.2", "v2.55.1"].map(prometheusModuleVersion), ["v0.315.0", "v0.305.2", "v0.255.1"]);
    });
});

describe("versions and sums", () => {
    it("compares versions as the tool needs it", () => {
        assert.deepEqual(
            [
                satisfies("3.259.0", "at-least", "3.259.0"),
                satisfies("3.260.0", "at-least", "3.259.1"),
                satisfies("3.258.9", "at-least", "3.259.0"),
                satisfies("4.0.0", "at-least", "3.259.0"),
                satisfies("0.42.5", "exact", "0.42.4"),
                satisfies("anything", "any", ""),
            ],
            [true, true, false, false, false, true],
        );
    });

    it("reads bare sums and lists of them", () => {
        const [a, b] = ["a".repeat(64), "b".repeat(64)];
        assert.equal(checksumOf("kubelet", a), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n${a} *release/x.tgz\n`), a);
        assert.equal(checksumOf("x.tgz", `${b}  y.tgz\n`), undefined);
        assert.equal(checksumOf("x.tgz", "<html>not found</html>"), undefined);
    });
});

describe("the outside world", () => {
    it("asks a silent host once, and an answering one for each file", async () => {
        const asked: string[] = [];
        const fetch = rememberingHosts(async (url, init) => {
            asked.push(`${init.method ?? "GET"} ${url}`);
            if (url.includes("silent")) throw new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } });
            return url.endsWith("/missing") ? new Response("", { status: 404 }) : new Response("content");
        });
        const silent = { message: "silent.example does not answer (ENOTFOUND)" };
        await assert.rejects(fetch("https://silent.example/a", never), silent);
        await assert.rejects(fetch("https://silent.example/b", never), silent);
        assert.equal(await (await fetch("https://good.example/a", never)).text(), "content");
        await assert.rejects(fetch("https://good.example/missing", never), { message: "https://good.example/missing answered 404" });
        assert.deepEqual(asked, [
            "HEAD https://silent.example",
            "HEAD https://good.example",
            "GET https://good.example/a",
            "GET https://good.example/missing",
        ]);
    });

    it("ends a whole process group on a stop", async () => {
        const stop = new AbortController();
        const file = path.join(mkdtempSync(path.join(tmpdir(), "group-test-")), "pid");
        const ran = run(["sh", "-c", `sleep 300 & echo $! > ${file}; wait`], { signal: stop.signal, deadline: 60 });
        while (!existsSync(file) || readFileSync(file, "utf8") === "") await new Promise((r) => setTimeout(r, 10));
        stop.abort(new Error("Ctrl-C"));
        await assert.rejects(ran, { message: "Ctrl-C" });
        const grandchild = Number(readFileSync(file, "utf8"));
        // Gone, or (where nobody reaps orphans) a zombie.
        const state = /^State:\s+(\S)/m.exec(
            existsSync(`/proc/${grandchild}/status`) ? readFileSync(`/proc/${grandchild}/status`, "utf8") : "",
        );
        assert.ok(state === null || state[1] === "Z");
        rmSync(path.dirname(file), { recursive: true });
    });
});
