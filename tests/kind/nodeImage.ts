import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execute } from "../../local/execute";
import { findTools } from "../../local/offline/findTools";
import { cacheDirectory } from "../../local/offline/tools/machine";
import { inStep, type Progress } from "../../terminal/progress";
import { VERSIONS } from "../../upstream/versions";
import { kubernetesImages, type Programs } from "./kubernetesImages";
import { buildPrograms } from "./programs";

/**
 * Makes a node image of kind where no registry can be reached. The programs are built from their Go modules, the base image is made of Debian packages, and
 * `kind build node-image` puts them together, as it does with a release of Kubernetes.
 */

const run = (command: string, args: readonly string[]) => execute(command, [...args], { maxBuffer: 64 << 20 });

const KIND_CACHE = join(cacheDirectory(), "kind");

/** Makes the image, or finds the one that an earlier run has made, and answers its name. */
export async function nodeImage(progress: Progress, signal: AbortSignal): Promise<string> {
    const tools = await findTools(
        [
            ...(["kind", "kubelet", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const),
            "coredns",
            "pause",
            "iptables",
        ],
        progress,
        signal,
    );
    return inStep(progress.step("Node image", 600), async (step) => {
        const built = await buildPrograms((text) => step.update(text), signal);
        const programs: Programs = { ...tools, ...Object.fromEntries(Object.entries(built).map(([name, path]) => [name, { path }])) };
        const { stdout } = await run("go", ["mod", "download", "-json", `sigs.k8s.io/kind@${VERSIONS.kind}`]);
        const { Dir: module } = JSON.parse(stdout) as { Dir: string };

        step.update("images of Kubernetes");
        const server = await serverArchive(programs, await kubernetesImages(programs, module));
        step.update("the base image, of Debian packages");
        const base = await baseArchive(programs, module);

        const name = `thanos-fleet/kind-node:${VERSIONS.kubernetes}-${digest(server, base)}`;
        const isThere = await run("docker", ["image", "inspect", name]).then(
            () => true,
            () => false,
        );
        if (!isThere) {
            const baseName = `thanos-fleet/kind-base:${digest(base)}`;
            step.update("docker import");
            const settings = ["ENV container=docker", 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'];
            await run("docker", ["import", ...settings.flatMap((setting) => ["--change", setting]), base, baseName]);
            step.update("kind build node-image");
            await run(tools.kind.path, ["build", "node-image", "--type", "file", server, "--base-image", baseName, "--image", name]);
        }
        return { result: name, says: name };
    });
}

const digest = (...parts: readonly string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);

/** What a release of Kubernetes publishes for `kind build node-image`: its programs, and four archives of images. kind would pull an image that is in none of them. */
async function serverArchive(programs: Programs, images: Record<string, string>): Promise<string> {
    const parts = ["kubeadm", "kubelet", "kubectl"].map((name) => programs[name]!.path);
    const archive = join(KIND_CACHE, `server-${digest(...parts, ...Object.values(images))}.tar.gz`);
    if (existsSync(archive)) return archive;
    return inTemporaryFolder(archive, async (folder) => {
        const bin = join(folder, "kubernetes", "server", "bin");
        mkdirSync(bin, { recursive: true });
        writeFileSync(join(folder, "kubernetes", "version"), VERSIONS.kubernetes);
        for (const part of parts) cpSync(part, join(bin, basename(part)));
        const { "kube-controller-manager": manager, "kube-scheduler": scheduler, "kube-proxy": proxy, ...rest } = images;
        for (const [name, file] of Object.entries({
            "kube-controller-manager": manager!,
            "kube-scheduler": scheduler!,
            "kube-proxy": proxy!,
        }))
            cpSync(file, join(bin, `${name}.tar`));
        await joinArchives(Object.values(rest), join(folder, "images"), join(bin, "kube-apiserver.tar"));
        await run("tar", ["-C", folder, "-I", "gzip -1", "-cf", join(folder, "archive"), "kubernetes"]);
        return join(folder, "archive");
    });
}

/** Makes one archive of several. kind reads the names of all images only from a file `repositories` that comes before `manifest.json` (GetArchiveTags). */
async function joinArchives(archives: readonly string[], folder: string, to: string): Promise<void> {
    mkdirSync(folder);
    const manifest: { RepoTags: [string] }[] = [];
    for (const archive of archives) {
        await run("tar", ["-C", folder, "-xf", archive]);
        manifest.push(...(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as typeof manifest));
    }
    const repositories = manifest.map(({ RepoTags: [name] }) => {
        const [, repository = "", tag = ""] = /^(.+):(.+?)$/.exec(name) ?? [];
        return [repository, { [tag]: "" }];
    });
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    writeFileSync(join(folder, "repositories"), JSON.stringify(Object.fromEntries(repositories)));
    const others = readdirSync(folder).filter((file) => file !== "repositories");
    await run("tar", ["-C", folder, "-cf", to, "repositories", ...others]);
}

/** The file system of the base image. */
async function baseArchive(programs: Programs, module: string): Promise<string> {
    const script = join(__dirname, "base.sh");
    const parts = ["containerd", "ctr", "containerd-shim-runc-v2"].map((name) => programs[name]!.path);
    const archive = join(KIND_CACHE, `base-${digest(readFileSync(script, "utf8"), module, ...parts)}.tar`);
    if (existsSync(archive)) return archive;
    return inTemporaryFolder(archive, async (folder) => {
        await run("bash", [script, join(folder, "root"), module, ...parts]);
        await run("tar", ["-C", join(folder, "root"), "--numeric-owner", "-cf", join(folder, "archive"), "."]);
        return join(folder, "archive");
    });
}

/** Makes a file in a folder that is removed afterwards, and moves it to its place in one step. */
async function inTemporaryFolder(to: string, make: (folder: string) => Promise<string>): Promise<string> {
    const folder = `${to}.${process.pid}`;
    mkdirSync(folder, { recursive: true });
    try {
        renameSync(await make(folder), to);
        return to;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
