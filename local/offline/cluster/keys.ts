// Has to come first: the X.509 library registers its parts through it.
import "reflect-metadata";
import { generateKeyPairSync, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, X509CertificateGenerator } from "@peculiar/x509";

const VALID_YEARS = 10;

/** The key pair with which the controller manager and the API server sign service accounts' tokens, as PEM. */
export function serviceAccountKeys(): { privateKey: string; publicKey: string } {
    return generateKeyPairSync("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
    });
}

/**
 * The key and certificate, as PEM, with which the API server authenticates at kubelet (for logs, exec, port-forward). Self-signed: kubelet is
 * given this very certificate as its client CA. `system:masters` may do everything there (kubelet asks the API server: mode Webhook).
 */
export async function kubeletClientCertificate(now = new Date()): Promise<{ key: string; certificate: string }> {
    const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const notAfter = new Date(now);
    notAfter.setUTCFullYear(now.getUTCFullYear() + VALID_YEARS);
    const certificate = await X509CertificateGenerator.createSelfSigned({
        name: [{ O: ["system:masters"] }, { CN: ["kube-apiserver"] }],
        serialNumber: `01${randomBytes(8).toString("hex")}`,
        keys,
        notBefore: now,
        notAfter,
        signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
        extensions: [
            new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
            new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        ],
    });
    const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
    return { key: String(key), certificate: `${certificate.toString("pem")}\n` };
}
