import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { kubeletClientCertificate, serviceAccountKeys } from "../../../../../local/offline/cluster/keys";

describe("a built cluster's keys", () => {
    it("sign service accounts' tokens with an RSA pair", () => {
        const { privateKey, publicKey } = serviceAccountKeys();
        assert.equal(createPrivateKey(privateKey).asymmetricKeyDetails?.modulusLength, 2048);
        assert.ok(createPublicKey(privateKey).equals(createPublicKey(publicKey)));
    });

    it("authenticate the API server at kubelet as system:masters, for ten years", async () => {
        const { key, certificate } = await kubeletClientCertificate(new Date("2026-03-01T12:00:00Z"));
        const read = new X509Certificate(certificate);
        assert.ok(read.checkPrivateKey(createPrivateKey(key)));
        assert.ok(read.verify(read.publicKey));
        const { subject, issuer, keyUsage, validFrom, validTo } = read;
        assert.deepEqual(
            { subject, issuer, keyUsage, from: new Date(validFrom), to: new Date(validTo) },
            {
                subject: "O=system:masters\nCN=kube-apiserver",
                issuer: "O=system:masters\nCN=kube-apiserver",
                keyUsage: ["1.3.6.1.5.5.7.3.2"],
                from: new Date("2026-03-01T12:00:00Z"),
                to: new Date("2036-03-01T12:00:00Z"),
            },
        );
    });
});
