import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import type * as pulumi from "@pulumi/pulumi";
import type { CertificatesArgs } from "../../../../components/tls/certificates";
import { reveal } from "../../../../local/offline/standins/secretValues";
import { issue, type Pem } from "../../../support/issuedCertificates";

interface Issued {
    observer: { reader: Pem; receive: Pem; alertmanager: { server: Pem; client: Pem } };
    observees: { blue: { leaf: Pem; alerts: Pem }; red: { leaf: Pem; writer: Pem; alerts: Pem }; green: { writer: Pem } };
}

const ARGS: CertificatesArgs = {
    clusterName: "observer",
    domain: "fleet.test",
    validity: "90d",
    renewBefore: "30d",
    observees: [
        { name: "blue", mode: "sidecar" },
        { name: "red", mode: "sidecar-remote-write" },
        { name: "green", mode: "agent" },
    ],
    alertmanager: true,
};

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
    let green: Issued["observees"]["green"];
    before(async () => {
        const { resources: registered, issued } = await issue<Issued>(ARGS);
        resources = registered;
        observer = issued.observer;
        ({ blue, red, green } = issued.observees);
    });
    const of = (type: string) => resources.filter((r) => r.type === `tls:index/${type}`);

    it("consist of an authority per kind and one certificate per end of a connection, each with its own key", () => {
        const senders = ["alertmanager", "alerts-blue", "alerts-observer", "alerts-red"];
        const signed = [...senders, "leaf-blue", "leaf-red", "reader", "receive", "writer-green", "writer-red"];
        const authorities = ["ca-readers", "ca-senders", "ca-servers", "ca-writers"];
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
            {
                reader: named(observer.reader),
                receive: named(observer.receive),
                leaf: named(red.leaf),
                writer: named(red.writer),
                alertmanager: named(observer.alertmanager.server),
                alerts: [named(observer.alertmanager.client), named(red.alerts)],
            },
            {
                reader: ["O=fleet.test\nCN=observer", undefined],
                receive: ["O=fleet.test\nCN=observer", "DNS:receive.fleet.test"],
                leaf: ["O=fleet.test\nCN=red", "DNS:query.red.fleet.test"],
                writer: ["O=fleet.test\nCN=red", undefined],
                alertmanager: ["O=fleet.test\nCN=observer", "DNS:alertmanager.fleet.test"],
                alerts: [
                    ["O=fleet.test\nCN=observer", undefined],
                    ["O=fleet.test\nCN=red", undefined],
                ],
            },
        );
    });

    it("match their keys", () => {
        for (const { cert, key } of [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer])
            assert.ok(new X509Certificate(cert).publicKey.equals(createPublicKey(key)));
    });

    it("include a writer's certificate only for clusters that write to Receive, and one for alerts only for those that evaluate them", () =>
        assert.deepEqual([blue, red, green].map(Object.keys), [["leaf", "alerts"], ["leaf", "writer", "alerts"], ["writer"]]));

    it("include none for alerts where the observer runs no Alertmanager for the fleet", async () => {
        const { resources: registered, issued } = await issue<Issued>({ ...ARGS, alertmanager: false });
        const authorities = registered.filter(({ type }) => type.endsWith(":SelfSignedCert")).map(({ name }) => name);
        assert.deepEqual(authorities.sort(), ["ca-readers", "ca-servers", "ca-writers"]);
        assert.deepEqual(Object.keys(issued.observer), ["reader", "receive"]);
        assert.deepEqual(Object.keys(issued.observees.blue), ["leaf"]);
    });

    it("leave the authorities' keys with the observer's stack", () => {
        const given = [observer.reader, observer.receive, blue.leaf, red.leaf, red.writer, blue.alerts].map(({ key }) => key);
        const authorities = of("selfSignedCert:SelfSignedCert").map(({ inputs }) => reveal(inputs.privateKeyPem) as string);
        assert.equal(authorities.length, 4);
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

    describe("let the fleet's Alertmanager", () => {
        const sentBy = (client?: Pem) =>
            handshake(observer.alertmanager.server, "alertmanager.fleet.test", observer.alertmanager.client.ca, client);

        it("accept blue's Prometheus, and the observer's own", async () =>
            assert.deepEqual([await sentBy(blue.alerts), await sentBy(observer.alertmanager.client)], ["accepted", "accepted"]));
        it("refuse a client without a certificate", async () => assert.equal(await sentBy(), "server: UNABLE_TO_GET_ISSUER_CERT"));
        it("refuse a certificate for Receive", async () =>
            assert.equal(await sentBy(red.writer), "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    });

    it("let Receive refuse a certificate for alerts", async () =>
        assert.equal(
            await handshake(observer.receive, "receive.fleet.test", red.writer.ca, blue.alerts),
            "server: UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        ));
});
