import assert from "node:assert/strict";
import { parse } from "yaml";
import { objectStoreFile } from "../../../../components/blocks/objectStore";
import { objectStore } from "../../../../config/schema/objectStore";
import { OBJECT_STORES } from "../../../support/objectStoreExamples";

/** Paths of the wrong fields; unknown fields end with `?`. */
const wrongFields = (given: unknown) =>
    objectStore
        .safeParse(given)
        .error?.issues.flatMap((issue) =>
            issue.code === "unrecognized_keys" ? issue.keys.map((key) => `${issue.path.join(".")}.${key}?`) : [issue.path.join(".")],
        ) ?? [];

const s3 = (more: Record<string, unknown>) => ({ type: "S3", config: { bucket: "fleet", endpoint: "s3.example.com", ...more } });

describe("an existing object store", () => {
    for (const [type, config] of Object.entries(OBJECT_STORES)) {
        it(`of type ${type} keeps its fields as they are written`, () =>
            assert.deepEqual(objectStore.parse({ type, config }), { type, config }));

        it(`of type ${type} must have the fields that Thanos requires, and no unknown field`, () => {
            const [first = ""] = Object.keys(config);
            const { [first]: _, ...rest } = config as Record<string, unknown>;
            assert.deepEqual(wrongFields({ type, config: { ...rest, [`${first}s`]: "misspelt" } }), [
                `config.${first}`,
                // The fields of an Oracle store depend on `provider`, which is missing here.
                ...(type === "OCI" ? [] : [`config.${first}s?`]),
            ]);
        });
    }

    it("has one of the types that Thanos supports", () => {
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

    it("has no prefix, since each cluster's prefix is its name", () =>
        assert.deepEqual(wrongFields({ ...s3({}), prefix: "blue" }), [".prefix?"]));

    it("has all fields of a credential or none of them", () => {
        assert.deepEqual(wrongFields(s3({})), []);
        assert.deepEqual(wrongFields(s3({ access_key: "a" })), ["config.secret_key"]);
        assert.deepEqual(wrongFields({ type: "AZURE", config: { storage_account: "a", container: "b", client_id: "c" } }), [
            "config.az_tenant_id",
            "config.client_secret",
        ]);
    });

    it("names its key with SSE-KMS, and cannot use SSE-C, which reads a key file", () => {
        assert.deepEqual(wrongFields(s3({ sse_config: { type: "SSE-S3" } })), []);
        assert.deepEqual(wrongFields(s3({ sse_config: { type: "SSE-KMS" } })), ["config.sse_config.kms_key_id"]);
        assert.deepEqual(wrongFields(s3({ sse_config: { type: "SSE-C", encryption_key: "/key" } })), ["config.sse_config.type"]);
    });

    it("on Oracle must have a user with provider raw only", () => {
        const node = { bucket: "fleet", compartment_ocid: "c" };
        assert.deepEqual(wrongFields({ type: "OCI", config: { ...node, provider: "instance-principal" } }), []);
        assert.deepEqual(wrongFields({ type: "OCI", config: { ...node, provider: "oke-workload-identity" } }), ["config.region"]);
        assert.deepEqual(wrongFields({ type: "OCI", config: { ...node, provider: "default" } }), ["config.provider"]);
    });

    it("becomes Thanos's file with the cluster's prefix and without unset fields", () => {
        const store = objectStore.parse(s3({ region: undefined, insecure: true }));
        assert.deepEqual(parse(objectStoreFile(store, "blue")), {
            type: "S3",
            prefix: "blue",
            config: { bucket: "fleet", endpoint: "s3.example.com", insecure: true },
        });
    });
});
