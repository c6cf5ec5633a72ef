import assert from "node:assert/strict";
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AwsClient } from "aws4fetch";
import { eventually } from "./eventually";
import { freePort, type Processes } from "./processes";

export const BUCKET = "fleet";
const REGION = "us-east-1";
const ROOT = "root-of-the-test";

/** A request in the server's audit log. */
export interface Call {
    user: string;
    /** S3's name of the operation: GetObject, ... */
    api: string;
    object: string;
    status: number;
}

/** A real S3 server on 127.0.0.1 with one bucket. It enforces IAM policies and logs every request. */
export class Minio {
    readonly calls: Call[] = [];
    private readonly secrets = new Map([[ROOT, secret()]]);
    private audit?: Server;
    private auditUrl = "";
    private endpoint = "";

    async start(binary: string, processes: Processes): Promise<void> {
        this.audit = createServer(async (request, response) => {
            // A request carries several entries, one per line.
            for (const line of (await text(request)).split("\n").filter(Boolean)) this.record(JSON.parse(line) as AuditEntry);
            response.end();
        }).listen(0, "127.0.0.1");
        await once(this.audit, "listening");
        this.auditUrl = `http://127.0.0.1:${(this.audit.address() as AddressInfo).port}`;

        this.endpoint = `127.0.0.1:${await freePort()}`;
        await this.startServer(binary, processes);
        await this.asRoot("PUT", BUCKET);
    }

    /** Starts the server, at the same address and with the same data as before. */
    async startServer(binary: string, processes: Processes): Promise<void> {
        await processes.start(
            "minio",
            binary,
            ["server", "--quiet", `--address=${this.endpoint}`, join(processes.directory, "minio")],
            `http://${this.endpoint}/minio/health/ready`,
            {
                MINIO_ROOT_USER: ROOT,
                MINIO_ROOT_PASSWORD: this.secretOf(ROOT),
                MINIO_BROWSER: "off",
                MINIO_UPDATE: "off",
                MINIO_AUDIT_WEBHOOK_ENABLE_TEST: "on",
                MINIO_AUDIT_WEBHOOK_ENDPOINT_TEST: this.auditUrl,
            },
        );
    }

    stop(): void {
        this.audit?.close();
        this.audit?.closeAllConnections();
    }

    /** Adds a user with `document` as its only policy. */
    async addUser(user: string, document: string): Promise<void> {
        const secretKey = secret();
        this.secrets.set(user, secretKey);
        const admin = (call: string, body?: string | Buffer) => this.asRoot("PUT", `minio/admin/v3/${call}`, body);
        await admin(
            `add-user?accessKey=${user}`,
            encryptForAdminApi(this.secretOf(ROOT), JSON.stringify({ secretKey, status: "enabled" })),
        );
        await admin(`add-canned-policy?name=${user}`, document);
        await admin(`set-user-or-group-policy?policyName=${user}&userOrGroup=${user}&isGroup=false`);
    }

    /** The object store configuration with which Thanos signs in as `user`. */
    storeOf(user: string) {
        return {
            type: "S3",
            config: {
                bucket: BUCKET,
                endpoint: this.endpoint,
                region: REGION,
                insecure: true,
                bucket_lookup_type: "path",
                access_key: user,
                secret_key: this.secretOf(user),
            },
        };
    }

    /** Sends a request signed by `user`. */
    request(user: string, method: string, path: string, body?: string | Buffer): Promise<Response> {
        const keys = { accessKeyId: user, secretAccessKey: this.secretOf(user), service: "s3", region: REGION };
        return new AwsClient({ ...keys, retries: 0 }).fetch(`http://${this.endpoint}/${path}`, {
            method,
            ...(body !== undefined && { body }),
            signal: AbortSignal.timeout(10_000),
        });
    }

    async asRoot(method: string, path: string, body?: string | Buffer): Promise<Response> {
        const answer = await this.request(ROOT, method, path, body);
        assert.ok(answer.ok, `${method} ${path} answered ${answer.status}: ${answer.ok || (await answer.text())}`);
        return answer;
    }

    /** Every request so far, except root's. The log arrives late but in order, so it is complete when it contains a last request made here. */
    async allCalls(): Promise<Call[]> {
        const last = `the-end-${randomBytes(4).toString("hex")}`;
        await this.asRoot("PUT", `${BUCKET}/${last}`, "");
        await eventually("the audit log is complete", 30, async () => assert.ok(this.calls.some(({ object }) => object === last)));
        return this.calls.filter(({ user }) => user !== ROOT);
    }

    private record({ accessKey, api, event }: AuditEntry): void {
        // The server also logs its own work, without a user.
        if (api?.name) this.calls.push({ user: accessKey ?? event, api: api.name, object: api.object ?? "", status: api.statusCode ?? 0 });
    }

    private secretOf(user: string): string {
        const found = this.secrets.get(user);
        assert.ok(found, `no user ${user}`);
        return found;
    }
}

interface AuditEntry {
    event: string;
    accessKey?: string;
    api?: { name?: string; object?: string; statusCode?: number };
}

const secret = () => randomBytes(20).toString("hex");

/**
 * MinIO's admin API expects secrets encrypted with the caller's own secret: a key derived by PBKDF2, then a stream of AES-256-GCM packets (madmin-go,
 * encrypt.go; sio-go, writer.go). This stream has one packet, which is also the last.
 */
function encryptForAdminApi(password: string, message: string): Buffer {
    const [salt, id, nonce] = [randomBytes(32), Buffer.of(2), randomBytes(8)];
    const key = pbkdf2Sync(password, salt, 8192, 32, "sha256");
    const packet = (number: number, associated: Buffer, data: string) => {
        const count = Buffer.alloc(4);
        count.writeUInt32LE(number);
        const cipher = createCipheriv("aes-256-gcm", key, Buffer.concat([nonce, count])).setAAD(associated);
        return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
    };
    const last = Buffer.concat([Buffer.of(0x80), packet(0, Buffer.alloc(0), "")]);
    return Buffer.concat([salt, id, nonce, packet(1, last, message)]);
}
