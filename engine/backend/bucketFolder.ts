import {
    DeleteObjectCommand,
    GetObjectCommand,
    PutObjectCommand,
    type PutObjectCommandInput,
    paginateListObjectsV2,
    S3Client,
    type S3ClientConfig,
    S3ServiceException,
    type ServerSideEncryption,
} from "@aws-sdk/client-s3";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { BackendFailed, type BackendFolder, type FileContent } from "./backendFolder";

/** The folder of a backend in S3, by the URL that Pulumi is logged in to: "s3://bucket/folder?region=eu-west-1". */
export function bucketFolder(url: string): BackendFolder {
    const { bucket, prefix, client: config, encryption } = readUrl(url);
    const client = new S3Client(config);
    const keyOf = (path: string) => `${prefix}${path}`;
    const locate = (path: string) => `s3://${bucket}/${keyOf(path)}`;

    /** What `work` answers, or `expected[name]` where it fails with this error of S3. */
    async function at<T>(path: string, work: () => Promise<T>, expected: Record<string, T> = {}): Promise<T> {
        try {
            return await work();
        } catch (error) {
            const { name, message } = error as Error;
            if (error instanceof S3ServiceException && name in expected) return expected[name] as T;
            throw new BackendFailed(`${locate(path)}: ${name}: ${message}`);
        }
    }

    const read = (path: string) =>
        at<FileContent | undefined>(
            path,
            async () => {
                const { Body, ETag = "" } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(path) }));
                return { text: (await Body?.transformToString()) ?? "", version: ETag };
            },
            { NoSuchKey: undefined },
        );

    /** Puts an object, if the condition holds. */
    const put = (path: string, text: string, condition: Pick<PutObjectCommandInput, "IfMatch" | "IfNoneMatch"> = {}) =>
        at(
            path,
            async () => {
                await client.send(
                    new PutObjectCommand({
                        Bucket: bucket,
                        Key: keyOf(path),
                        Body: text,
                        ContentLength: Buffer.byteLength(text),
                        ...encryption,
                        ...condition,
                    }),
                );
                return true;
            },
            // The second one: another conditional write was faster. NoSuchKey: what is to be replaced is gone.
            { PreconditionFailed: false, ConditionalRequestConflict: false, NoSuchKey: false },
        );

    const remove = (path: string) =>
        at(path, () => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(path) })).then(() => {}));

    // Objects cannot be appended to, so each is written anew, one write after the other.
    let appended: Promise<unknown> = Promise.resolve();

    return {
        locate,
        read,
        list: (folder) =>
            at(folder, async () => {
                const names: string[] = [];
                const start = `${keyOf(folder)}/`;
                for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: start, Delimiter: "/" }))
                    names.push(...Contents.map(({ Key = "" }) => Key.slice(start.length)));
                return names;
            }),
        create: async (path, text) => {
            const once = { IfNoneMatch: "*" };
            if (!(await put(path, text, once))) return false;
            // A store that does not know the condition takes every write, so two rollouts would both believe that they are alone.
            if (await put(path, text, once)) {
                await remove(path);
                throw new BackendFailed(`${locate(path)}: this store ignores \`If-None-Match\`, so nothing can be locked in it.`);
            }
            return true;
        },
        replace: (path, text, version) => put(path, text, { IfMatch: version }),
        append: (path, text) => {
            const mine = appended.then(async () => {
                await put(path, `${(await read(path))?.text ?? ""}${text}`);
            });
            appended = mine.catch(() => {});
            return mine;
        },
        remove,
    };
}

/**
 * Reads a URL as Pulumi does (pkg/backend/diy/backend.go, 3.259, and OpenBucketURL of gocloud.dev/blob/s3blob), which has refused what it does not know.
 * Credentials and what the URL leaves open come from the environment and the AWS files.
 */
export function readUrl(url: string): {
    bucket: string;
    /** "" or "folder/". */
    prefix: string;
    client: S3ClientConfig;
    encryption: { ServerSideEncryption?: ServerSideEncryption; SSEKMSKeyId?: string };
} {
    const { hostname: bucket, pathname, searchParams: params } = new URL(url);
    const text = (name: string) => params.get(name) || undefined;
    const isTrue = (...names: string[]) => names.some((name) => ["1", "t", "T", "true", "TRUE", "True"].includes(params.get(name) ?? ""));
    const folder = decodeURIComponent(pathname.replace(/^\/+/, ""));
    const endpoint = text("endpoint");
    const [region, profile, role] = [text("region"), text("profile"), text("role")];
    const [ServerSideEncryption, SSEKMSKeyId] = [text("ssetype") as ServerSideEncryption | undefined, text("kmskeyid")];
    return {
        bucket,
        prefix: folder === "" || folder.endsWith("/") ? folder : `${folder}/`,
        client: {
            ...(region && { region }),
            ...(profile && { profile }),
            ...(role && { credentials: fromTemporaryCredentials({ params: { RoleArn: role, RoleSessionName: "thanos-fleet" } }) }),
            ...(endpoint && {
                endpoint: endpoint.includes("://") ? endpoint : `${isTrue("disableSSL", "disable_https") ? "http" : "https"}://${endpoint}`,
                // Many a store other than S3 refuses checksums that it does not know.
                requestChecksumCalculation: "WHEN_REQUIRED",
            }),
            ...(isTrue("use_path_style", "s3ForcePathStyle") && { forcePathStyle: true }),
            ...(isTrue("accelerate") && { useAccelerateEndpoint: true }),
            ...(isTrue("dualstack") && { useDualstackEndpoint: true }),
            ...(isTrue("fips") && { useFipsEndpoint: true }),
        },
        encryption: { ...(ServerSideEncryption && { ServerSideEncryption }), ...(SSEKMSKeyId && { SSEKMSKeyId }) },
    };
}
