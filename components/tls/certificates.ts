import * as pulumi from "@pulumi/pulumi";
import { CertRequest, LocallySignedCert, PrivateKey, SelfSignedCert } from "@pulumi/tls";
import { type CertificatesConfig, type ObserveeEntry, WRITES_REMOTELY } from "../../config/schema";
import { parseDuration } from "../../rules/duration";
import { childOptions } from "../kubernetes/childOptions";
import { leafQueryHost, receiveHost } from "../naming/names";
import type { Tls } from "./tlsSecret";

export interface CertificatesArgs extends CertificatesConfig {
    /** The observer's. */
    cluster: string;
    domain: string;
    observees: readonly Pick<ObserveeEntry, "name" | "mode">[];
}

/** What one observee gets. */
export interface ObserveeCertificates {
    /** Of its leaf Query. */
    leaf: Tls;
    /** Of its Prometheus, where that writes to Receive. */
    writer?: Tls;
}

/**
 * The fleet's certificates, made in the observer's stack: the authorities' keys are in its state and in no cluster (docs/adr/0010).
 *
 * Thanos asks which authority signed a client's certificate, and not whose it is (pkg/tls/options.go). So each kind has an authority of its own:
 * `readers` signs one certificate, the observer's, and nobody else's gets past a leaf Query; `writers` signs those that Receive takes, which
 * also say whose samples they are; `servers` signs what proves nothing about a client.
 */
export class Certificates extends pulumi.ComponentResource {
    readonly observer: {
        /** Of Query, towards every leaf Query. */
        reader: Tls;
        receive: Tls;
    };
    readonly observees: Record<string, ObserveeCertificates>;
    /** When the first of them ends, unless an update renews it before (RFC 3339). */
    readonly end: pulumi.Output<string>;

    constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:index:Certificates", name, {}, opts);
        const here = childOptions(this, opts);
        const { cluster, domain } = args;
        const servers = new Authority("servers", args, here);
        const readers = new Authority("readers", args, here);
        const writers = new Authority("writers", args, here);

        this.observer = {
            reader: { ...readers.sign("reader", { commonName: cluster }), ca: servers.cert },
            receive: { ...servers.sign("receive", { commonName: cluster, host: receiveHost(domain) }), ca: writers.cert },
        };
        this.observees = Object.fromEntries(
            args.observees.map(({ name: observee, mode }) => [
                observee,
                {
                    leaf: {
                        ...servers.sign(`leaf-${observee}`, { commonName: observee, host: leafQueryHost(observee, domain) }),
                        ca: readers.cert,
                    },
                    ...(WRITES_REMOTELY[mode] && {
                        // The common name is the tenant (docs/adr/0003).
                        writer: { ...writers.sign(`writer-${observee}`, { commonName: observee }), ca: servers.cert },
                    }),
                },
            ]),
        );
        const authorities = [servers, readers, writers];
        this.end = pulumi.all(authorities.flatMap((authority) => authority.ends)).apply(earliest);
        this.registerOutputs({ end: this.end });
    }
}

/** Each is in the time zone of the machine that made it. */
const earliest = (times: string[]): string => [...times].sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? "";

type Kind = "servers" | "readers" | "writers";

/** What a certificate of a kind may be used for, beside signing its half of the handshake. */
const USE = { servers: "server_auth", readers: "client_auth", writers: "client_auth" } as const satisfies Record<Kind, string>;

/** The provider counts in whole hours, and so does the configuration (config/checks/index.ts). */
const hours = (duration: string) => parseDuration(duration) / parseDuration("1h");

/** Signs certificates of one kind, and answers for no other. */
class Authority {
    readonly cert: pulumi.Output<string>;
    /** The ends of what it signed. */
    readonly ends: pulumi.Output<string>[] = [];
    private readonly key: pulumi.Output<string>;

    constructor(
        private readonly kind: Kind,
        private readonly args: CertificatesArgs,
        private readonly here: pulumi.CustomResourceOptions,
    ) {
        const name = `ca-${kind}`;
        this.key = newKey(name, here);
        this.cert = new SelfSignedCert(
            name,
            {
                privateKeyPem: this.key,
                subject: { commonName: kind, organization: args.domain },
                isCaCertificate: true,
                allowedUses: ["cert_signing"],
                // Both ends would have to change at one moment (see the ADR), so it outlives the clusters.
                validityPeriodHours: hours("10y"),
            },
            here,
        ).certPem;
    }

    sign(name: string, subject: { commonName: string; host?: string }): { cert: pulumi.Output<string>; key: pulumi.Output<string> } {
        const { args, here, kind } = this;
        const key = newKey(name, here);
        const request = new CertRequest(
            name,
            {
                privateKeyPem: key,
                subject: { commonName: subject.commonName, organization: args.domain },
                ...(subject.host && { dnsNames: [subject.host] }),
            },
            here,
        );
        const { certPem, validityEndTime } = new LocallySignedCert(
            name,
            {
                certRequestPem: request.certRequestPem,
                caPrivateKeyPem: this.key,
                caCertPem: this.cert,
                allowedUses: ["digital_signature", USE[kind]],
                validityPeriodHours: hours(args.validity),
                // Renewed for the same key: a process that reads the two files while they change still has a pair that fits.
                earlyRenewalHours: hours(args.renewBefore),
            },
            here,
        );
        this.ends.push(validityEndTime);
        return { cert: certPem, key };
    }
}

const newKey = (name: string, opts: pulumi.CustomResourceOptions) =>
    new PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, opts).privateKeyPem;
