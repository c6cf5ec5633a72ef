import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../local/execute";
import { buildImage, IMAGES, type ImageSpec } from "../../local/offline/images";
import { cacheDirectory } from "../../local/offline/tools/machine";
import { VERSIONS } from "../../upstream/versions";

/** Every program that is in an image or in the node, by its name. */
export type Programs = Record<string, { path: string }>;

/** The archives of the images that kubeadm and kind name, by the name of their program. */
export async function kubernetesImages(programs: Programs, module: string): Promise<Record<string, string>> {
    const { stdout: listed } = await execute(programs.kubeadm!.path, [
        "config",
        "images",
        "list",
        "--kubernetes-version",
        VERSIONS.kubernetes,
    ]);
    const names = [
        ...listed.trim().split("\n"),
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
