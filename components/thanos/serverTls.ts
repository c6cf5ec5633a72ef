import { TLS_FILES } from "../tls/tlsSecret";

const DIR = "/etc/thanos/tls";

/** Where a workload's certificate is mounted: a directory, because files mounted one by one would stay what they were at the start. */
export const TLS_MOUNT = {
    dir: DIR,
    cert: `${DIR}/${TLS_FILES.cert}`,
    key: `${DIR}/${TLS_FILES.key}`,
    ca: `${DIR}/${TLS_FILES.ca}`,
} as const;

/** Both ends are Thanos or Prometheus of a known version: nothing older has to be spoken to. */
export const TLS_VERSION = "1.3";

/** Flags of a server that takes clients of one authority only. The two servers of Thanos call them alike (cmd/thanos/config.go, receive.go). */
export const serverTlsFlags = (server: "grpc-server" | "remote-write.server") => [
    `--${server}-tls-cert=${TLS_MOUNT.cert}`,
    `--${server}-tls-key=${TLS_MOUNT.key}`,
    `--${server}-tls-client-ca=${TLS_MOUNT.ca}`,
    `--${server}-tls-min-version=${TLS_VERSION}`,
];
