import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What one end of a connection between two clusters needs, in PEM. */
export interface Tls {
    /** The certificate it shows. */
    cert: pulumi.Input<string>;
    key: pulumi.Input<string>;
    /** The authority that the other end's certificate has to come from. */
    ca: pulumi.Input<string>;
}

/** Keys of the Secret, and so the names of the files where it is mounted. */
export const TLS_FILES = { cert: "tls.crt", key: "tls.key", ca: "ca.crt" } as const;

/** A Secret with the three files. It keeps its name when a certificate is renewed: whoever mounts it gets the new files, and is not restarted. */
export function tlsSecret(name: string, args: { namespace: string; tls: Tls }, opts: pulumi.CustomResourceOptions): k8s.core.v1.Secret {
    const { cert, key, ca } = args.tls;
    return new k8s.core.v1.Secret(
        name,
        {
            metadata: { name, namespace: args.namespace },
            type: "kubernetes.io/tls",
            stringData: { [TLS_FILES.cert]: cert, [TLS_FILES.key]: pulumi.secret(key), [TLS_FILES.ca]: ca },
        },
        opts,
    );
}
