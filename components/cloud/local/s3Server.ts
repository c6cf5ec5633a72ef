import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { ObjectStore } from "../../blocks/objectStore";
import { childOptions } from "../../kubernetes/childOptions";
import type { Placement } from "../../kubernetes/placement";
import { publishedAs } from "../../naming/labels";

export interface S3ServerArgs {
    /** DNS domain of the fleet: the server's address is `s3.<domain>`. */
    domain: string;
    namespace: string;
    /** StorageClass of the volume with the blocks. */
    storageClass: string;
    image: string;
    /** Nodes of the server. @default any node */
    placement?: Placement | undefined;
}

const NAME = "s3";
const BUCKET = "thanos";
const PORT = 7070;
const UID = 1001;
const ACCESS_KEY = "thanos";
const SELECTOR = { "app.kubernetes.io/name": NAME };

/** An S3 server in the cluster, where there is no AWS: versitygw, which stores objects as files on its volume. */
export class S3Server extends pulumi.ComponentResource {
    readonly store: ObjectStore;

    constructor(name: string, args: S3ServerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:local:S3Server", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const metadata = { name: NAME, namespace: args.namespace, labels: SELECTOR };
        const host = `${NAME}.${args.domain}`;

        const secretKey = new random.RandomPassword(`${name}-secret-key`, { length: 40, special: false }, childOpts).result;
        const keys = createKeys(metadata, secretKey, childOpts);
        const volume = createVolume(metadata, args.storageClass, childOpts);
        createDeployment(metadata, keys, volume, args, childOpts);
        createService(metadata, host, childOpts);

        this.store = {
            type: "S3",
            config: {
                bucket: BUCKET,
                endpoint: `${host}:${PORT}`,
                region: "us-east-1",
                insecure: true,
                bucket_lookup_type: "path",
                access_key: ACCESS_KEY,
                secret_key: secretKey,
            },
        };
        this.registerOutputs({ store: this.store });
    }
}

interface Metadata {
    name: string;
    namespace: string;
    labels: Record<string, string>;
}

const createKeys = (metadata: Metadata, secretKey: pulumi.Output<string>, opts: pulumi.CustomResourceOptions) =>
    new k8s.core.v1.Secret(NAME, { metadata, stringData: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: secretKey } }, opts);

/** The volume with the blocks of the whole fleet, kept when the stack is destroyed. */
const createVolume = (metadata: Metadata, storageClassName: string, opts: pulumi.CustomResourceOptions) =>
    new k8s.core.v1.PersistentVolumeClaim(
        NAME,
        { metadata, spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "10Gi" } } } },
        { ...opts, protect: true, retainOnDelete: true },
    );

const createDeployment = (
    metadata: Metadata,
    keys: k8s.core.v1.Secret,
    volume: k8s.core.v1.PersistentVolumeClaim,
    { image, placement }: Pick<S3ServerArgs, "image" | "placement">,
    opts: pulumi.CustomResourceOptions,
) =>
    new k8s.apps.v1.Deployment(
        NAME,
        {
            metadata,
            spec: {
                replicas: 1,
                selector: { matchLabels: SELECTOR },
                strategy: { type: "Recreate" },
                template: {
                    metadata: { labels: SELECTOR },
                    spec: {
                        automountServiceAccountToken: false,
                        ...placement,
                        securityContext: {
                            runAsNonRoot: true,
                            runAsUser: UID,
                            fsGroup: UID,
                            seccompProfile: { type: "RuntimeDefault" },
                        },
                        containers: [
                            {
                                name: NAME,
                                image,
                                imagePullPolicy: "IfNotPresent",
                                args: ["--port", `:${PORT}`, "--health", "/health", "posix", "/data"],
                                envFrom: [{ secretRef: { name: keys.metadata.name } }],
                                ports: [{ name: "s3", containerPort: PORT }],
                                readinessProbe: { httpGet: { path: "/health", port: "s3" }, periodSeconds: 5 },
                                securityContext: {
                                    allowPrivilegeEscalation: false,
                                    readOnlyRootFilesystem: true,
                                    capabilities: { drop: ["ALL"] },
                                },
                                // The server serves every directory of /data as a bucket: mounting a directory creates the bucket. Locks
                                // are files beside the buckets.
                                volumeMounts: [
                                    { name: "data", mountPath: "/data" },
                                    { name: "data", mountPath: `/data/${BUCKET}`, subPath: BUCKET },
                                ],
                            },
                        ],
                        volumes: [{ name: "data", persistentVolumeClaim: { claimName: volume.metadata.name } }],
                    },
                },
            },
        },
        opts,
    );

const createService = (metadata: Metadata, host: string, opts: pulumi.CustomResourceOptions) =>
    new k8s.core.v1.Service(
        NAME,
        {
            metadata: { ...metadata, annotations: publishedAs(host) },
            spec: { type: "LoadBalancer", selector: SELECTOR, ports: [{ name: "s3", port: PORT, targetPort: "s3" }] },
        },
        opts,
    );
