import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { findTools, ToolError, type ToolName } from "../../../../local/offline/findTools";
import { place } from "../../../../local/offline/tools/cache";
import type { ModFile } from "../../../../local/offline/tools/goBuild";
import type { Machine, Ran, RunOptions } from "../../../../local/offline/tools/machine";
import { quiet } from "../../../support/quiet";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

const never = new AbortController().signal;

const platform = { os: "linux", arch: "amd64" } as const;
const said = (stdout: string): Ran => ({ code: 0, stdout, stderr: "" });

/** What a good binary of each tool prints. */
const VERSION_LINES: Record<string, string> = {
    node_exporter: "node_exporter, version 1.12.1 (branch: )\n",
    thanos: "thanos, version 0.42.4 (branch: , revision: )\n  tags:             netgo,slicelabels\n",
    prometheus: "prometheus, version 3.15.0 (branch: )\n",
    promtool: "promtool, version 3.15.0 (branch: )\n",
    kubelet: "Kubernetes v1.34.4\n",
    "kube-proxy": "Kubernetes v1.34.4\n",
    helm: "v3.22.0\n",
    pulumi: "v3.259.0\n",
    etcd: "etcd Version: 3.4.23\n",
};

describe("the search for tools", () => {
    let dir: string;
    let commands: string[];
    beforeEach(() => {
        dir = temporaryDirectory();
        commands = [];
    });

    /** A machine with the given programs on PATH, and nothing else: no network, no Go that works. */
    function machine(onPath: Record<string, string>, more: Partial<Machine> = {}): Machine {
        const bin = path.join(dir, "bin");
        mkdirSync(bin, { recursive: true });
        for (const name of Object.keys(onPath)) writeFileSync(path.join(bin, name), "");
        return {
            platform,
            cores: 2,
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

    const find = (names: readonly ToolName[], world: Machine) => findTools(names, quiet, never, world);
    const ways = async (names: readonly ToolName[], world: Machine) =>
        Object.entries(await find(names, world)).map(([name, t]) => `${name} ${t.version} ${t.from}`);
    const left = () => readdirSync(path.join(dir, "cache/tools")).sort();

    /** A compiler that writes each package's binary where `-o` says. */
    function withGo(onPath: Record<string, string>, file: Partial<ModFile> = {}): Machine {
        const base = machine({ ...onPath, go: "go" });
        return {
            ...base,
            run: async (argv, options) => {
                if (path.basename(argv[0]!) !== "go") return base.run(argv, options);
                commands.push(`go ${argv.slice(1, 3).join(" ")} ${argv.at(-1)!.replaceAll(dir, "DIR")}`);
                if (argv[2] === "download") return said(JSON.stringify({ GoMod: path.join(dir, "go.mod"), Dir: dir }));
                if (argv[2] === "edit") return said(JSON.stringify({ Go: "1.25.0", ...file }));
                if (argv[1] === "list") return said("k8s.io/kubernetes/cmd/kubelet\n");
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
    build     no Go compiler (no \`go\` on PATH)
    remedy    install Go (https://go.dev/dl) so that it can be built here, or put kind 0.33.0 on PATH (https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0)
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

    it("installs no package without root, and says so", async () => {
        const error = (await find(["etcd"], machine({ "apt-get": "" })).catch((e) => e)) as ToolError;
        assert.deepEqual(error.missing[0]!.tried.at(-1), { way: "package", why: "only root may install packages" });
        assert.deepEqual(commands, []);
    });

    it("puts no binary into the cache that does not run as its release", async () => {
        const world = withGo({});
        const broken = {
            ...world,
            run: async (argv: readonly string[], options: RunOptions) => (argv[0]!.includes("/tmp-") ? said("") : world.run(argv, options)),
        };
        const error = (await find(["kubelet"], broken).catch((e) => e)) as ToolError;
        assert.match(error.missing[0]!.tried.at(-1)!.why, /kubelet is not it: `--version` says "exit code 0"$/);
        assert.deepEqual(left(), []);
    });

    it("builds without a C compiler, and with the checksums of the release", async () => {
        const world = withGo({});
        writeFileSync(path.join(dir, "go.sum"), "the release's sums");
        const builds: { cgo: string | undefined; sums: string }[] = [];
        const seen: Machine = {
            ...world,
            run: async (argv, options) => {
                if (argv[1] === "build")
                    builds.push({ cgo: options.env?.CGO_ENABLED, sums: readFileSync(path.join(options.cwd!, "go.sum"), "utf8") });
                return world.run(argv, options);
            },
        };
        await find(["kubelet"], seen);
        assert.deepEqual(builds, [{ cgo: "0", sums: "the release's sums" }]);
    });

    it("installs Debian packages as root", async () => {
        const onPath: Record<string, string> = { "apt-get": "" };
        const base = machine(onPath, { root: true });
        const world: Machine = {
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
        const fetch: Machine["fetch"] = async (url) => {
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
        const fetch: Machine["fetch"] = async (url) => new Response(url.endsWith(".sha256") ? "0".repeat(64) : "tampered");
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
            "go list -mod=mod k8s.io/kubernetes/cmd/kube-proxy",
            "go build -v k8s.io/kubernetes/cmd/kube-proxy",
            "DIR/cache/tools/TMP/kubernetes/bin/kubelet --version",
            "DIR/cache/tools/TMP/kubernetes/bin/kube-proxy --version",
        ]);
        assert.deepEqual(left(), ["kube-proxy", "kubelet"]);
    });

    it("compiles two modules at a time, and says which and how long all will take", async () => {
        const base = withGo({});
        const compiling = new Set<string>();
        let most = 0;
        const machine: Machine = {
            ...base,
            run: async (argv, options) => {
                if (argv[1] !== "build") return base.run(argv, options);
                compiling.add(argv.at(-1)!);
                most = Math.max(most, compiling.size);
                await new Promise((resolve) => setTimeout(resolve, 20));
                compiling.delete(argv.at(-1)!);
                return base.run(argv, options);
            },
        };
        const texts: string[] = [];
        const step = { update: (text: string) => void texts.push(text), done() {}, fail() {} };
        await findTools(["thanos", "kubelet", "pulumi", "node_exporter"], { ...quiet, step: () => step }, never, machine);
        assert.equal(most, 2);
        assert.match(
            texts.find((text) => text.startsWith("building"))!,
            /^building kubelet 1.34.4; 0 of 4 done, (about \d+ min|less than a minute) left$/,
        );
        assert.match(texts.at(-1)!, /^building .*; [23] of 4 done, /);
    });

    it("says why a build failed, and keeps what the others made", async () => {
        const base = withGo({});
        const world: Machine = {
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
        const world: Machine = {
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
