import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import * as pulumi from "@pulumi/pulumi";
import { Certificates, type CertificatesArgs } from "../../../../components/tls/certificates";
import type { TlsCredentials } from "../../../../components/tls/tlsSecret";
import { reveal } from "../../../../local/offline/standins/secretValues";
import { make } from "../../../../local/offline/standins/tls";

type Pem = Record<keyof TlsCredentials, string>;
interface Issued {
    observer: { reader: Pem; receive: Pem };
    observees: { blue: { leaf: Pem }; red: { leaf: Pem; writer: Pem } };
}

const ARGS: CertificatesArgs = {
    clusterName: "observer",
    domain: "fleet.test",
    validity: "90d",
    renewBefore: "30d",
    observees: [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar-remote-write" },
    ],
};

/** The component, with the keys and certificates that the stand-in provider makes for its resources: real ones. */
async function issue(): Promise<{ resources: pulumi.runtime.MockResourceArgs[]; issued: Issued }> {
    const resources: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks({
        newResource: async (resource) => {
            resources.push(resource);
            if (!resource.type.startsWith("tls:")) return { id: resource.name, state: resource.inputs };
            const { id, outputs } = await make(resource.type, reveal(resource.inputs) as Record<string, unknown>);
            return { id, state: reveal(outputs) as Record<string, unknown> };
        },
        call: () => ({}),
    });
    const { observer, observees } = new Certificates("certificates", ARGS);
    const issued = await new Promise<Issued>(
        (resolve) => void pulumi.unsecret(pulumi.output({ observer, observees })).apply((all) => resolve(all as Issued)),
    );
    return { resources, issued };
}

/**
 * The result of a connection to `name`: "accepted", or which end refuses it and why. The server checks as Thanos does: it requires a certificate of one
 * authority and reads no name in it. The client trusts the authority of servers.
 */
function handshake(server: Pem, name: string, servers: string, client?: Pem): Promise<string> {
    return new Promise((resolve) => {
        const listener = createServer(
            { ...server, requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.3" },
            (socket) => void socket.end(socket.authorized ? "accepted" : `server: ${socket.authorizationError}`),
        );
        listener.listen(0, "127.0.0.1", () => {
            const { port } = listener.address() as AddressInfo;
            const socket = connect({ port, host: "127.0.0.1", servername: name, ...client, ca: servers });
            let said = "";
            socket.on("data", (data) => {
                said += data;
            });
            socket.on("error", (error: NodeJS.ErrnoException) => {
                said = `client: ${error.code}`;
            });
            socket.on("close", () => listener.close(() => resolve(said)));
        });
    });
}

describe("the certificates between clusters", () => {
    let resources: pulumi.runtime.MockResourceArgs[];
    let observer: Issued["observer"];
    let blue: Issued["observees"]["blue"];
    let red: Issued["observees"]["red"];
    before(async () => {
        const { resources: registered, issued } = await issue();
        resources = registered;
        observer = issued.observer;
        ({ blue, red } = issued.observees);
    });
    const of = (type: string) => resources.filter((r) => r.type === `tls:index/${type}`);

    it("consist of three authorities and one certificate per end of a connection, each with its own key", () => {
        const signed = ["leaf-blue", "leaf-red", "reader", "receive", "writer-red"];
        const authorities = ["ca-readers", "ca-servers", "ca-writers"];
        const names = (type: string) =>
            of(type)
                .map((r) => r.name)
                .sort();
        assert.deepEqual(
            { keys: names("privateKey:PrivateKey"), authorities: names("selfSignedCert:SelfSignedCert") },
            { keys: [...authorities, ...signed].sort(), authorities },
        );
        assert.deepEqual(names("certRequest:CertRequest"), signed);
        assert.deepEqual(names("locallySignedCert:LocallySignedCert"), signed);
    });

    it("have the configured validity and renewal, in hours, and authorities last ten years", () => {
        const terms = of("locallySignedCert:LocallySignedCert").map(({ inputs }) => [inputs.validityPeriodHours, inputs.earlyRenewalHours]);
        assert.deepEqual([...new Set(terms.map(String))], ["2160,720"]);
        assert.deepEqual([...new Set(of("selfSignedCert:SelfSignedCert").map(({ inputs }) => inputs.validityPeriodHours))], [87600]);
    });

    it("name the cluster, and for servers the host name", () => {
        const named = (tls: Pem) => {
            const { subject, subjectAltName } = new X509Certificate(tls.cert);
            return [subject, subjectAltName];
        };
        assert.deepEqual(
            { reader: named(observer.reader), receive: named(observer.receive), leaf: named(red.leaf), writer: named(red.writer) },
            {
                reader: ["O=fleet.test\nCN=observer", undefined],
                receive: ["O=fleet.test\nCN=observer", "DNS:receive.fleet.test"],
                leaf: ["O=fleet.test\nCN=red", "DNS:query.red.fleet.test"],
                writer: ["O=fleet.test\nCN=red", undefined],
            },
        );
    });

    it("match their keys", () => {
        for (const { cert, key } of [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer])
            assert.ok(new X509Certificate(cert).publicKey.equals(createPublicKey(key)));
    });

    it("include a writer's certificate only for clusters that write to Receive", () => assert.deepEqual(Object.keys(blue), ["leaf"]));

    it("leave the authorities' keys with the observer's stack", () => {
        const given = [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer].map(({ key }) => key);
        const authorities = of("selfSignedCert:SelfSignedCert").map(({ inputs }) => reveal(inputs.privateKeyPem) as string);
        assert.equal(authorities.length, 3);
        assert.deepEqual(
            given.filter((key) => authorities.includes(key)),
            [],
        );
    });

    describe("let red's leaf Query", () => {
        const queriedBy = (client?: Pem) => handshake(red.leaf, "query.red.fleet.test", observer.reader.ca, client);

        it("accept the observer", async () => assert.equal(await queriedBy(observer.reader), "accepted"));
        it("refuse a client without a certificate", async () => assert.equal(await queriedBy(), "server: UNABLE_TO_GET_ISSUER_CERT"));
        it("refuse blue's leaf Query", async () => assert.equal(await queriedBy(blue.leaf), "server: INVALID_PURPOSE"));
        it("refuse red's own Prometheus", async () => assert.equal(await queriedBy(red.writer), "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    });

    it("let the observer refuse red's leaf Query under blue's name", async () =>
        assert.equal(
            await handshake(red.leaf, "query.blue.fleet.test", observer.reader.ca, observer.reader),
            "client: ERR_TLS_CERT_ALTNAME_INVALID",
        ));

    describe("let Receive", () => {
        const writtenBy = (client?: Pem) => handshake(observer.receive, "receive.fleet.test", red.writer.ca, client);

        it("accept red's Prometheus", async () => assert.equal(await writtenBy(red.writer), "accepted"));
        it("refuse a client without a certificate", async () => assert.equal(await writtenBy(), "server: UNABLE_TO_GET_ISSUER_CERT"));
        it("refuse blue's leaf Query", async () => assert.equal(await writtenBy(blue.leaf), "server: INVALID_PURPOSE"));
        it("refuse the observer's Query", async () =>
            assert.equal(await writtenBy(observer.reader), "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    });
});
