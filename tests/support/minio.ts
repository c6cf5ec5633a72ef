import assert from "node:assert/strict";
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AwsClient } from "aws4fetch";
import { freePort, type Processes } from "./processes";
import { eventually } from "./runningFleet";

export const BUCKET = "fleet";
const REGION = "us-east-1";
const ROOT = "root-of-the-test";

/** A request to the server, as its audit log has it. */
export interface Call {
    user: string;
    /** As S3 calls it: GetObject, ... */
    api: string;
    object: string;
    status: number;
}

/** A real S3 server on loopback that enforces IAM documents, with one bucket, and a log of all that was asked of it. */
export class Minio {
    readonly calls: Call[] = [];
    private readonly secrets = new Map([[ROOT, secret()]]);
    private audit?: Server;
    private endpoint = "";

    async start(binary: string, processes: Processes): Promise<void> {
        this.audit = createServer(async (request, response) => {
            // One entry to a line, several to a request.
            for (const line of (await text(request)).split("\n").filter(Boolean)) this.take(JSON.parse(line) as AuditEntry);
            response.end();
        }).listen(0, "127.0.0.1");
        await once(this.audit, "listening");

        this.endpoint = `127.0.0.1:${await freePort()}`;
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
                MINIO_AUDIT_WEBHOOK_ENDPOINT_TEST: `http://127.0.0.1:${(this.audit.address() as AddressInfo).port}`,
            },
        );
        await this.asRoot("PUT", BUCKET);
    }

    stop(): void {
        this.audit?.close();
        this.audit?.closeAllConnections();
    }

    /** A user whose one policy is the given document. */
    async addUser(user: string, document: string): Promise<void> {
        const secretKey = secret();
        this.secrets.set(user, secretKey);
        const admin = (call: string, body?: string | Buffer) => this.asRoot("PUT", `minio/admin/v3/${call}`, body);
        await admin(`add-user?accessKey=${user}`, sealed(this.secretOf(ROOT), JSON.stringify({ secretKey, status: "enabled" })));
        await admin(`add-canned-policy?name=${user}`, document);
        await admin(`set-user-or-group-policy?policyName=${user}&userOrGroup=${user}&isGroup=false`);
    }

    /** What Thanos has to know to come as that user. */
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

    /** A signed request to the server. */
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

    /** Every call so far of users that are not root. The log comes late but in order, so a last call of our own ends it. */
    async allCalls(): Promise<Call[]> {
        const last = `the-end-${randomBytes(4).toString("hex")}`;
        await this.asRoot("PUT", `${BUCKET}/${last}`, "");
        await eventually("the audit log is complete", 30, async () => assert.ok(this.calls.some(({ object }) => object === last)));
        return this.calls.filter(({ user }) => user !== ROOT);
    }

    private take({ accessKey, api, event }: AuditEntry): void {
        // What the server does by itself is logged too, without a user.
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
 * MinIO's admin API wants secrets encrypted with the caller's own: a key by PBKDF2, then a stream of AES-256-GCM packets (madmin-go, encrypt.go; sio-go,
 * writer.go). This is a stream of one packet, the last.
 */
function sealed(password: string, message: string): Buffer {
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
