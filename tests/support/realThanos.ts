import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { objectStoreFile } from "../../components/blocks/objectStore";
import { CONFIG_DIR, DATA_DIR, OBJECT_STORE_FILE, START_DIR } from "../../components/thanos/workload";
import { openMetrics } from "../../local/history";
import { freePort, type Processes } from "./processes";
import { run } from "./run";
import type { tools } from "./runningFleet";

/** Thanos processes on this machine, with the flags and files that a stack gives their pods. */

type Binaries = Awaited<ReturnType<typeof tools<"thanos" | "promtool">>>;

/** Addresses of a started process, without a scheme. */
export interface Started {
    http: string;
    grpc: string;
}

export class RealThanos {
    private readonly bucket: string;

    constructor(
        private readonly processes: Processes,
        private readonly binaries: Binaries,
    ) {
        this.bucket = join(processes.directory, "bucket");
    }

    /** The objstore file of a stream, in a bucket that is a directory. */
    objectStore(stream: string): string {
        return objectStoreFile({ type: "FILESYSTEM", config: { directory: this.bucket } }, stream);
    }

    /** Directory with the block that `uploadBlock` has made. */
    blocksOf(stream: string): string {
        return join(this.processes.directory, `${stream}-blocks`);
    }

    /** Uploads a block of `stream` with an hour of `HISTORY_SERIES`. Answers the time of its last sample, in seconds. */
    async uploadBlock(stream: string): Promise<number> {
        const blocks = this.blocksOf(stream);
        mkdirSync(blocks);
        // Inside an hour: a sample at the end of six hours would be in a second block.
        const end = (Math.floor(Date.now() / 3_600_000) - 1) * 3600 - 600;
        writeFileSync(`${blocks}.txt`, openMetrics(stream, end - 2400, end));
        const make = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=6h", `${blocks}.txt`, blocks];
        const send = ["tools", "bucket", "upload-blocks", `--objstore.config=${this.objectStore(stream)}`, `--path=${blocks}`];
        for (const [binary, args] of [
            [this.binaries.promtool.path, make],
            [this.binaries.thanos.path, [...send, `--label=cluster="${stream}"`]],
        ] as [string, string[]][]) {
            const { code, output } = await run(binary, args, { within: 60 });
            assert.equal(code, 0, output);
        }
        return end;
    }

    /** Starts a component and waits until it is ready. `grpcPort`: where others were told to find it. */
    async start(name: string, flags: string[], files: Record<string, string>, grpcPort?: number): Promise<Started> {
        const [http, grpc] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${grpcPort ?? (await freePort())}`];
        const addresses = [
            `--http-address=${http}`,
            ...(/^(query-frontend|compact|tools)$/.test(flags[0] ?? "") ? [] : [`--grpc-address=${grpc}`]),
        ];
        await this.processes.start(
            name,
            this.binaries.thanos.path,
            [...this.local(name, flags, files), ...addresses],
            `http://${http}/-/ready`,
        );
        return { http, grpc };
    }

    /** Runs a component that ends by itself. */
    end(name: string, flags: string[], files: Record<string, string>) {
        return run(this.binaries.thanos.path, this.local(name, flags, files), { within: 60 });
    }

    /**
     * Writes a process's files, and puts their directory into its flags. As in pods, files of all processes have the same paths, which Thanos mixes into
     * some keys of a cache: each process reads them when it starts, and the next one overwrites them.
     */
    private local(name: string, flags: string[], files: Record<string, string>): string[] {
        const all = join(this.processes.directory, "files");
        mkdirSync(all, { recursive: true });
        for (const [file, content] of Object.entries(files)) writeFileSync(join(all, file), content);
        const data = join(this.processes.directory, name);
        const here = { [START_DIR]: all, [CONFIG_DIR]: all, [OBJECT_STORE_FILE]: join(all, "objstore.yml"), [DATA_DIR]: data };
        return flags.map((flag) => Object.entries(here).reduce((text, [inPod, path]) => text.replace(inPod, path), flag));
    }
}
