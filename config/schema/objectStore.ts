import { z } from "zod";

/**
 * An object store that exists, in the words of Thanos's own file (https://thanos.io/tip/thanos/storage.md): what is written here is what Thanos
 * reads. The fields are those of Thanos v0.42 that are of use in a pod. Left out is what names a file, since there is none to name: CA and client
 * certificates, SSE-C keys, `~/.oci/config`.
 *
 * Thanos ignores a misspelt field of COS, ALIYUNOSS, BOS, OCI and FILESYSTEM without a word; here every unknown field is refused.
 */

const text = z.string("is not text. Put it in quotes.").min(1, "must not be empty.");
const duration = z.string().regex(/^\d+(ms|s|m|h)$/, "is not a duration. Write a number and a unit (ms, s, m, h), for instance 2m.");
const count = z.int("is not a whole number.").nonnegative("is less than nothing.");
const bytes = z.int("is not a number of bytes.").positive("is less than a byte.");

/** Of the connections to the store. */
const http = {
    http_config: z
        .strictObject({
            idle_conn_timeout: duration.optional(),
            /** How long the store may take to begin an answer. Thanos waits 2m. */
            response_header_timeout: duration.optional(),
            /** Does not check the store's certificate: whoever is between may read and change everything. */
            insecure_skip_verify: z.boolean().optional(),
            max_idle_conns: count.optional(),
            max_idle_conns_per_host: count.optional(),
            /** 0: no limit. */
            max_conns_per_host: count.optional(),
        })
        .optional(),
};
const retries = { max_retries: count.optional() };

/** Thanos refuses these unless all of them are given or none: each that is missing beside another is reported. */
const together =
    (...keys: string[]) =>
    ({ value, issues }: z.core.ParsePayload<Record<string, unknown>>) => {
        const [given, missing] = [keys.filter((key) => value[key] !== undefined), keys.filter((key) => value[key] === undefined)];
        if (given.length === 0) return;
        for (const key of missing)
            issues.push({ code: "custom", path: [key], input: undefined, message: `It goes with ${given.join(" and ")}.` });
    };

/** S3 and what speaks like it: MinIO, Ceph, R2, versitygw. */
const s3 = z
    .strictObject({
        bucket: text,
        /** Host and port, without a scheme. */
        endpoint: text,
        /** On AWS give it: without it the client asks for the bucket's location, a right that Thanos has no other use for. */
        region: text.optional(),
        /** Without keys the client looks where the SDKs look: Pod Identity, IRSA, the environment. */
        access_key: text.optional(),
        secret_key: text.optional(),
        /** Plain HTTP. */
        insecure: z.boolean().optional(),
        /** For servers that know only the old signature. */
        signature_version2: z.boolean().optional(),
        /** Where the bucket's name goes: into the host name or the path. By default the client guesses from the endpoint. */
        bucket_lookup_type: z.enum(["auto", "virtual-hosted", "path"]).optional(),
        list_objects_version: z.enum(["v1", "v2"]).optional(),
        /** AWS's addresses are IPv4 and IPv6 unless this is set. */
        disable_dualstack: z.boolean().optional(),
        /** Sent with each upload; `X-Amz-Storage-Class` chooses the storage class. */
        put_user_metadata: z.record(text, z.string()).optional(),
        /** On by default; some servers want SHA-256 only. */
        send_content_md5: z.boolean().optional(),
        disable_multipart: z.boolean().optional(),
        /** Bytes of a part of a multipart upload. Thanos takes 64 MiB. */
        part_size: bytes.optional(),
        /** Encryption to ask for with each upload. A bucket that encrypts by default needs none. */
        sse_config: z
            .discriminatedUnion(
                "type",
                [
                    z.strictObject({ type: z.literal("SSE-S3") }),
                    z.strictObject({
                        type: z.literal("SSE-KMS"),
                        kms_key_id: text,
                        kms_encryption_context: z.record(text, z.string()).optional(),
                    }),
                ],
                "is not a kind of encryption. Write SSE-S3 or SSE-KMS.",
            )
            .optional(),
        /** Address of STS, for IRSA outside AWS's own. */
        sts_endpoint: text.optional(),
        ...retries,
        ...http,
    })
    .check(together("access_key", "secret_key"));

const gcs = z.strictObject({
    bucket: text,
    /** JSON of a service account's key. Without it the client looks where Google's SDKs look: Workload Identity. */
    service_account: text.optional(),
    use_grpc: z.boolean().optional(),
    grpc_conn_pool_size: count.optional(),
    /** Bytes sent in one request of an upload; 0 sends an object in one. */
    chunk_size_bytes: count.optional(),
    ...retries,
    ...http,
});

const azure = z
    .strictObject({
        storage_account: text,
        container: text,
        /** One of: the account's key, a connection string, a service principal (the three below), a managed identity. Without any, what Azure's SDKs find. */
        storage_account_key: text.optional(),
        storage_connection_string: text.optional(),
        az_tenant_id: text.optional(),
        client_id: text.optional(),
        client_secret: text.optional(),
        user_assigned_id: text.optional(),
        /** Of other Azure clouds. Thanos takes blob.core.windows.net. */
        endpoint: text.optional(),
        /** Thanos makes a container that is missing, unless this is false. */
        storage_create_container: z.boolean().optional(),
        ...retries,
        ...http,
    })
    .check(together("az_tenant_id", "client_id", "client_secret"));

/** OpenStack. Which of the names and ids Keystone wants depends on its version and set-up. */
const swift = z.strictObject({
    auth_url: text,
    container_name: text,
    /** 1, 2 or 3. By default guessed from `auth_url`. */
    auth_version: z.int().min(1).max(3).optional(),
    username: text.optional(),
    user_id: text.optional(),
    user_domain_name: text.optional(),
    user_domain_id: text.optional(),
    password: text.optional(),
    domain_id: text.optional(),
    domain_name: text.optional(),
    application_credential_id: text.optional(),
    application_credential_name: text.optional(),
    application_credential_secret: text.optional(),
    project_id: text.optional(),
    project_name: text.optional(),
    project_domain_id: text.optional(),
    project_domain_name: text.optional(),
    region_name: text.optional(),
    /** Bytes from which on an object is cut into segments, and the container they go to. */
    large_object_chunk_size: bytes.optional(),
    large_object_segments_container_name: text.optional(),
    use_dynamic_large_objects: z.boolean().optional(),
    retries: count.optional(),
    connect_timeout: duration.optional(),
    timeout: duration.optional(),
    ...http,
});

/** Tencent Cloud. */
const cos = z.strictObject({
    bucket: text,
    app_id: text,
    region: text,
    secret_id: text,
    secret_key: text,
    /** URL of the bucket, instead of the one made of bucket, app_id and region. */
    endpoint: text.optional(),
    ...retries,
    ...http,
});

/** Alibaba Cloud. */
const aliyunoss = z.strictObject({ endpoint: text, bucket: text, access_key_id: text, access_key_secret: text });

/** Baidu Cloud. */
const bos = z.strictObject({ endpoint: text, bucket: text, access_key: text, secret_key: text });

/** Huawei Cloud. */
const obs = z.strictObject({ endpoint: text, bucket: text, access_key: text, secret_key: text, ...retries, ...http });

const oracle = {
    bucket: text,
    compartment_ocid: text,
    /** Bytes of a part of a multipart upload. */
    part_size: bytes.optional(),
    max_request_retries: count.optional(),
    /** Seconds between two tries. */
    request_retry_interval: count.optional(),
    ...http,
};

/** Oracle Cloud. `provider` is where the credentials come from. */
const oci = z.discriminatedUnion(
    "provider",
    [
        z.strictObject({
            provider: z.literal("raw"),
            ...oracle,
            tenancy_ocid: text,
            user_ocid: text,
            region: text,
            fingerprint: text,
            /** In PEM. */
            privatekey: text,
            passphrase: text.optional(),
        }),
        z.strictObject({ provider: z.literal("instance-principal"), ...oracle }),
        z.strictObject({ provider: z.literal("oke-workload-identity"), ...oracle, region: text }),
    ],
    "is not where credentials come from. Write raw, instance-principal or oke-workload-identity.",
);

/**
 * A directory, as each container sees it. Only for one node, and only where something else puts the same directory into every Thanos pod:
 * on two nodes, or without that, Store and Compact see nothing of what the sidecars write.
 */
const filesystem = z.strictObject({ directory: text });

export const objectStore = z.discriminatedUnion(
    "type",
    [
        z.strictObject({ type: z.literal("S3"), config: s3 }),
        z.strictObject({ type: z.literal("GCS"), config: gcs }),
        z.strictObject({ type: z.literal("AZURE"), config: azure }),
        z.strictObject({ type: z.literal("SWIFT"), config: swift }),
        z.strictObject({ type: z.literal("COS"), config: cos }),
        z.strictObject({ type: z.literal("ALIYUNOSS"), config: aliyunoss }),
        z.strictObject({ type: z.literal("BOS"), config: bos }),
        z.strictObject({ type: z.literal("OBS"), config: obs }),
        z.strictObject({ type: z.literal("OCI"), config: oci }),
        z.strictObject({ type: z.literal("FILESYSTEM"), config: filesystem }),
    ],
    "is not a type of object store that Thanos knows. Write S3, GCS, AZURE, SWIFT, COS, ALIYUNOSS, BOS, OBS, OCI or FILESYSTEM.",
);

export type ObjectStoreConfig = z.infer<typeof objectStore>;
