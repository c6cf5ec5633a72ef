/**
 * A stand-in for the official Pulumi plugin `tls`, for machines that cannot download it (findPlugins.ts chooses). Run by
 * bin/tls/pulumi-resource-tls.
 *
 * PrivateKey (ECDSA), SelfSignedCert, CertRequest and LocallySignedCert: issued once, kept in the state, issued anew when an input changes. A
 * certificate is also issued anew by the first update within `earlyRenewalHours` of its end.
 */
// Has to come first: the X.509 library registers its parts through it.
import { isMap } from "../../../rules/isMap";
import "reflect-metadata";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { version } from "@pulumi/tls/package.json";
import { type Decision, differences } from "./diff";
import { type Bag, keepSecrets, revealBag, secret } from "./secretValues";
import { type StandIn, serve } from "./server";

const HOUR = 3_600_000;
const CURVES: Record<string, string> = { P256: "P-256", P384: "P-384", P521: "P-521" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

const KEY_USAGES: Record<string, number> = {
    digital_signature: x509.KeyUsageFlags.digitalSignature,
    content_commitment: x509.KeyUsageFlags.nonRepudiation,
    key_encipherment: x509.KeyUsageFlags.keyEncipherment,
    data_encipherment: x509.KeyUsageFlags.dataEncipherment,
    key_agreement: x509.KeyUsageFlags.keyAgreement,
    cert_signing: x509.KeyUsageFlags.keyCertSign,
    crl_signing: x509.KeyUsageFlags.cRLSign,
    encipher_only: x509.KeyUsageFlags.encipherOnly,
    decipher_only: x509.KeyUsageFlags.decipherOnly,
};
const EXTENDED_KEY_USAGES: Record<string, string> = {
    server_auth: x509.ExtendedKeyUsage.serverAuth,
    client_auth: x509.ExtendedKeyUsage.clientAuth,
    code_signing: x509.ExtendedKeyUsage.codeSigning,
    email_protection: x509.ExtendedKeyUsage.emailProtection,
    timestamping: x509.ExtendedKeyUsage.timeStamping,
    ocsp_signing: x509.ExtendedKeyUsage.ocspSigning,
};

type Created = { id: string; outputs: Bag };

/** Creates a resource. `now`: when a certificate becomes valid. */
export async function make(type: string, inputs: Bag, now = new Date()): Promise<Created> {
    switch (type) {
        case "tls:index/privateKey:PrivateKey":
            return privateKey(inputs);
        case "tls:index/certRequest:CertRequest":
            return certRequest(inputs);
        case "tls:index/selfSignedCert:SelfSignedCert":
            return selfSigned(inputs, now);
        case "tls:index/locallySignedCert:LocallySignedCert":
            return locallySigned(inputs, now);
        default:
            throw new Error(
                `The stand-in provider does not support ${type}. Use PrivateKey, SelfSignedCert, CertRequest or LocallySignedCert, or install the official plugin.`,
            );
    }
}

function privateKey(inputs: Bag): Created {
    const ecdsaCurve = String(inputs.ecdsaCurve ?? "P256");
    const namedCurve = CURVES[ecdsaCurve];
    if (inputs.algorithm !== "ECDSA" || namedCurve === undefined)
        throw new Error(
            `algorithm: the stand-in provider generates ECDSA keys on ${Object.keys(CURVES).join(", ")}, not ${inputs.algorithm} ${ecdsaCurve}.`,
        );
    const pair = generateKeyPairSync("ec", { namedCurve });
    const publicKeyPem = pair.publicKey.export({ type: "spki", format: "pem" });
    const outputs = {
        ...inputs,
        ecdsaCurve,
        privateKeyPem: secret(pair.privateKey.export({ type: "sec1", format: "pem" })),
        privateKeyPemPkcs8: secret(pair.privateKey.export({ type: "pkcs8", format: "pem" })),
        publicKeyPem,
    };
    return { id: createHash("sha1").update(publicKeyPem).digest("hex"), outputs };
}

async function certRequest(inputs: Bag): Promise<Created> {
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
        name: distinguishedName(inputs.subject),
        keys: await keyPair(inputs.privateKeyPem),
        signingAlgorithm: SIGNATURE,
        extensions: alternativeNames(inputs),
    });
    const certRequestPem = pem(request);
    const id = createHash("sha1").update(certRequestPem).digest("hex");
    return { id, outputs: { ...inputs, keyAlgorithm: "ECDSA", certRequestPem } };
}

async function selfSigned(inputs: Bag, now: Date): Promise<Created> {
    const keys = await keyPair(inputs.privateKeyPem);
    const name = distinguishedName(inputs.subject);
    const { id, outputs } = await certificate(inputs, now, {
        subject: name,
        issuer: name,
        publicKey: keys.publicKey,
        signingKey: keys.privateKey,
        extensions: alternativeNames(inputs),
    });
    return { id, outputs: { ...outputs, keyAlgorithm: "ECDSA" } };
}

async function locallySigned(inputs: Bag, now: Date): Promise<Created> {
    const request = new x509.Pkcs10CertificateRequest(String(inputs.certRequestPem));
    const authority = new x509.X509Certificate(String(inputs.caCertPem));
    const keyId = authority.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
    const { id, outputs } = await certificate(inputs, now, {
        subject: request.subjectName,
        issuer: authority.subjectName,
        publicKey: request.publicKey,
        signingKey: (await keyPair(inputs.caPrivateKeyPem)).privateKey,
        extensions: [...request.extensions, ...(keyId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(keyId)])],
    });
    return { id, outputs: { ...outputs, caKeyAlgorithm: "ECDSA" } };
}

type Parties = Pick<x509.X509CertificateCreateWithKeyParams, "subject" | "issuer" | "publicKey" | "signingKey"> & {
    extensions: x509.Extension[];
};

async function certificate(inputs: Bag, now: Date, parties: Parties): Promise<Created> {
    const isCa = inputs.isCaCertificate === true;
    // Times in a certificate are whole seconds.
    const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000);
    const notAfter = new Date(notBefore.getTime() + Number(inputs.validityPeriodHours) * HOUR);
    const serial = randomBytes(16);
    // A serial number is positive.
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
    const made = await x509.X509CertificateGenerator.create({
        ...parties,
        serialNumber: serial.toString("hex"),
        notBefore,
        notAfter,
        signingAlgorithm: SIGNATURE,
        extensions: [
            new x509.BasicConstraintsExtension(isCa, undefined, true),
            ...usages(inputs.allowedUses as string[]),
            ...(isCa ? [await x509.SubjectKeyIdentifierExtension.create(parties.publicKey)] : []),
            ...parties.extensions,
        ],
    });
    const outputs = {
        earlyRenewalHours: 0,
        isCaCertificate: false,
        ...inputs,
        certPem: pem(made),
        validityStartTime: notBefore.toISOString(),
        validityEndTime: notAfter.toISOString(),
        readyForRenewal: false,
    };
    return { id: BigInt(`0x${serial.toString("hex")}`).toString(), outputs };
}

function usages(allowed: string[]): x509.Extension[] {
    const unknown = allowed.filter((use) => !(use in KEY_USAGES) && !(use in EXTENDED_KEY_USAGES));
    if (unknown.length > 0) throw new Error(`allowedUses: the stand-in provider does not support ${unknown.join(", ")}.`);
    const flags = allowed.reduce((sum, use) => sum | (KEY_USAGES[use] ?? 0), 0);
    const extended = allowed.flatMap((use) => EXTENDED_KEY_USAGES[use] ?? []);
    return [
        ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
        ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
    ];
}

function alternativeNames(inputs: Bag): x509.Extension[] {
    const names = ((inputs.dnsNames as string[] | undefined) ?? []).map((value) => ({ type: "dns" as const, value }));
    return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

/** `{ commonName, organization }` as a distinguished name; other attributes are left out. */
function distinguishedName(subject: unknown): x509.JsonName {
    const { commonName, organization } = isMap(subject) ? subject : {};
    return [
        ...(organization === undefined ? [] : [{ O: [String(organization)] }]),
        ...(commonName === undefined ? [] : [{ CN: [String(commonName)] }]),
    ];
}

async function keyPair(privatePem: unknown): Promise<webcrypto.CryptoKeyPair> {
    const privateKey = createPrivateKey(String(privatePem));
    const algorithm = { name: "ECDSA", namedCurve: CURVE_OF[privateKey.asymmetricKeyDetails?.namedCurve ?? ""] ?? "" };
    const [pkcs8, spki] = [
        privateKey.export({ type: "pkcs8", format: "der" }),
        createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    ];
    return {
        privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
        publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    };
}

/** OpenSSL's names of curves to Web Crypto's. */
const CURVE_OF: Record<string, string> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

const pem = (data: { toString(format: "pem"): string }) => `${data.toString("pem").trimEnd()}\n`;

/**
 * Compares inputs with those of the last update. A certificate that is due for renewal is replaced without any changed input; a changed
 * `earlyRenewalHours` alone replaces nothing.
 */
export function decide(inputs: Bag, old: { inputs: Bag; outputs: Bag }, now = new Date()): Decision {
    const changes = differences(old.inputs, inputs);
    const due =
        old.outputs.validityEndTime !== undefined &&
        Date.parse(String(old.outputs.validityEndTime)) - Number(inputs.earlyRenewalHours ?? 0) * HOUR <= now.getTime();
    const renewal = due ? [{ path: "readyForRenewal", kind: "update" as const }] : [];
    return {
        changes: [...changes, ...renewal],
        replaces: [...changes, ...renewal].map((c) => c.path).filter((path) => path !== "earlyRenewalHours"),
        deleteBeforeReplace: false,
    };
}

const standIn: StandIn = {
    version,
    configure: async () => {},
    check: async ({ inputs }) => inputs,
    diff: async ({ inputs, oldInputs, oldOutputs }) =>
        decide(revealBag(inputs), { inputs: revealBag(oldInputs), outputs: revealBag(oldOutputs) }),
    create: async ({ type, inputs }) => {
        const { id, outputs } = await make(type, revealBag(inputs));
        return { id, outputs: keepSecrets(outputs, inputs) as Bag };
    },
    update: async ({ inputs, oldOutputs }) => ({ ...oldOutputs, ...inputs }),
    read: async ({ id, oldInputs, oldOutputs }) => (isMap(oldOutputs) ? { id, outputs: oldOutputs, inputs: oldInputs } : undefined),
    delete: async () => {},
    cancel: () => {},
};

if (require.main === module) void serve(standIn, process.argv.at(-1));
