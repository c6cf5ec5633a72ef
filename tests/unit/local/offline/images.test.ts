import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { buildImage, IMAGES, type ImageSpec } from "../../../../local/offline/images";
import { temporaryDirectory } from "../../../support/temporaryDirectory";

interface Item {
    line: string;
    content: string;
}

async function list(archive: Readable): Promise<Record<string, Item>> {
    const items: Record<string, Item> = {};
    const entries = archive.pipe(extract());
    for await (const entry of entries) {
        const { name, type, mode, uid, gid, mtime } = entry.header;
        const parts: Buffer[] = [];
        for await (const part of entry) parts.push(part as Buffer);
        const line = `${type} ${mode!.toString(8)} ${uid}:${gid} ${mtime!.getTime()}`;
        items[name] = { line, content: Buffer.concat(parts).toString("latin1") };
    }
    return items;
}

const sha256 = (content: string) => createHash("sha256").update(content, "latin1").digest("hex");

describe("images", () => {
    let dir: string;
    beforeEach(() => {
        dir = temporaryDirectory();
        writeFileSync(path.join(dir, "prometheus"), "a tiny binary");
        writeFileSync(path.join(dir, "promtool"), "x".repeat(100_000));
    });

    const tools = () => ({ prometheus: { path: path.join(dir, "prometheus") }, promtool: { path: path.join(dir, "promtool") } });
    const build = (image: ImageSpec, cache = "cache") => buildImage(image, tools(), path.join(dir, cache));

    it("holds the binaries, the users and the folders of the official image", async () => {
        const archive = await list(createReadStream(await build(IMAGES.prometheus)));
        const [config, layer, manifest] = Object.keys(archive) as [string, string, string];
        const digest = sha256(archive[layer]!.content);
        assert.deepEqual([config, layer, manifest], [`${sha256(archive[config]!.content)}.json`, `${digest}/layer.tar`, "manifest.json"]);
        assert.deepEqual(JSON.parse(archive[manifest]!.content), [
            { Config: config, RepoTags: ["quay.io/prometheus/prometheus:v3.15.0"], Layers: [layer] },
        ]);
        assert.deepEqual(JSON.parse(archive[config]!.content), {
            architecture: process.arch === "x64" ? "amd64" : process.arch,
            os: "linux",
            config: {
                Entrypoint: ["/bin/prometheus"],
                Cmd: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
                Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
                User: "nobody",
                WorkingDir: "/prometheus",
            },
            rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
        });
        const files = await list(Readable.from([Buffer.from(archive[layer]!.content, "latin1")]));
        assert.deepEqual(
            Object.entries(files).map(([name, { line }]) => `${name} ${line}`),
            [
                "bin/ directory 755 0:0 0",
                "etc/ directory 755 0:0 0",
                "etc/prometheus/ directory 755 65534:65534 0",
                "prometheus/ directory 755 65534:65534 0",
                "tmp/ directory 1777 0:0 0",
                "etc/group file 644 0:0 0",
                "etc/nsswitch.conf file 644 0:0 0",
                "etc/passwd file 644 0:0 0",
                "bin/prometheus file 755 0:0 0",
                "bin/promtool file 755 0:0 0",
            ],
        );
        assert.equal(
            files["etc/passwd"]!.content,
            "root:x:0:0:root:/root:/sbin/nologin\n" +
                "nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n" +
                "nobody:x:65534:65534:nobody:/:/sbin/nologin\n",
        );
        assert.equal(files["bin/prometheus"]!.content, "a tiny binary");
        assert.equal(files["bin/promtool"]!.content, "x".repeat(100_000));
    });

    it("gives CoreDNS the file capability that its official image has", async () => {
        const image: ImageSpec = { ...IMAGES.coredns, binaries: { "/coredns": "prometheus" } };
        const archive = await list(createReadStream(await build(image)));
        const layer = Object.values(archive)[1]!.content;
        const capability = "\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        assert.ok(layer.includes(` SCHILY.xattr.security.capability=${capability}\n`));
    });

    it("gives equal bytes for equal content, and keeps what is there", async () => {
        const one = await build(IMAGES.prometheus);
        const two = await build(IMAGES.prometheus, "other");
        assert.ok(readFileSync(one).equals(readFileSync(two)));
        assert.equal(path.basename(one), path.basename(two));
        writeFileSync(one, "kept");
        assert.equal(await build(IMAGES.prometheus), one);
        assert.equal(readFileSync(one, "utf8"), "kept");
    });

    it("makes another archive when a binary changes, and leaves no drafts", async () => {
        const one = await build(IMAGES.prometheus);
        writeFileSync(path.join(dir, "promtool"), "y");
        const two = await build(IMAGES.prometheus);
        assert.deepEqual(readdirSync(path.join(dir, "cache/images")).sort(), [path.basename(one), path.basename(two)].sort());
    });

    it("has the C library and the loader for a binary that needs them", async () => {
        const archive = await buildImage(IMAGES.memcached, { memcached: { path: "/bin/sh" } }, path.join(dir, "cache"));
        const [, layer = ""] = Object.keys(await list(createReadStream(archive)));
        const { content } = (await list(createReadStream(archive)))[layer] as Item;
        const files = await list(Readable.from(Buffer.from(content, "latin1")));
        const libraries = Object.keys(files).filter((name) => /^lib.*\.so\.\d+$/.test(name));
        assert.match(libraries.join(" "), /(^|\/)libc\.so\.6\b/);
        assert.match(libraries.join(" "), /(^|\/)ld-linux[-\w]*\.so\.\d+\b/);
        for (const library of libraries) assert.equal(sha256(files[library]?.content ?? ""), sha256(readFileSync(`/${library}`, "latin1")));
    });

    it("says which tool an image lacks", async () => {
        await assert.rejects(build(IMAGES.thanos), {
            message:
                "The image quay.io/thanos/thanos:v0.42.4 needs the tool thanos, which was not looked for. Add it to the list given to findTools.",
        });
    });

    it("has the official names", () => {
        assert.deepEqual(
            Object.values(IMAGES).map((i) => `${i.name} ${i.entrypoint} ${i.user}`),
            [
                "localhost/thanos-fleet/pause:1 /pause 65535:65535",
                "quay.io/thanos/thanos:v0.42.4 /bin/thanos 1001",
                "quay.io/prometheus/prometheus:v3.15.0 /bin/prometheus nobody",
                "quay.io/prometheus-operator/prometheus-operator:v0.93.1 /bin/operator 65534",
                "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1 /bin/prometheus-config-reloader nobody",
                "registry.k8s.io/coredns/coredns:v1.14.2 /coredns nonroot:nonroot",
                "ghcr.io/versity/versitygw:v1.8.0 /usr/local/bin/versitygw ",
                "quay.io/prometheus/node-exporter:v1.12.1-distroless /bin/node_exporter nobody",
                "quay.io/prometheus/alertmanager:v0.34.0 /bin/alertmanager nobody",
                "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0 /kube-state-metrics nobody",
                "docker.io/library/memcached:1.6.45-alpine /usr/local/bin/memcached memcache",
            ],
        );
    });
});
