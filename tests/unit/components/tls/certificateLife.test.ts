import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { X509CertificateGenerator } from "@peculiar/x509";
import { firstToEnd } from "../../../../components/tls/certificateLife";

const DAY = 86_400;

async function certificate(from: string, to: string): Promise<string> {
    const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const made = await X509CertificateGenerator.createSelfSigned({
        name: "CN=test",
        keys,
        notBefore: new Date(from),
        notAfter: new Date(to),
        signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    });
    return made.toString("pem");
}

describe("the first end of certificates", () => {
    it("is that of the one that ends first, with its own validity", async () => {
        const year = await certificate("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        const month = await certificate("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z");
        assert.deepEqual(firstToEnd([year, month]), { end: Date.parse("2026-07-01T00:00:00Z") / 1000, validity: 30 * DAY });
    });

    it("is not a number where a plan has placeholders instead of certificates", () =>
        assert.deepEqual(firstToEnd(["<certificate of leaf-blue>"]), { end: Number.NaN, validity: Number.NaN }));
});
