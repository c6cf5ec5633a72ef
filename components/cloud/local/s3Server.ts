import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { S3_IMAGE } from "../../../upstream/versions";
import type { ObjectStore } from "../../blocks/objectStore";
import { childOptions } from "../../kubernetes/childOptions";
import { EXTERNAL_DNS_HOSTNAME } from "../../naming/labels";

export interface S3ServerArgs {
    domain: string;
    namespace: string;
    storageClass: string;
}

const NAME = "s3";
const BUCKET = "thanos";
const PORT = 7070;
const UID = 1001;
const ACCESS_KEY = "thanos";

/** An S3 server in the cluster, for a machine without AWS: versitygw, which keeps objects as files on its volume. */
export class S3Server extends pulumi.ComponentResource {
    readonly store: ObjectStore;

    constructor(name: string, args: S3ServerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:local:S3Server", name, {}, opts);
        const here = childOptions(this, opts);
        const selector = { "app.kubernetes.io/name": NAME };
        const host = `${NAME}.${args.domain}`;
        const metadata = { name: NAME, namespace: args.namespace, labels: selector };

        const secretKey = new random.RandomPassword(`${name}-secret-key`, { length: 40, special: false }, here).result;
        const keys = new k8s.core.v1.Secret(
            NAME,
            { metadata, stringData: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: secretKey } },
            here,
        );

        // The blocks of the whole fleet are on it.
        const volume = new k8s.core.v1.PersistentVolumeClaim(
            NAME,
            {
                metadata,
                spec: { accessModes: ["ReadWriteOnce"], storageClassName: args.storageClass, resources: { requests: { storage: "10Gi" } } },
            },
            { ...here, protect: true, retainOnDelete: true },
        );

        new k8s.apps.v1.Deployment(
            NAME,
            {
                metadata,
                spec: {
                    replicas: 1,
                    selector: { matchLabels: selector },
                    strategy: { type: "Recreate" },
                    template: {
                        metadata: { labels: selector },
                        spec: {
                            automountServiceAccountToken: false,
                            securityContext: {
                                runAsNonRoot: true,
                                runAsUser: UID,
                                fsGroup: UID,
                                seccompProfile: { type: "RuntimeDefault" },
                            },
                            containers: [
                                {
                                    name: NAME,
                                    image: S3_IMAGE,
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
                                    // The server takes each directory for a bucket: mounting one is how this one comes to be. It keeps locks beside them.
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
            here,
        );

        new k8s.core.v1.Service(
            NAME,
            {
                metadata: { ...metadata, annotations: { [EXTERNAL_DNS_HOSTNAME]: host } },
                spec: { type: "LoadBalancer", selector, ports: [{ name: "s3", port: PORT, targetPort: "s3" }] },
            },
            here,
        );

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
