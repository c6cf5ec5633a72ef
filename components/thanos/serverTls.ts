import { TLS_FILES } from "../tls/tlsSecret";

const DIR = "/etc/thanos/tls";

/** Where a workload's certificate is mounted: as a directory, because files mounted one by one would not change when the Secret does. */
export const TLS_MOUNT = {
    dir: DIR,
    cert: `${DIR}/${TLS_FILES.cert}`,
    key: `${DIR}/${TLS_FILES.key}`,
    ca: `${DIR}/${TLS_FILES.ca}`,
} as const;

/** Lowest version accepted. Both ends are Thanos or Prometheus of a pinned version, so no older one is needed. */
export const TLS_MIN_VERSION = "1.3";

/**
 * Flags of a server that accepts only clients whose certificate one authority signed. Thanos's two servers name these flags alike
 * (cmd/thanos/config.go, receive.go).
 */
export const serverTlsFlags = (server: "grpc-server" | "remote-write.server") => [
    `--${server}-tls-cert=${TLS_MOUNT.cert}`,
    `--${server}-tls-key=${TLS_MOUNT.key}`,
    `--${server}-tls-client-ca=${TLS_MOUNT.ca}`,
    `--${server}-tls-min-version=${TLS_MIN_VERSION}`,
];
