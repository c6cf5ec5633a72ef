import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { withCacheLock } from "../../local/offline/tools/cache";
import { buildArgs, compile, fetchSources } from "../../local/offline/tools/goBuild";
import { type GoModule, kubernetes } from "../../local/offline/tools/goModules";
import { cacheDirectory, thisMachine } from "../../local/offline/tools/machine";

/** Programs of a node image that the fleet itself does not need, built from their Go modules. */

interface Build {
    module: GoModule;
    /** Main packages inside the module, by the name of their program. */
    packages: Readonly<Record<string, string>>;
}

const BUILDS: readonly Build[] = [
    { module: kubernetes, packages: { kubeadm: "cmd/kubeadm", kubectl: "cmd/kubectl" } },
    {
        // The release that kind v0.33.0 builds (images/base/Dockerfile): Debian's is older than what `kind build` expects.
        module: {
            name: "containerd",
            published: { path: "github.com/containerd/containerd/v2", version: "v2.3.4" },
            tags: "no_aufs,no_btrfs,no_devmapper,no_zfs",
            variables: { "github.com/containerd/containerd/v2/version.Version": "v2.3.4" },
        },
        packages: { containerd: "cmd/containerd", ctr: "cmd/ctr", "containerd-shim-runc-v2": "cmd/containerd-shim-runc-v2" },
    },
    {
        // The release that kubeadm v1.34 names (cmd/kubeadm/app/constants): it passes flags that Debian's does not know.
        module: { name: "etcd", published: { path: "go.etcd.io/etcd/server/v3", version: "v3.6.5" }, variables: {} },
        packages: { server: "" },
    },
    {
        // The newest that is published as a Go module; kind's own image has v0.0.35.
        module: {
            name: "local-path-provisioner",
            published: { path: "github.com/rancher/local-path-provisioner", version: "v0.0.30" },
            variables: {},
        },
        packages: { "local-path-provisioner": "" },
    },
    { module: { name: "kindnetd", main: join(__dirname, "kindnetd"), variables: {} }, packages: { kindnetd: "" } },
];

/** Builds what the cache lacks, and answers the path of each program. */
export async function buildPrograms(say: (text: string) => void, signal: AbortSignal): Promise<Record<string, string>> {
    const machine = thisMachine();
    const go = await machine.lookPath("go", ["/usr/local/go/bin"]);
    if (go === undefined) throw new Error("A node image needs the Go compiler, and there is no `go` on PATH.");
    const cache = join(cacheDirectory(), "kind");
    const paths: Record<string, string> = {};
    for (const { module, packages } of BUILDS) {
        const args = buildArgs(module, Object.values(packages), "");
        const source = module.main && readFileSync(join(module.main, "main.go"), "utf8");
        const key = createHash("sha256")
            .update(JSON.stringify([module.published, source, args]))
            .digest("hex")
            .slice(0, 12);
        const folder = join(cache, `${module.name}-${key}`);
        if (!existsSync(folder))
            await withCacheLock(cache, signal, say, async (tmp) => {
                const build = { module, packages: Object.values(packages), dir: join(tmp, module.name) };
                say(`building ${module.name}`);
                await fetchSources({ go, machine, signal }, build);
                const binaries = await compile({ go, machine, signal }, build, () => {});
                for (const name of Object.keys(packages)) chmodSync(join(binaries, name), 0o755);
                mkdirSync(cache, { recursive: true });
                renameSync(binaries, folder);
            });
        for (const name of Object.keys(packages)) paths[name] = join(folder, name);
    }
    return paths;
}
