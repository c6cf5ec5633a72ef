import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { findTools } from "../../local/offline/findTools";
import { buildImage, IMAGES, type ImageSpec } from "../../local/offline/images";
import { cacheDirectory } from "../../local/offline/tools/machine";
import type { Progress } from "../../terminal/progress";
import { VERSIONS } from "../../upstream/versions";
import { buildPrograms } from "./programs";

/**
 * Makes a node image of kind where no registry can be reached. The programs are built from their Go modules, the base image is made of Debian packages, and
 * `kind build node-image` puts them together, as it does with a release of Kubernetes.
 */

const execute = promisify(execFile);
const run = async (command: string, args: readonly string[], env = {}): Promise<string> =>
    (await execute(command, args, { maxBuffer: 64 << 20, env: { ...process.env, ...env } })).stdout;

const KIND_CACHE = join(cacheDirectory(), "kind");

/** Every program that is in an image or in the node, by its name. */
type Programs = Record<string, { path: string }>;

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
    const step = progress.step("Node image");
    const built = await buildPrograms((text) => step.update(text), signal);
    const programs: Programs = { ...tools, ...Object.fromEntries(Object.entries(built).map(([name, path]) => [name, { path }])) };
    const module = (JSON.parse(await run("go", ["mod", "download", "-json", `sigs.k8s.io/kind@${VERSIONS.kind}`])) as { Dir: string }).Dir;

    step.update("images of Kubernetes");
    const images = await kubernetesImages(programs, module);
    const server = await serverArchive(programs, images);
    const base = await baseArchive(programs, module, (text) => step.update(text));

    const name = `thanos-fleet/kind-node:${VERSIONS.kubernetes}-${digest(server, base)}`;
    const isThere = await run("docker", ["image", "inspect", name]).then(
        () => true,
        () => false,
    );
    if (!isThere) {
        step.update("docker import");
        const baseName = `thanos-fleet/kind-base:${digest(base)}`;
        const settings = ["ENV container=docker", "STOPSIGNAL SIGRTMIN+3", 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'];
        await run("docker", ["import", ...settings.flatMap((setting) => ["--change", setting]), base, baseName]);
        step.update("kind build node-image");
        await run(tools.kind.path, ["build", "node-image", "--type", "file", server, "--base-image", baseName, "--image", name]);
    }
    step.done(name);
    return name;
}

const digest = (...parts: readonly string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);

/** The archives of the images that kubeadm and kind name, by the name of their program. */
async function kubernetesImages(programs: Programs, module: string): Promise<Record<string, string>> {
    const names = [
        ...(await run(programs.kubeadm!.path, ["config", "images", "list", "--kubernetes-version", VERSIONS.kubernetes]))
            .trim()
            .split("\n"),
        ...["pkg/build/nodeimage/const_cni.go", "pkg/build/nodeimage/const_storage.go"].flatMap((file) =>
            [...readFileSync(join(module, file), "utf8").matchAll(/^const \w+Image = "(.+)"$/gm)].map(([, name = ""]) => name),
        ),
        // kind takes the pause image of containerd's configuration, and not kubeadm's.
        /sandbox_image = "(.+)"/.exec(readFileSync(join(module, "images/base/files/etc/containerd/config.toml"), "utf8"))?.[1] ?? "",
    ];
    const nameOf = (image: string) => names.findLast((name) => name.split(":")[0]?.endsWith(`/${image}`)) ?? "";
    const plain = (image: string, program = image): ImageSpec<string> => ({
        name: nameOf(image),
        binaries: { [`/usr/local/bin/${image}`]: program },
        entrypoint: `/usr/local/bin/${image}`,
        user: "",
    });
    // Of this machine: kube-proxy calls the first, kind's StorageClass makes and removes folders with the others.
    const iptables = iptablesOf(programs.iptables!.path);
    const shell = { "/bin/sh": "/bin/sh", "/bin/mkdir": "/bin/mkdir", "/bin/rm": "/bin/rm" };
    const specs: Record<string, ImageSpec<string>> = {
        "kube-apiserver": plain("kube-apiserver"),
        "kube-controller-manager": plain("kube-controller-manager"),
        "kube-scheduler": plain("kube-scheduler"),
        "kube-proxy": {
            ...plain("kube-proxy"),
            binaries: { "/usr/local/bin/kube-proxy": "kube-proxy", ...iptables },
            dynamic: Object.values(iptables),
        },
        etcd: plain("etcd", "server"),
        coredns: { ...IMAGES.coredns, name: nameOf("coredns") },
        pause: { ...IMAGES.pause, name: nameOf("pause") },
        kindnetd: plain("kindnetd"),
        "local-path-provisioner": plain("local-path-provisioner"),
        "local-path-helper": {
            ...plain("local-path-helper"),
            binaries: shell,
            entrypoint: "/bin/sh",
            dynamic: Object.values(shell),
        },
    };
    const ofThisMachine = Object.fromEntries([...Object.values(iptables), ...Object.values(shell)].map((path) => [path, { path }]));
    const archives: Record<string, string> = {};
    for (const [name, spec] of Object.entries(specs))
        archives[name] = await buildImage(spec, { ...programs, ...ofThisMachine }, cacheDirectory());
    return archives;
}

/** The one program behind the names that kube-proxy calls, and its extensions, by their paths in the image. */
function iptablesOf(path: string): Record<string, string> {
    const program = realpathSync(path);
    const names = ["iptables", "ip6tables"].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);
    // Debian's folder of libraries, /usr/lib/x86_64-linux-gnu, and that of iptables' extensions in it.
    const folders = readdirSync("/usr/lib").map((folder) => join("/usr/lib", folder, "xtables"));
    const extensions = folders
        .filter((folder) => existsSync(folder))
        .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
    return Object.fromEntries([...names.map((name) => [`/usr/bin/${name}`, program]), ...extensions.map((file) => [file, file])]);
}

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
async function baseArchive(programs: Programs, module: string, say: (text: string) => void): Promise<string> {
    const script = join(__dirname, "base.sh");
    const parts = ["containerd", "ctr", "containerd-shim-runc-v2"].map((name) => programs[name]!.path);
    const archive = join(KIND_CACHE, `base-${digest(readFileSync(script, "utf8"), module, ...parts)}.tar`);
    if (existsSync(archive)) return archive;
    say("the base image, of Debian packages");
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
