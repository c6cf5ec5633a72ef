import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { type Bag, reveal, SECRET, SIGNATURE } from "../../../../../local/offline/standins/secretValues";
import { decide, make } from "../../../../../local/offline/standins/tls";

const NOW = new Date("2026-03-01T12:00:00.700Z");
const FIRST = "tls:index/privateKey:PrivateKey";

const key = async () => (await make(FIRST, { algorithm: "ECDSA", ecdsaCurve: "P256" })).outputs;
const pemOf = (outputs: Bag) => reveal(outputs.privateKeyPem) as string;
const authority = (privateKeyPem: string) => ({
    privateKeyPem,
    subject: { commonName: "readers", organization: "fleet.test" },
    isCaCertificate: true,
    allowedUses: ["cert_signing"],
    validityPeriodHours: 87600,
});

/** An authority, and a certificate that it signed for red's leaf Query. */
async function chain() {
    const caKey = pemOf(await key());
    const caOutputs = (await make("tls:index/selfSignedCert:SelfSignedCert", authority(caKey), NOW)).outputs;
    const leafKey = pemOf(await key());
    const request = await make("tls:index/certRequest:CertRequest", {
        privateKeyPem: leafKey,
        subject: { commonName: "red", organization: "fleet.test" },
        dnsNames: ["query.red.fleet.test"],
    });
    const inputs = {
        certRequestPem: request.outputs.certRequestPem,
        caPrivateKeyPem: caKey,
        caCertPem: caOutputs.certPem,
        allowedUses: ["digital_signature", "server_auth"],
        validityPeriodHours: 2160,
        earlyRenewalHours: 720,
    };
    const leaf = await make("tls:index/locallySignedCert:LocallySignedCert", inputs, NOW);
    return {
        inputs,
        leaf,
        caOutputs,
        ca: new X509Certificate(String(caOutputs.certPem)),
        certificate: new X509Certificate(String(leaf.outputs.certPem)),
        leafKey,
    };
}

describe("the stand-in of the provider tls", () => {
    let made: Awaited<ReturnType<typeof chain>>;
    before(async () => {
        made = await chain();
    });

    it("signs with the key of the authority, and names the authority as the issuer", () => {
        assert.ok(made.certificate.verify(made.ca.publicKey));
        assert.ok(made.certificate.checkIssued(made.ca));
        assert.equal(made.certificate.issuer, "O=fleet.test\nCN=readers");
    });

    it("certifies the key of the request", () => assert.ok(made.certificate.publicKey.equals(createPublicKey(made.leafKey))));

    it("takes subject and DNS names from the request", () => {
        assert.equal(made.certificate.subject, "O=fleet.test\nCN=red");
        assert.equal(made.certificate.subjectAltName, "DNS:query.red.fleet.test");
    });

    it("writes the allowed uses into a certificate", () => {
        assert.deepEqual(made.certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
        assert.equal(made.certificate.ca, false);
        assert.equal(made.ca.ca, true);
    });

    it("refuses an unknown use", async () => {
        await assert.rejects(
            make("tls:index/selfSignedCert:SelfSignedCert", { ...authority(pemOf(await key())), allowedUses: ["flying"] }),
            {
                message: "allowedUses: the stand-in provider does not support flying.",
            },
        );
    });

    it("makes a certificate valid from now, in whole seconds, for the wanted time", () => {
        const { validityStartTime, validityEndTime, readyForRenewal } = made.leaf.outputs;
        assert.deepEqual(
            { validityStartTime, validityEndTime, readyForRenewal },
            { validityStartTime: "2026-03-01T12:00:00.000Z", validityEndTime: "2026-05-30T12:00:00.000Z", readyForRenewal: false },
        );
        assert.equal(new Date(made.certificate.validTo).toISOString(), validityEndTime);
    });

    it("uses the serial number as the id", () => assert.equal(BigInt(`0x${made.certificate.serialNumber}`).toString(), made.leaf.id));

    it("keeps private keys secret", async () => {
        const outputs = await key();
        assert.deepEqual(
            [outputs.privateKeyPem, outputs.privateKeyPemPkcs8].map((value) => (value as Bag)[SIGNATURE]),
            [SECRET, SECRET],
        );
        assert.match(pemOf(outputs), /^-----BEGIN EC PRIVATE KEY-----\n/);
    });

    it("generates ECDSA keys only", () =>
        assert.rejects(make(FIRST, { algorithm: "RSA" }), {
            message: "algorithm: the stand-in provider generates ECDSA keys on P256, P384, P521, not RSA P256.",
        }));

    describe("at a later update", () => {
        const at = (when: string, inputs: Bag = made.inputs) =>
            decide(inputs, { inputs: made.inputs, outputs: made.leaf.outputs }, new Date(when));

        it("changes nothing", () =>
            assert.deepEqual(at("2026-04-30T11:59:59Z"), { changes: [], replaces: [], deleteBeforeReplace: false }));

        it("renews from `earlyRenewalHours` before the end", () =>
            assert.deepEqual(at("2026-04-30T12:00:00Z"), {
                changes: [{ path: "readyForRenewal", kind: "update" }],
                replaces: ["readyForRenewal"],
                deleteBeforeReplace: false,
            }));

        it("renews earlier for a greater `earlyRenewalHours`, and keeps the certificate until then", () => {
            assert.deepEqual(at("2026-03-02T12:00:00Z", { ...made.inputs, earlyRenewalHours: 24 }), {
                changes: [{ path: "earlyRenewalHours", kind: "update" }],
                replaces: [],
                deleteBeforeReplace: false,
            });
            assert.deepEqual(at("2026-03-02T12:00:00Z", { ...made.inputs, earlyRenewalHours: 2159 }).replaces, ["readyForRenewal"]);
        });

        it("replaces the certificate for another request", () =>
            assert.deepEqual(at("2026-03-02T12:00:00Z", { ...made.inputs, certRequestPem: "another" }).replaces, ["certRequestPem"]));

        it("never renews a key", () => {
            const inputs = { algorithm: "ECDSA" };
            assert.deepEqual(decide(inputs, { inputs, outputs: inputs }, new Date("2036-01-01")).replaces, []);
        });
    });
});
