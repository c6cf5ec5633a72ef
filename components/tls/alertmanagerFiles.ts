import type { AlertingConfig } from "../../config/schema";
import { TLS_FILES } from "./tlsSecret";

/** Names of the Secrets with what Alertmanagers outside of the stack ask for. */
export const alertmanagerSecrets = (external: AlertingConfig["external"]): string[] => [
    ...new Set(
        external.flatMap(({ caSecret, certificateSecret, tokenSecret }) =>
            [caSecret, certificateSecret, tokenSecret].filter((name) => name !== undefined),
        ),
    ),
];

/** The TLS settings of an Alertmanager, for Prometheus and Thanos alike. `secrets`: the folder in which each Secret is a folder. */
export const alertmanagerTls = ({ caSecret, certificateSecret }: AlertingConfig["external"][number], secrets: string) => ({
    ...(caSecret && { ca_file: `${secrets}/${caSecret}/${TLS_FILES.ca}` }),
    ...(certificateSecret && {
        cert_file: `${secrets}/${certificateSecret}/${TLS_FILES.cert}`,
        key_file: `${secrets}/${certificateSecret}/${TLS_FILES.key}`,
    }),
});
