import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BackendFailed } from "../../../../engine/backend/backendFolder";
import { bucketFolder, readUrl } from "../../../../engine/backend/bucketFolder";

describe("the URL of a backend in S3", () => {
    it("needs nothing but a bucket", () =>
        assert.deepEqual(readUrl("s3://state"), { bucket: "state", prefix: "", client: {}, encryption: {} }));

    it("may have a folder, with or without a slash behind it", () => {
        for (const url of ["s3://state/my/fleet", "s3://state/my/fleet/", "s3://state//my/fleet"])
            assert.equal(readUrl(url).prefix, "my/fleet/", url);
    });

    it("may name region, profile, encryption and kinds of endpoints", () => {
        const { client, encryption } = readUrl(
            "s3://state?region=eu-west-1&profile=ops&ssetype=aws:kms&kmskeyid=alias/state&dualstack=true&fips=1&accelerate=false",
        );
        assert.deepEqual(client, { region: "eu-west-1", profile: "ops", useDualstackEndpoint: true, useFipsEndpoint: true });
        assert.deepEqual(encryption, { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "alias/state" });
    });

    it("may name another store, in the words of both SDKs that Pulumi knew", () => {
        const insecure = { endpoint: "http://minio:9000", requestChecksumCalculation: "WHEN_REQUIRED", forcePathStyle: true };
        assert.deepEqual(readUrl("s3://state?endpoint=minio:9000&disableSSL=true&s3ForcePathStyle=true").client, insecure);
        assert.deepEqual(readUrl("s3://state?endpoint=http://minio:9000&use_path_style=true").client, insecure);
        assert.equal(readUrl("s3://state?endpoint=minio.example.com").client.endpoint, "https://minio.example.com");
    });

    it("may name a role to assume", () => {
        const { credentials } = readUrl("s3://state?region=eu-west-1&role=arn:aws:iam::111122223333:role/state").client;
        assert.equal(typeof credentials, "function");
    });
});

describe("a backend in a store that takes every write", () => {
    // AWS's SDK reads them when it signs its first request.
    const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
    const server = createServer((_, response) => void response.end());
    before(async () => {
        Object.assign(process.env, keys);
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
    });
    after(() => {
        for (const name of Object.keys(keys)) delete process.env[name];
        server.close();
        server.closeAllConnections();
    });

    it("locks nothing, and says so", async () => {
        const { port } = server.address() as AddressInfo;
        const folder = bucketFolder(`s3://state?region=us-east-1&endpoint=127.0.0.1:${port}&disableSSL=true&s3ForcePathStyle=true`);
        await assert.rejects(folder.create("lock.json", ""), (error) => {
            assert.ok(error instanceof BackendFailed);
            assert.equal(error.message, "s3://state/lock.json: this store ignores `If-None-Match`, so nothing can be locked in it.");
            return true;
        });
    });
});
