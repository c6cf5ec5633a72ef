import * as pulumi from "@pulumi/pulumi";
import { CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert } from "@pulumi/tls";
import { type CertificatesConfig, type ObserveeEntry, STORES_BLOCKS, WRITES_REMOTELY } from "../../config/schema";
import { parseDuration } from "../../rules/duration";
import { childOptions } from "../kubernetes/childOptions";
import { alertmanagerName, leafQueryHost, receiveHost } from "../naming/names";
import type { TlsCredentials } from "./tlsSecret";

export interface CertificatesArgs extends CertificatesConfig {
    /** Name of the observer's cluster. */
    clusterName: string;
    /** DNS domain of the fleet. */
    domain: string;
    /** Name and mode of every observee. */
    observees: readonly Pick<ObserveeEntry, "name" | "mode">[];
    /** Whether the observer runs the fleet's Alertmanager. */
    alertmanager: boolean;
}

/** The certificates that one observee gets. */
export interface ObserveeCertificates {
    /** Server certificate of its leaf Query. Absent for an agent, which has none. */
    leaf?: TlsCredentials;
    /**
     * Client certificate of its Prometheus for remote write. Absent where that does not write to Receive. The name is a part of the contract between stacks;
     * the writers of a stream are others.
     */
    writer?: TlsCredentials;
    /** Client certificate of its Prometheus for the fleet's Alertmanager. Absent where there is none, and for an agent, which has no alerts. */
    alerts?: TlsCredentials;
}

/**
 * The fleet's certificates, made in the observer's stack: the authorities' keys are in its state and in no cluster (docs/adr/0010).
 *
 * Thanos checks which authority signed a client's certificate, but not which client it names (pkg/tls/options.go). So each kind of
 * client has an authority: `readers` signs only the observer's client certificate, and a leaf Query refuses every other client; `writers` signs the clients of
 * Receive, whose certificates also name the tenant; `senders` those of the fleet's Alertmanager, which checks no names either (prometheus/exporter-toolkit,
 * web/tls_config.go); `servers` signs server certificates, which no server accepts from a client.
 */
export class Certificates extends pulumi.ComponentResource {
    readonly observer: {
        /** Client certificate of the observer's Query, shown to every leaf Query. */
        reader: TlsCredentials;
        /** Server certificate of the Receive routers. */
        receive: TlsCredentials;
        /** Server certificate of the fleet's Alertmanager, and the client certificate of the observer's own Prometheus and Rule for it. */
        alertmanager?: { server: TlsCredentials; client: TlsCredentials };
    };
    /** By observee. */
    readonly observees: Record<string, ObserveeCertificates>;
    /** When the first of the certificates expires, unless an update renews it before (RFC 3339). */
    readonly firstExpiry: pulumi.Output<string>;

    constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Certificates", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { clusterName, domain } = args;
        const servers = new CertificateAuthority("servers", args, childOpts);
        const readers = new CertificateAuthority("readers", args, childOpts);
        const writers = new CertificateAuthority("writers", args, childOpts);
        const senders = args.alertmanager ? new CertificateAuthority("senders", args, childOpts) : undefined;
        /** What a cluster sends its alerts with. */
        const sendsAs = (authority: CertificateAuthority, cluster: string) => ({
            ...authority.issue(`alerts-${cluster}`, { commonName: cluster }),
            ca: servers.cert,
        });

        this.observer = {
            reader: { ...readers.issue("reader", { commonName: clusterName }), ca: servers.cert },
            receive: { ...servers.issue("receive", { commonName: clusterName, host: receiveHost(domain) }), ca: writers.cert },
            ...(senders && {
                alertmanager: {
                    server: {
                        ...servers.issue("alertmanager", { commonName: clusterName, host: alertmanagerName(domain) }),
                        ca: senders.cert,
                    },
                    client: sendsAs(senders, clusterName),
                },
            }),
        };
        this.observees = Object.fromEntries(
            args.observees.map(({ name: observee, mode }) => [
                observee,
                {
                    ...(STORES_BLOCKS[mode] && {
                        leaf: {
                            ...servers.issue(`leaf-${observee}`, { commonName: observee, host: leafQueryHost(observee, domain) }),
                            ca: readers.cert,
                        },
                    }),
                    ...(WRITES_REMOTELY[mode] && {
                        // The common name is the tenant (docs/adr/0003).
                        writer: { ...writers.issue(`writer-${observee}`, { commonName: observee }), ca: servers.cert },
                    }),
                    ...(senders && STORES_BLOCKS[mode] && { alerts: sendsAs(senders, observee) }),
                },
            ]),
        );
        const authorities = [servers, readers, writers, ...(senders ? [senders] : [])];
        this.firstExpiry = pulumi.all(authorities.flatMap((authority) => authority.expiries)).apply(earliest);
        this.registerOutputs({ firstExpiry: this.firstExpiry });
    }
}

/** The earliest of the given times. Compared as times, since each is written in the time zone of the machine that made the certificate. */
const earliest = (times: string[]): string => [...times].sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? "";

type AuthorityName = "servers" | "readers" | "writers" | "senders";

/** The extended key usage of the certificates that an authority signs. */
const EXTENDED_USE = {
    servers: "server_auth",
    readers: "client_auth",
    writers: "client_auth",
    senders: "client_auth",
} as const satisfies Record<AuthorityName, string>;

/** A duration in hours, the unit of the provider. The configuration allows whole hours only (config/checks/index.ts). */
const hours = (duration: string) => parseDuration(duration) / parseDuration("1h");

/** A self-signed authority, and the certificates that it signs. */
class CertificateAuthority {
    /** The authority's own certificate, PEM. */
    readonly cert: pulumi.Output<string>;
    /** When each certificate that the authority signed expires (RFC 3339). */
    readonly expiries: pulumi.Output<string>[] = [];
    private readonly key: pulumi.Output<string>;

    constructor(
        private readonly name: AuthorityName,
        private readonly args: CertificatesArgs,
        private readonly opts: pulumi.CustomResourceOptions,
    ) {
        const resourceName = `ca-${name}`;
        this.key = newKey(resourceName, opts);
        this.cert = new SelfSignedCert(
            resourceName,
            {
                privateKeyPem: this.key,
                subject: { commonName: name, organization: args.domain },
                isCaCertificate: true,
                allowedUses: ["cert_signing"],
                // Longer than the clusters live, because renewing an authority means changing both ends of every connection at once (docs/adr/0010).
                validityPeriodHours: hours("10y"),
            },
            opts,
        ).certPem;
    }

    /** A certificate with a key of its own. `host` is the DNS name of a server. */
    issue(name: string, subject: { commonName: string; host?: string }): { cert: pulumi.Output<string>; key: pulumi.Output<string> } {
        const { args, opts } = this;
        const key = newKey(name, opts);
        const request = new CertRequest(
            name,
            {
                privateKeyPem: key,
                subject: { commonName: subject.commonName, organization: args.domain },
                ...(subject.host && { dnsNames: [subject.host] }),
            },
            opts,
        );
        const { certPem, validityEndTime } = new LocallySignedCert(
            name,
            {
                certRequestPem: request.certRequestPem,
                caPrivateKeyPem: this.key,
                caCertPem: this.cert,
                allowedUses: ["digital_signature", EXTENDED_USE[this.name]],
                validityPeriodHours: hours(args.validity),
                // Renewed for the same key, so a process that reads the two files during a renewal still has a matching pair.
                earlyRenewalHours: hours(args.renewBefore),
            },
            opts,
        );
        this.expiries.push(validityEndTime);
        return { cert: certPem, key };
    }
}

const newKey = (name: string, opts: pulumi.CustomResourceOptions) =>
    new PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, opts).privateKeyPem;
