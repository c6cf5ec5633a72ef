import * as pulumi from "@pulumi/pulumi";
import { Certificates, type CertificatesArgs } from "../../components/tls/certificates";
import type { TlsCredentials } from "../../components/tls/tlsSecret";
import { reveal } from "../../local/offline/standins/secretValues";
import { make } from "../../local/offline/standins/tls";

/** One end's certificate and key, and the authority of the other end. */
export type Pem = Record<keyof TlsCredentials, string>;

/** The component, with the keys and certificates that the stand-in provider makes for its resources: real ones. */
export async function issue<T>(args: CertificatesArgs): Promise<{ resources: pulumi.runtime.MockResourceArgs[]; issued: T }> {
    const resources: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks({
        newResource: async (resource) => {
            resources.push(resource);
            if (!resource.type.startsWith("tls:")) return { id: resource.name, state: resource.inputs };
            const { id, outputs } = await make(resource.type, reveal(resource.inputs) as Record<string, unknown>);
            return { id, state: reveal(outputs) as Record<string, unknown> };
        },
        call: () => ({}),
    });
    const { observer, observees } = new Certificates("certificates", args);
    const issued = await new Promise<T>(
        (resolve) => void pulumi.unsecret(pulumi.output({ observer, observees })).apply((all) => resolve(all as T)),
    );
    return { resources, issued };
}
