import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { objectStoreFile } from "../../components/blocks/objectStore";
import { objectStore } from "../../config/schema/objectStore";
import { OBJECT_STORES } from "../support/objectStoreExamples";
import { tools } from "../support/runningFleet";

const exec = promisify(execFile);

/** What the real client of each example does before it is asked for anything. */
const FIRST: Record<keyof typeof OBJECT_STORES, string> = {
    S3: "is made",
    GCS: "is made",
    AZURE: "asks fleet.blob.core.windows.net:443",
    SWIFT: "asks keystone.example.com:5000",
    COS: "is made",
    ALIYUNOSS: "is made",
    BOS: "is made",
    OBS: "is made",
    OCI: "asks objectstorage.eu-frankfurt-1.oraclecloud.com:443",
    FILESYSTEM: "is made",
};

/** The part of a JSON schema that says which fields there are. */
interface Shape {
    properties?: Record<string, Shape>;
    oneOf?: Shape[];
    const?: string;
}

const shapes = (z.toJSONSchema(objectStore) as Shape).oneOf ?? [];

/** Every field below `shape` with a list for its value, which none of them takes. */
function allLists({ properties, oneOf }: Shape): Record<string, unknown> {
    const fields = oneOf ? Object.assign({}, ...oneOf.map((shape) => shape.properties)) : (properties ?? {});
    return Object.fromEntries(
        Object.entries(fields as Record<string, Shape>).map(([name, field]) => [
            name,
            field.properties || field.oneOf ? allLists(field) : [],
        ]),
    );
}

const leaves = (value: unknown): number =>
    Array.isArray(value) ? 1 : Object.values(value as object).reduce<number>((sum, inner) => sum + leaves(inner), 0);

describe("an object store of one's own", () => {
    let thanos: string;
    let empty: string;
    /** Stands where the internet would be: takes down who is asked for, and lets nothing through. */
    let proxy: Server;
    before(async () => {
        thanos = (await tools("thanos")).thanos.path;
        empty = await mkdtemp(join(tmpdir(), "objectstores-"));
        proxy = createServer().listen(0, "127.0.0.1");
        await once(proxy, "listening");
    });
    after(async () => {
        proxy?.close();
        if (empty) await rm(empty, { recursive: true });
    });

    /** Lets the real Thanos upload a folder without blocks: it makes the client, and of itself asks the store nothing. */
    async function open(store: { type: string; config: Record<string, unknown> }): Promise<string> {
        const asked = new AbortController();
        const take = ({ url }: { url?: string | undefined }, socket: { destroy(): void }) => {
            socket.destroy();
            asked.abort(url);
        };
        proxy.once("connect", take);
        const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const args = ["tools", "bucket", "upload-blocks", `--objstore.config=${objectStoreFile(store, "blue")}`, `--path=${empty}`];
        try {
            await exec(thanos, [...args, '--label=cluster="blue"'], {
                env: { HTTPS_PROXY },
                signal: AbortSignal.any([asked.signal, AbortSignal.timeout(30_000)]),
            });
            return "is made";
        } catch (error) {
            if (asked.signal.aborted) return `asks ${asked.signal.reason}`;
            const { code, stderr } = error as { code?: number | string; stderr: string };
            if (code !== 1) throw error;
            return `is refused: ${stderr}`;
        } finally {
            proxy.off("connect", take);
        }
    }

    for (const [type, config] of Object.entries(OBJECT_STORES)) {
        it(`of type ${type} is one to the real Thanos`, async () =>
            assert.equal(await open({ type, config }), FIRST[type as keyof typeof FIRST]));

        it(`of type ${type} without a field it needs is refused by it`, async () => {
            const [first = ""] = Object.keys(config);
            const { [first]: value, ...rest } = config as Record<string, unknown>;
            assert.match(await open({ type, config: { ...rest, [`${first}s`]: value } }), /^is refused: /);
        });

        it(`of type ${type} has only fields that it knows`, async () => {
            const shape = shapes.find(({ properties }) => properties?.type?.const === type)?.properties?.config;
            assert.ok(shape);
            const fields = allLists(shape);
            const answer = await open({ type, config: fields });
            // It complains of each field that it knows; of others it says "not found", or nothing.
            assert.equal(answer.match(/cannot unmarshal !!seq/g)?.length, leaves(fields), answer);
            assert.doesNotMatch(answer, /not found in type/);
        });
    }
});
