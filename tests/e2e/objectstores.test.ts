import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { z } from "zod";
import { objectStoreFile } from "../../components/blocks/objectStore";
import { objectStore } from "../../config/schema/objectStore";
import { OBJECT_STORES } from "../support/objectStoreExamples";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

const exec = promisify(execFile);

/** What the real client of each example does when it is created: some connect to the store at once. */
const ON_CREATION: Record<keyof typeof OBJECT_STORES, string> = {
    S3: "is created",
    GCS: "is created",
    AZURE: "connects to fleet.blob.core.windows.net:443",
    SWIFT: "connects to keystone.example.com:5000",
    COS: "is created",
    ALIYUNOSS: "is created",
    BOS: "is created",
    OBS: "is created",
    OCI: "connects to objectstorage.eu-frankfurt-1.oraclecloud.com:443",
    FILESYSTEM: "is created",
};

/** The part of a JSON schema that says which fields there are. */
interface Shape {
    properties?: Record<string, Shape>;
    oneOf?: Shape[];
    const?: string;
}

const shapes = (z.toJSONSchema(objectStore) as Shape).oneOf ?? [];

/** Every field of `shape`, with a list as its value: no field accepts a list. */
function listInEveryField({ properties, oneOf }: Shape): Record<string, unknown> {
    const fields = oneOf ? Object.assign({}, ...oneOf.map((shape) => shape.properties)) : (properties ?? {});
    return Object.fromEntries(
        Object.entries(fields as Record<string, Shape>).map(([name, field]) => [
            name,
            field.properties || field.oneOf ? listInEveryField(field) : [],
        ]),
    );
}

const leaves = (value: unknown): number =>
    Array.isArray(value) ? 1 : Object.values(value as object).reduce<number>((sum, inner) => sum + leaves(inner), 0);

describe("an object store", () => {
    let thanos: string;
    const emptyDirectory = temporaryDirectory();
    /** Stands in for the internet: it reports the host of the first connection and closes every connection. */
    let proxy: Server;
    before(async () => {
        thanos = (await tools("thanos")).thanos.path;
        proxy = createServer().listen(0, "127.0.0.1");
        await once(proxy, "listening");
    });
    after(() => proxy?.close());

    /** Lets the real Thanos upload a directory without blocks: it creates the client and sends no request of its own. */
    async function createClient(store: { type: string; config: Record<string, unknown> }): Promise<string> {
        const connected = new AbortController();
        const take = ({ url }: { url?: string | undefined }, socket: { destroy(): void }) => {
            socket.destroy();
            connected.abort(url);
        };
        proxy.once("connect", take);
        const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        const args = [
            "tools",
            "bucket",
            "upload-blocks",
            `--objstore.config=${objectStoreFile(store, "blue")}`,
            `--path=${emptyDirectory}`,
        ];
        try {
            await exec(thanos, [...args, '--label=cluster="blue"'], {
                env: { HTTPS_PROXY },
                signal: AbortSignal.any([connected.signal, AbortSignal.timeout(30_000)]),
            });
            return "is created";
        } catch (error) {
            if (connected.signal.aborted) return `connects to ${connected.signal.reason}`;
            const { code, stderr } = error as { code?: number | string; stderr: string };
            if (code !== 1) throw error;
            return `is refused: ${stderr}`;
        } finally {
            proxy.off("connect", take);
        }
    }

    for (const [type, config] of Object.entries(OBJECT_STORES)) {
        it(`of type ${type} is accepted by the real Thanos`, async () =>
            assert.equal(await createClient({ type, config }), ON_CREATION[type as keyof typeof ON_CREATION]));

        it(`of type ${type} is refused by the real Thanos when a required field is missing`, async () => {
            const [first = ""] = Object.keys(config);
            const { [first]: value, ...rest } = config as Record<string, unknown>;
            assert.match(await createClient({ type, config: { ...rest, [`${first}s`]: value } }), /^is refused: /);
        });

        it(`of type ${type} has only fields that the real Thanos knows`, async () => {
            const shape = shapes.find(({ properties }) => properties?.type?.const === type)?.properties?.config;
            assert.ok(shape);
            const fields = listInEveryField(shape);
            const answer = await createClient({ type, config: fields });
            // Thanos reports a wrong type for each field that it knows; for others it reports "not found", or nothing.
            assert.equal(answer.match(/cannot unmarshal !!seq/g)?.length, leaves(fields), answer);
            assert.doesNotMatch(answer, /not found in type/);
        });
    }
});
