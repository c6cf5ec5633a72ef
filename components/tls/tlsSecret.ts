import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What one end of a mutual TLS connection needs, in PEM. */
export interface TlsCredentials {
    /** The certificate that this end shows. */
    cert: pulumi.Input<string>;
    /** Private key of `cert`. */
    key: pulumi.Input<string>;
    /** Certificate of the authority that must have signed the other end's certificate. */
    ca: pulumi.Input<string>;
}

/** Keys of the Secret, and so the names of the files where it is mounted. */
export const TLS_FILES = { cert: "tls.crt", key: "tls.key", ca: "ca.crt" } as const;

/** A Secret with the three files. Its name stays when a certificate is renewed, so pods that mount it get the new files without a restart. */
export function tlsSecret(
    name: string,
    args: { namespace: string; tls: TlsCredentials },
    opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
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
