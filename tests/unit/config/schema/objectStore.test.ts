import assert from "node:assert/strict";
import { parse } from "yaml";
import { objectStoreFile } from "../../../../components/blocks/objectStore";
import { objectStore } from "../../../../config/schema/objectStore";
import { OBJECT_STORES } from "../../../support/objectStoreExamples";

/** Where a configuration is wrong; of fields that are not known, which. */
const wrong = (given: unknown) =>
    objectStore
        .safeParse(given)
        .error?.issues.flatMap((issue) =>
            issue.code === "unrecognized_keys" ? issue.keys.map((key) => `${issue.path.join(".")}.${key}?`) : [issue.path.join(".")],
        ) ?? [];

const s3 = (more: Record<string, unknown>) => ({ type: "S3", config: { bucket: "fleet", endpoint: "s3.example.com", ...more } });

describe("an object store of one's own", () => {
    for (const [type, config] of Object.entries(OBJECT_STORES)) {
        it(`of type ${type} is taken as it is written`, () => assert.deepEqual(objectStore.parse({ type, config }), { type, config }));

        it(`of type ${type} needs what Thanos needs, and has no field that Thanos does not know`, () => {
            const [first = ""] = Object.keys(config);
            const { [first]: _, ...rest } = config as Record<string, unknown>;
            assert.deepEqual(wrong({ type, config: { ...rest, [`${first}s`]: "misspelt" } }), [
                `config.${first}`,
                // Without its provider, what else an Oracle store may have is not known.
                ...(type === "OCI" ? [] : [`config.${first}s?`]),
            ]);
        });
    }

    it("is one of the types that Thanos has", () => {
        assert.deepEqual(
            objectStore.safeParse({ type: "S4", config: {} }).error?.issues.map(({ path, message }) => [path, message]),
            [
                [
                    ["type"],
                    "is not a type of object store that Thanos knows. Write S3, GCS, AZURE, SWIFT, COS, ALIYUNOSS, BOS, OBS, OCI or FILESYSTEM.",
                ],
            ],
        );
    });

    it("has no prefix: each cluster's is its name", () => assert.deepEqual(wrong({ ...s3({}), prefix: "blue" }), [".prefix?"]));

    it("may leave the keys to the pod's identity, but gives both or none", () => {
        assert.deepEqual(wrong(s3({})), []);
        assert.deepEqual(wrong(s3({ access_key: "a" })), ["config.secret_key"]);
        assert.deepEqual(wrong({ type: "AZURE", config: { storage_account: "a", container: "b", client_id: "c" } }), [
            "config.az_tenant_id",
            "config.client_secret",
        ]);
    });

    it("with SSE-KMS names the key, and with a key file is refused: no pod has the file", () => {
        assert.deepEqual(wrong(s3({ sse_config: { type: "SSE-S3" } })), []);
        assert.deepEqual(wrong(s3({ sse_config: { type: "SSE-KMS" } })), ["config.sse_config.kms_key_id"]);
        assert.deepEqual(wrong(s3({ sse_config: { type: "SSE-C", encryption_key: "/key" } })), ["config.sse_config.type"]);
    });

    it("on Oracle needs a user only where the keys are the user's", () => {
        const node = { bucket: "fleet", compartment_ocid: "c" };
        assert.deepEqual(wrong({ type: "OCI", config: { ...node, provider: "instance-principal" } }), []);
        assert.deepEqual(wrong({ type: "OCI", config: { ...node, provider: "oke-workload-identity" } }), ["config.region"]);
        assert.deepEqual(wrong({ type: "OCI", config: { ...node, provider: "default" } }), ["config.provider"]);
    });

    it("becomes Thanos's file with the cluster's prefix, and nothing of what is not set", () => {
        const store = objectStore.parse(s3({ region: undefined, insecure: true }));
        assert.deepEqual(parse(objectStoreFile(store, "blue")), {
            type: "S3",
            prefix: "blue",
            config: { bucket: "fleet", endpoint: "s3.example.com", insecure: true },
        });
    });
});
