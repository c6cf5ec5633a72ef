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

/** The component with what the stand-in provider makes of its resources: real keys, real certificates. */
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
 * What becomes of a connection to `name`: "accepted", or who refuses it and why. As Thanos, the server asks for a certificate of one authority and reads
 * no name in it; the client knows the authority of servers.
 */
function meet(server: Pem, name: string, servers: string, client?: Pem): Promise<string> {
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

describe("certificates between clusters", () => {
    let resources: pulumi.runtime.MockResourceArgs[];
    let observer: Issued["observer"];
    let blue: Issued["observees"]["blue"];
    let red: Issued["observees"]["red"];
    before(async () => {
        const made = await issue();
        resources = made.resources;
        observer = made.issued.observer;
        ({ blue, red } = made.issued.observees);
    });
    const of = (type: string) => resources.filter((r) => r.type === `tls:index/${type}`);

    it("are three authorities and one certificate for each end of a connection, each with a key of its own", () => {
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

    it("last and renew as configured, in hours; authorities last ten years", () => {
        const terms = of("locallySignedCert:LocallySignedCert").map(({ inputs }) => [inputs.validityPeriodHours, inputs.earlyRenewalHours]);
        assert.deepEqual([...new Set(terms.map(String))], ["2160,720"]);
        assert.deepEqual([...new Set(of("selfSignedCert:SelfSignedCert").map(({ inputs }) => inputs.validityPeriodHours))], [87600]);
    });

    it("name the cluster, and a server's the host it is reached by", () => {
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

    it("come with the key they are for", () => {
        for (const { cert, key } of [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer])
            assert.ok(new X509Certificate(cert).publicKey.equals(createPublicKey(key)));
    });

    it("give a cluster that only is read no certificate to write with", () => assert.deepEqual(Object.keys(blue), ["leaf"]));

    it("hand no cluster the key of an authority", () => {
        const handed = [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer].map(({ key }) => key);
        const authorities = of("selfSignedCert:SelfSignedCert").map(({ inputs }) => reveal(inputs.privateKeyPem) as string);
        assert.equal(authorities.length, 3);
        assert.deepEqual(
            handed.filter((key) => authorities.includes(key)),
            [],
        );
    });

    describe("at red's leaf Query", () => {
        const asked = (client?: Pem) => meet(red.leaf, "query.red.fleet.test", observer.reader.ca, client);

        it("the observer is accepted", async () => assert.equal(await asked(observer.reader), "accepted"));
        it("nobody without a certificate is", async () => assert.equal(await asked(), "server: UNABLE_TO_GET_ISSUER_CERT"));
        it("blue's leaf Query is not", async () => assert.equal(await asked(blue.leaf), "server: INVALID_PURPOSE"));
        it("red's own Prometheus is not", async () => assert.equal(await asked(red.writer), "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    });

    it("let the observer notice that what answers is not blue", async () =>
        assert.equal(
            await meet(red.leaf, "query.blue.fleet.test", observer.reader.ca, observer.reader),
            "client: ERR_TLS_CERT_ALTNAME_INVALID",
        ));

    describe("at Receive", () => {
        const written = (client?: Pem) => meet(observer.receive, "receive.fleet.test", red.writer.ca, client);

        it("red's Prometheus is accepted", async () => assert.equal(await written(red.writer), "accepted"));
        it("nobody without a certificate is", async () => assert.equal(await written(), "server: UNABLE_TO_GET_ISSUER_CERT"));
        it("blue's leaf Query is not", async () => assert.equal(await written(blue.leaf), "server: INVALID_PURPOSE"));
        it("the observer's Query is not", async () =>
            assert.equal(await written(observer.reader), "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    });
});
