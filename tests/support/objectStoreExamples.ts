import { generateKeyPairSync } from "node:crypto";
import type { ObjectStoreConfig } from "../../config/schema/objectStore";

/** Clients parse their credentials before they connect, so the examples have well-formed ones that grant nothing. */
const pem = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
}).privateKey;
const base64 = Buffer.from("a key that opens nothing").toString("base64");

/** A configuration of each type of object store, as a user would write it. */
export const OBJECT_STORES: { [Type in ObjectStoreConfig["type"]]: Extract<ObjectStoreConfig, { type: Type }>["config"] } = {
    S3: {
        bucket: "fleet",
        endpoint: "minio.example.com:9000",
        access_key: "access",
        secret_key: "secret",
        bucket_lookup_type: "path",
        put_user_metadata: { "X-Amz-Storage-Class": "STANDARD_IA" },
        sse_config: { type: "SSE-KMS", kms_key_id: "fleet" },
        http_config: { response_header_timeout: "1m", insecure_skip_verify: true },
    },
    GCS: {
        bucket: "fleet",
        service_account: JSON.stringify({
            type: "service_account",
            project_id: "example",
            private_key_id: "1",
            private_key: pem,
            client_email: "thanos@example.iam.gserviceaccount.com",
            client_id: "1",
            token_uri: "https://oauth2.googleapis.com/token",
        }),
        max_retries: 3,
    },
    AZURE: { storage_account: "fleet", container: "blocks", storage_account_key: base64 },
    SWIFT: {
        auth_url: "https://keystone.example.com:5000/v3",
        username: "thanos",
        password: "secret",
        user_domain_name: "Default",
        project_name: "fleet",
        project_domain_name: "Default",
        region_name: "RegionOne",
        container_name: "blocks",
        timeout: "2m",
    },
    COS: { bucket: "fleet", app_id: "1250000000", region: "ap-shanghai", secret_id: "id", secret_key: "secret", max_retries: 3 },
    ALIYUNOSS: { endpoint: "oss-cn-shanghai.aliyuncs.com", bucket: "fleet", access_key_id: "id", access_key_secret: "secret" },
    BOS: { endpoint: "bj.bcebos.com", bucket: "fleet", access_key: "access", secret_key: "secret" },
    OBS: { endpoint: "obs.cn-north-4.myhuaweicloud.com", bucket: "fleet", access_key: "access", secret_key: "secret" },
    OCI: {
        provider: "raw",
        bucket: "fleet",
        compartment_ocid: "ocid1.compartment.oc1..a",
        tenancy_ocid: "ocid1.tenancy.oc1..a",
        user_ocid: "ocid1.user.oc1..a",
        region: "eu-frankfurt-1",
        fingerprint: Array(16).fill("ab").join(":"),
        privatekey: pem,
        http_config: { idle_conn_timeout: "90s" },
    },
    FILESYSTEM: { directory: "/var/thanos/blocks" },
};
