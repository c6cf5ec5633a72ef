import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { type Header, type Pack, pack } from "tar-stream";
import {
    ALERTMANAGER_IMAGE,
    CONFIG_RELOADER_IMAGE,
    KUBE_STATE_METRICS_IMAGE,
    MEMCACHED_IMAGE,
    NODE_EXPORTER_IMAGE,
    OPERATOR_IMAGE,
    PROMETHEUS_IMAGE,
    S3_IMAGE,
    THANOS_IMAGE,
    VERSIONS,
} from "../../../upstream/versions";
import type { ToolName } from "../tools/catalogue";
import { exists } from "../tools/machine";

/** An image like the one that its project publishes, in all that manifests depend on. */
export interface ImageSpec<Program extends string = ToolName> {
    name: string;
    /** Programs, by the path of their binary in the image. */
    binaries: Readonly<Record<string, Program>>;
    entrypoint: string;
    cmd?: readonly string[];
    /** As in the official image, name or number: with runAsNonRoot the kubelet refuses a name, and has to refuse the same images here. */
    user: string;
    workingDir?: string;
    /** Folders that the program writes to, with their owner's user id. */
    owned?: Readonly<Record<string, number>>;
    /** The binaries may bind ports below 1024 without root (file capability). */
    bindsLowPorts?: true;
    /** The programs that are linked to the C library and others, which are taken from this machine. */
    dynamic?: readonly Program[];
}

const NOBODY = 65534;

/** The images that the local fleet's manifests name, made from the tools where no registry can be reached. */
export const IMAGES = {
    /** Only containerd's configuration names it. `localhost/` keeps containerd from looking it up at a registry. */
    pause: { name: "localhost/thanos-fleet/pause:1", binaries: { "/pause": "pause" }, entrypoint: "/pause", user: "65535:65535" },
    thanos: {
        name: THANOS_IMAGE,
        binaries: { "/bin/thanos": "thanos" },
        entrypoint: "/bin/thanos",
        user: "1001",
    },
    prometheus: {
        name: PROMETHEUS_IMAGE,
        binaries: { "/bin/prometheus": "prometheus", "/bin/promtool": "promtool" },
        entrypoint: "/bin/prometheus",
        cmd: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
        user: "nobody",
        workingDir: "/prometheus",
        owned: { "/prometheus": NOBODY, "/etc/prometheus": NOBODY },
    },
    operator: {
        name: OPERATOR_IMAGE,
        binaries: { "/bin/operator": "operator" },
        entrypoint: "/bin/operator",
        user: "65534",
    },
    configReloader: {
        name: CONFIG_RELOADER_IMAGE,
        binaries: { "/bin/prometheus-config-reloader": "prometheus-config-reloader" },
        entrypoint: "/bin/prometheus-config-reloader",
        user: "nobody",
    },
    coredns: {
        name: `registry.k8s.io/coredns/coredns:${VERSIONS.coredns}`,
        binaries: { "/coredns": "coredns" },
        entrypoint: "/coredns",
        user: "nonroot:nonroot",
        bindsLowPorts: true,
    },
    /** The official entrypoint is a shell script that starts the binary with the container's arguments; here the binary is the entrypoint. */
    versitygw: {
        name: S3_IMAGE,
        binaries: { "/usr/local/bin/versitygw": "versitygw" },
        entrypoint: "/usr/local/bin/versitygw",
        user: "",
    },
    nodeExporter: {
        name: NODE_EXPORTER_IMAGE,
        binaries: { "/bin/node_exporter": "node_exporter" },
        entrypoint: "/bin/node_exporter",
        user: "nobody",
    },
    alertmanager: {
        name: ALERTMANAGER_IMAGE,
        binaries: { "/bin/alertmanager": "alertmanager" },
        entrypoint: "/bin/alertmanager",
        user: "nobody",
        workingDir: "/alertmanager",
        owned: { "/alertmanager": NOBODY, "/etc/alertmanager": NOBODY },
    },
    kubeStateMetrics: {
        name: KUBE_STATE_METRICS_IMAGE,
        binaries: { "/kube-state-metrics": "kube-state-metrics" },
        entrypoint: "/kube-state-metrics",
        user: "nobody",
    },
    /** The official entrypoint is a shell script that puts the name of the binary before flags; here the binary is the entrypoint. */
    memcached: {
        name: MEMCACHED_IMAGE,
        binaries: { "/usr/local/bin/memcached": "memcached" },
        entrypoint: "/usr/local/bin/memcached",
        user: "memcache",
        dynamic: ["memcached"],
    },
} as const satisfies Record<string, ImageSpec>;

/** Files that programs read through Go's os/user and net: the users that images name, and that the hosts file comes before DNS. */
const ETC = {
    "/etc/group": "root:x:0:\nnonroot:x:65532:\nnobody:x:65534:\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
    "/etc/passwd": [
        "root:x:0:0:root:/root:/sbin/nologin\n",
        "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
        "nobody:x:65534:65534:nobody:/:/sbin/nologin\n",
    ].join(""),
};

/** cap_net_bind_service+ep as the kernel's vfs_cap_data, version 2 (capabilities(7)). A string can hold it: each byte is below 0x80. */
const NET_BIND_SERVICE = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";

/**
 * Makes a docker-archive with one layer (what `ctr images import` and `docker load` read) and returns its path in the cache.
 * Equal binaries give equal bytes; an archive that is there already is kept. The binaries are streamed, never held in memory.
 */
export async function buildImage<Program extends string = ToolName>(
    image: ImageSpec<Program>,
    tools: Readonly<Partial<Record<Program, { path: string }>>>,
    cacheDir: string,
): Promise<string> {
    const pathOf = (name: Program): string => {
        const tool = tools[name];
        if (!tool)
            throw new Error(
                `The image ${image.name} needs the tool ${name}, which was not looked for. Add it to the list given to findTools.`,
            );
        return tool.path;
    };
    const binaries = Object.entries(image.binaries).map(([to, name]) => ({ to, from: pathOf(name) }));
    const libraries = image.dynamic ? await librariesOf(image.dynamic.map(pathOf)) : [];
    const files = [...binaries, ...libraries.map((library) => ({ to: library, from: library }))];
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const recipe = { image, architecture, ETC, binaries: await Promise.all(files.map(({ from }) => digest(createReadStream(from)))) };
    const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 16);
    const archive = path.join(cacheDir, "images", `${path.posix.basename(image.name).replace(":", "-")}-${key}.tar`);
    if (await exists(archive)) return archive;

    // The layer is made twice, once for its digest and size (which the archive has before it) and once into the archive: no copy of it on disk.
    let size = 0;
    const diff = await digest(
        (async function* () {
            for await (const chunk of layer(image, files)) {
                size += chunk.length;
                yield chunk;
            }
        })(),
    );
    const config = JSON.stringify({
        architecture,
        os: "linux",
        config: {
            Entrypoint: [image.entrypoint],
            ...(image.cmd && { Cmd: image.cmd }),
            Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
            User: image.user,
            WorkingDir: image.workingDir ?? "/",
        },
        rootfs: { type: "layers", diff_ids: [`sha256:${diff}`] },
    });
    const id = await digest([config]);
    const manifest = JSON.stringify([{ Config: `${id}.json`, RepoTags: [image.name], Layers: [`${diff}/layer.tar`] }]);
    await mkdir(path.dirname(archive), { recursive: true });
    const draft = `${archive}.${randomUUID()}`;
    try {
        await pipeline(
            tar(async (add) => {
                await add({ name: `${id}.json` }, config);
                await add({ name: `${diff}/layer.tar`, size }, layer(image, files));
                await add({ name: "manifest.json" }, manifest);
            }),
            createWriteStream(draft, { flush: true }),
        );
        await rename(draft, archive);
    } finally {
        await rm(draft, { force: true });
    }
    return archive;
}

/** The shared libraries of programs, and the loader, by the paths at which they are looked for: `libc.so.6 => /lib/.../libc.so.6 (0x...)`. */
async function librariesOf(programs: readonly string[]): Promise<string[]> {
    const { stdout } = await promisify(execFile)("ldd", [...programs], { timeout: 30_000 });
    return [...new Set([...stdout.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, library = ""]) => library))].sort();
}

function layer(image: Pick<ImageSpec, "owned" | "bindsLowPorts">, files: readonly { to: string; from: string }[]): AsyncIterable<Buffer> {
    return tar(async (add) => {
        const owned = image.owned ?? {};
        const folders = new Set(
            [...Object.keys(ETC), ...files.map(({ to }) => to), ...Object.keys(owned).map((d) => `${d}/.`)].flatMap(parents),
        );
        const relative = (file: string) => file.slice(1);
        for (const dir of [...folders].sort())
            await add({ name: `${relative(dir)}/`, type: "directory", uid: owned[dir] ?? 0, gid: owned[dir] ?? 0 });
        await add({ name: "tmp/", type: "directory", mode: 0o1777 });
        for (const [file, text] of Object.entries(ETC)) await add({ name: relative(file) }, text);
        for (const { to, from } of files) {
            const pax = image.bindsLowPorts && { "SCHILY.xattr.security.capability": NET_BIND_SERVICE };
            await add({ name: relative(to), mode: 0o755, size: (await stat(from)).size, ...(pax && { pax }) }, createReadStream(from));
        }
    });
}

function parents(file: string): string[] {
    const dir = path.posix.dirname(file);
    return dir === "/" ? [] : [...parents(dir), dir];
}

type Add = (header: Partial<Header> & { name: string }, content?: string | AsyncIterable<Buffer>) => Promise<void>;

/** A tar stream whose entries are written one after another, with the time set to 0. */
async function* tar(write: (add: Add) => Promise<void>): AsyncGenerator<Buffer> {
    const out: Pack = pack();
    const writing = write(
        (header, content) =>
            new Promise((resolve, reject) => {
                const dated = { ...header, mtime: new Date(0) };
                const done = (e?: Error | null) => (e ? reject(e) : resolve());
                if (content === undefined || typeof content === "string") return void out.entry(dated, content ?? "", done);
                void pipeline(content, out.entry(dated, done)).catch(reject);
            }),
    ).then(
        () => out.finalize(),
        (e: Error) => out.destroy(e),
    );
    yield* out as AsyncIterable<Buffer>;
    await writing;
}

async function digest(chunks: AsyncIterable<Buffer> | Iterable<string>): Promise<string> {
    const sum = createHash("sha256");
    for await (const chunk of chunks) sum.update(chunk);
    return sum.digest("hex");
}
