import { X509Certificate } from "node:crypto";

/** When a certificate ends, in seconds since 1970, and how long it is valid. */
export interface CertificateLife {
    end: number;
    validity: number;
}

/** The life of the certificate that ends first. NaN where there is none yet: a plan has placeholders. */
export function firstToEnd(certificates: readonly string[]): CertificateLife {
    const lives = certificates.filter((pem) => pem.includes("-----BEGIN CERTIFICATE-----")).map(lifeOf);
    return lives.sort((a, b) => a.end - b.end)[0] ?? { end: Number.NaN, validity: Number.NaN };
}

function lifeOf(pem: string): CertificateLife {
    const { validFrom, validTo } = new X509Certificate(pem);
    const end = Date.parse(validTo) / 1000;
    return { end, validity: end - Date.parse(validFrom) / 1000 };
}
