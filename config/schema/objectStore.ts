import { z } from "zod";

/**
 * An existing object store, with the field names of Thanos's own file (https://thanos.io/tip/thanos/storage.md): Thanos reads the values as they are
 * written. The fields are those of Thanos v0.42 that work in a pod. Fields that name a file are left out, since no pod has the file: CA and client
 * certificates, SSE-C keys, `~/.oci/config`.
 *
 * Thanos silently ignores an unknown field of COS, ALIYUNOSS, BOS, OCI and FILESYSTEM; this schema refuses every unknown field.
 *
 * Fields have no `@default`: one that is not set is not written, and Thanos's own default applies.
 */

const text = z.string("is not text. Put it in quotes.").min(1, "must not be empty.");
/** Go's syntax, with the units that make sense here. */
const duration = z.string().regex(/^\d+(ms|s|m|h)$/, "is not a duration. Write a number and a unit (ms, s, m, h), for instance 2m.");
const count = z.int("is not a whole number.").nonnegative("is negative.");
const bytes = z.int("is not a number of bytes.").positive("is not positive.");

/** HTTP connections to the store. */
const http = {
    http_config: z
        .strictObject({
            /** How long an idle connection stays open. */
            idle_conn_timeout: duration.optional(),
            /** How long the store may take to send response headers. Thanos waits 2m. */
            response_header_timeout: duration.optional(),
            /** Skips verification of the store's certificate: anybody on the network path may read and change everything. */
            insecure_skip_verify: z.boolean().optional(),
            max_idle_conns: count.optional(),
            max_idle_conns_per_host: count.optional(),
            /** Connections to one host; 0 is no limit. */
            max_conns_per_host: count.optional(),
        })
        .optional(),
};
const retries = { max_retries: count.optional() };

/** Fields that Thanos takes all together or not at all. Reports each one that is missing beside another. */
const allOrNone =
    (...keys: string[]) =>
    ({ value, issues }: z.core.ParsePayload<Record<string, unknown>>) => {
        const [given, missing] = [keys.filter((key) => value[key] !== undefined), keys.filter((key) => value[key] === undefined)];
        if (given.length === 0) return;
        for (const key of missing)
            issues.push({ code: "custom", path: [key], input: undefined, message: `It goes with ${given.join(" and ")}.` });
    };

/** S3 and compatible servers: MinIO, Ceph, R2, versitygw. */
const s3 = z
    .strictObject({
        bucket: text,
        /** Host and port, without a scheme. */
        endpoint: text,
        /** Set it on AWS: without it the client asks for the bucket's location, a permission that Thanos needs for nothing else. */
        region: text.optional(),
        /** Without keys the client uses the SDK's credential chain: Pod Identity, IRSA, the environment. */
        access_key: text.optional(),
        secret_key: text.optional(),
        /** Uses plain HTTP. */
        insecure: z.boolean().optional(),
        /** For servers that support only signature version 2. */
        signature_version2: z.boolean().optional(),
        /** Puts the bucket name into the host name or into the path. By default the client guesses from the endpoint. */
        bucket_lookup_type: z.enum(["auto", "virtual-hosted", "path"]).optional(),
        list_objects_version: z.enum(["v1", "v2"]).optional(),
        /** Uses AWS's IPv4 endpoints instead of the dual-stack ones. */
        disable_dualstack: z.boolean().optional(),
        /** Metadata of each uploaded object; `X-Amz-Storage-Class` chooses the storage class. */
        put_user_metadata: z.record(text, z.string()).optional(),
        /** Sends an MD5 checksum with each upload, as Thanos does by default; some servers accept SHA-256 only. */
        send_content_md5: z.boolean().optional(),
        disable_multipart: z.boolean().optional(),
        /** Size of one part of a multipart upload, in bytes. Thanos's default is 64 MiB. */
        part_size: bytes.optional(),
        /** Server-side encryption that each upload requests. A bucket with default encryption needs none. */
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
        /** STS endpoint, for IRSA on a store that is not AWS's. */
        sts_endpoint: text.optional(),
        ...retries,
        ...http,
    })
    .check(allOrNone("access_key", "secret_key"));

const gcs = z.strictObject({
    bucket: text,
    /** JSON of a service account's key. Without it the client uses Google's default credentials: Workload Identity. */
    service_account: text.optional(),
    use_grpc: z.boolean().optional(),
    grpc_conn_pool_size: count.optional(),
    /** Size of one request of an upload, in bytes; 0 sends each object in one request. */
    chunk_size_bytes: count.optional(),
    ...retries,
    ...http,
});

const azure = z
    .strictObject({
        storage_account: text,
        container: text,
        /**
         * Credentials are one of: the account's key, a connection string, a service principal (`az_tenant_id`, `client_id`, `client_secret`), a managed
         * identity (`user_assigned_id`). Without any, the client uses Azure's default credentials.
         */
        storage_account_key: text.optional(),
        storage_connection_string: text.optional(),
        az_tenant_id: text.optional(),
        client_id: text.optional(),
        client_secret: text.optional(),
        user_assigned_id: text.optional(),
        /** Host, for other Azure clouds. Thanos's default is blob.core.windows.net. */
        endpoint: text.optional(),
        /** Thanos creates a missing container, unless this is false. */
        storage_create_container: z.boolean().optional(),
        ...retries,
        ...http,
    })
    .check(allOrNone("az_tenant_id", "client_id", "client_secret"));

/** OpenStack. Which of the names and ids Keystone requires depends on its version and set-up. */
const swift = z.strictObject({
    auth_url: text,
    container_name: text,
    /** Keystone's version: 1, 2 or 3. By default the client guesses from `auth_url`. */
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
    /** Size of a segment of a large object, in bytes. */
    large_object_chunk_size: bytes.optional(),
    /** Container of the segments. */
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
    /** URL of the bucket, instead of the one derived from bucket, app_id and region. */
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
    /** Size of one part of a multipart upload, in bytes. */
    part_size: bytes.optional(),
    max_request_retries: count.optional(),
    /** Pause between two tries, in seconds. */
    request_retry_interval: count.optional(),
    ...http,
};

/** Oracle Cloud. `provider` is the source of the credentials. */
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
            /** PEM. */
            privatekey: text,
            passphrase: text.optional(),
        }),
        z.strictObject({ provider: z.literal("instance-principal"), ...oracle }),
        z.strictObject({ provider: z.literal("oke-workload-identity"), ...oracle, region: text }),
    ],
    "is not a source of credentials. Write raw, instance-principal or oke-workload-identity.",
);

/**
 * A directory, as each container sees it. For one node only, and only where something else mounts the same directory into every Thanos pod:
 * otherwise Store and Compact do not see what the sidecars write.
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
