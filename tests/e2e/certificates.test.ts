import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import type { Stack } from "@pulumi/pulumi/automation";
import { query, scalar } from "../../clients/thanos";
import { leafQueryHost, receiveHost } from "../../components/naming/names";
import { runOperation } from "../../engine/operation";
import { type ClusterName, DOMAIN } from "../../local/fleet/settings";
import { type Bag, reveal } from "../../local/offline/standins/secretValues";
import { make as makeWithTls } from "../../local/offline/standins/tls";
import { pods } from "../support/changesUnderLoad";
import { eventually } from "../support/eventually";
import { localStack } from "../support/localStack";
import { writeRequest } from "../support/remoteWrite";
import { core, frontend, NAMESPACE, serviceAddress } from "../support/runningFleet";

/** A certificate and its key, in PEM. */
interface Identity {
    cert: string;
    key: string;
}

/** A server that other clusters connect to. */
interface Server {
    cluster: ClusterName;
    service: string;
    host: string;
}

const leafOf = (cluster: "blue" | "red"): Server => ({ cluster, service: "thanos-query-external", host: leafQueryHost(cluster, DOMAIN) });
const RECEIVE: Server = { cluster: "observer", service: "thanos-receive-router-external", host: receiveHost(DOMAIN) };

const HOUR = 3_600_000;
/** Scrape interval of the local fleet, in seconds. */
const SCRAPE_INTERVAL = 15;
/** A server sends an alert at once when it refuses a client certificate, and nothing when it accepts one. */
const SILENCE_MS = 2000;

/** A resource of the provider `tls` in the observer's state, with its secrets decrypted. */
interface TlsResource {
    urn: string;
    outputs: Record<string, string>;
}

async function tlsResources(stack: Stack): Promise<(type: string, name: string) => TlsResource> {
    const { resources = [] } = (await stack.exportStack()).deployment as { resources?: { urn: string; outputs: Bag }[] };
    return (type, name) => {
        const found = resources.find(({ urn }) => urn.endsWith(`:${type}::${name}`));
        assert.ok(found, `${type} ${name} is not in the state of ${stack.name}`);
        const inTheClear = Object.entries(found.outputs).flatMap(([key, value]) =>
            /^privateKey/.test(key) && !isEncrypted(value) ? [key] : [],
        );
        assert.deepEqual(inTheClear, [], `${type} ${name} has keys in the clear in the state`);
        const outputs = Object.entries(found.outputs).map(([key, value]) => [key, decrypted(value)]);
        return { urn: found.urn, outputs: Object.fromEntries(outputs) };
    };
}

/** An exported state has the plain text of a secret as JSON, in an object; of any other value, the value. */
const isEncrypted = (value: unknown): value is { plaintext: string } => typeof value === "object" && value !== null && "plaintext" in value;
const decrypted = (value: unknown) => (isEncrypted(value) ? JSON.parse(value.plaintext) : value);

describe("mutual TLS between clusters", () => {
    let stack: Stack;
    let tlsResource: (type: string, name: string) => TlsResource;
    let servers: string;
    before(async () => {
        stack = await localStack("observer");
        tlsResource = await tlsResources(stack);
        servers = authority("servers").cert;
    });

    const authority = (kind: string): Identity => ({
        cert: tlsResource("SelfSignedCert", `ca-${kind}`).outputs.certPem as string,
        key: tlsResource("PrivateKey", `ca-${kind}`).outputs.privateKeyPem as string,
    });
    const identity = (name: string): Identity => ({
        cert: tlsResource("LocallySignedCert", name).outputs.certPem as string,
        key: tlsResource("PrivateKey", name).outputs.privateKeyPem as string,
    });

    /** A client certificate, valid for an hour, signed by one of the fleet's certificate authorities. */
    async function signed(kind: string, commonName: string, from = new Date()): Promise<Identity> {
        const ca = authority(kind);
        const key = reveal((await makeWithTls("tls:index/privateKey:PrivateKey", { algorithm: "ECDSA" })).outputs.privateKeyPem) as string;
        const { outputs } = await makeWithTls("tls:index/certRequest:CertRequest", { privateKeyPem: key, subject: { commonName } });
        const certificate = await makeWithTls(
            "tls:index/locallySignedCert:LocallySignedCert",
            {
                certRequestPem: outputs.certRequestPem,
                caCertPem: ca.cert,
                caPrivateKeyPem: ca.key,
                allowedUses: ["digital_signature", "client_auth"],
                validityPeriodHours: 1,
            },
            from,
        );
        return { cert: String(certificate.outputs.certPem), key };
    }
    const expired = (kind: string, commonName: string) => signed(kind, commonName, new Date(Date.now() - 2 * HOUR));

    async function open({ cluster, service, host }: Server, client?: Identity): Promise<TLSSocket> {
        const [address, port] = (await serviceAddress(cluster, service)).split(":");
        // A gRPC server refuses clients that do not offer h2.
        return connect({ host: address, port: Number(port), servername: host, ca: servers, ALPNProtocols: ["h2", "http/1.1"], ...client });
    }

    /** How a server treats a client: `accepted`, or the alert with which it closes the connection. */
    async function verdict(server: Server, client?: Identity): Promise<string> {
        const socket = await open(server, client);
        return new Promise((resolve) => {
            const conclude = (text: string) => {
                socket.destroy();
                resolve(text);
            };
            // In TLS 1.3 the handshake is complete for the client before the server has checked the client's certificate.
            socket.once("secureConnect", () => setTimeout(conclude, SILENCE_MS, "accepted"));
            socket.once("error", (error: NodeJS.ErrnoException) => conclude(String(error.code)));
            socket.once("close", () => conclude("closed"));
        });
    }

    const REQUIRED = "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED";
    const EXPIRED = "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED";
    const UNKNOWN = "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA";
    const noCertificate = async () => undefined;
    const identityOf = (name: string) => async () => identity(name);
    const cases: [string, Server, [string, () => Promise<Identity | undefined>, string][]][] = [
        [
            "red's leaf Query",
            leafOf("red"),
            [
                ["the observer", identityOf("reader"), "accepted"],
                ["a client without a certificate", noCertificate, REQUIRED],
                ["the observer with an expired certificate", () => expired("readers", "observer"), EXPIRED],
                ["blue's leaf Query", identityOf("leaf-blue"), UNKNOWN],
                ["red's own Prometheus", identityOf("writer-red"), UNKNOWN],
            ],
        ],
        [
            "blue's leaf Query",
            leafOf("blue"),
            [
                ["the observer", identityOf("reader"), "accepted"],
                ["red's leaf Query", identityOf("leaf-red"), UNKNOWN],
                ["red's Prometheus", identityOf("writer-red"), UNKNOWN],
            ],
        ],
        [
            "Receive",
            RECEIVE,
            [
                ["red's Prometheus", identityOf("writer-red"), "accepted"],
                ["a client without a certificate", noCertificate, REQUIRED],
                ["red's Prometheus with an expired certificate", () => expired("writers", "red"), EXPIRED],
                ["blue's leaf Query", identityOf("leaf-blue"), UNKNOWN],
                ["the observer's Query", identityOf("reader"), UNKNOWN],
            ],
        ],
    ];
    for (const [what, server, clients] of cases)
        describe(what, () => {
            for (const [who, client, expected] of clients)
                it(`${expected === "accepted" ? "accepts" : "refuses"} ${who}`, async () =>
                    assert.equal(await verdict(server, await client()), expected));
        });

    it("lets the observer call red's leaf Query by gRPC", async () => {
        const { cert, key } = identity("reader");
        const { cluster, service, host } = leafOf("red");
        const client = new grpc.Client(
            await serviceAddress(cluster, service),
            grpc.credentials.createSsl(Buffer.from(servers), Buffer.from(key), Buffer.from(cert)),
            { "grpc.ssl_target_name_override": host, "grpc.default_authority": host },
        );
        const unchanged = (message: Buffer) => message;
        const answer = await new Promise<Buffer | undefined>((resolve, reject) =>
            client.makeUnaryRequest("/thanos.info.Info/Info", unchanged, unchanged, Buffer.alloc(0), (error, info) =>
                error ? reject(error) : resolve(info),
            ),
        );
        client.close();
        assert.match(String(answer), /query/);
    });

    describe("a write to Receive", () => {
        /** Sends one sample in the way that Prometheus does. */
        async function write(client: Identity, metric: string, header: string): Promise<{ status: number | undefined; body: string }> {
            const body = writeRequest([{ __name__: metric }]);
            const [address, port] = (await serviceAddress(RECEIVE.cluster, RECEIVE.service)).split(":");
            return new Promise((resolve, reject) => {
                const headers = { "Content-Encoding": "snappy", "Content-Length": body.length, "THANOS-TENANT": header };
                const sent = request(
                    {
                        host: address,
                        port,
                        path: "/api/v1/receive",
                        method: "POST",
                        servername: RECEIVE.host,
                        ca: servers,
                        ...client,
                        headers,
                    },
                    (response) => {
                        let answer = "";
                        response.on("data", (data) => {
                            answer += data;
                        });
                        response.on("end", () => resolve({ status: response.statusCode, body: answer.trim() }));
                    },
                );
                sent.on("error", reject);
                sent.end(body);
            });
        }

        it("is stored for the cluster that the certificate names, whatever THANOS-TENANT says", async () => {
            const metric = `written_at_${Date.now()}`;
            assert.deepEqual(await write(identity("writer-red"), metric, "blue"), { status: 200, body: "" });
            await eventually("a query returns the sample", 30, async () =>
                assert.deepEqual(
                    (await query(await frontend(), metric)).map((s) => s.metric.cluster),
                    ["red"],
                ),
            );
        });

        it("is refused for a cluster that no hashring lists, even with a certificate of the fleet's authority", async () => {
            const yellow = await signed("writers", "yellow");
            assert.deepEqual(await write(yellow, "never_written", "red"), {
                status: 500,
                body: "no matching hashring to handle tenant",
            });
        });
    });

    describe("renewed certificates", () => {
        const RENEWED = ["leaf-red", "writer-red", "reader", "receive"];
        const serialOf = (name: string) => new X509Certificate(identity(name).cert).serialNumber;

        async function servedSerial(server: Server, client: Identity): Promise<string> {
            const socket = await open(server, client);
            return new Promise((resolve, reject) => {
                socket.once("error", reject);
                socket.once("secureConnect", () => {
                    resolve(socket.getPeerCertificate().serialNumber);
                    socket.destroy();
                });
            });
        }

        const podsNow = async () => ({ observer: await pods("observer"), red: await pods("red") });

        let started: number;
        let podsBefore: Awaited<ReturnType<typeof podsNow>>;
        let base: string;
        before(async () => {
            base = await frontend();
            started = Date.now() / 1000;
            podsBefore = await podsNow();
            const old = RENEWED.map(serialOf);
            await stack.up({ replace: RENEWED.map((name) => tlsResource("LocallySignedCert", name).urn) });
            await runOperation(await localStack("red"), "up");
            tlsResource = await tlsResources(stack);
            for (const serial of RENEWED.map(serialOf)) assert.ok(!old.includes(serial));
        });

        for (const [what, server, name, client] of [
            ["red's leaf Query", leafOf("red"), "leaf-red", "reader"],
            ["Receive", RECEIVE, "receive", "writer-red"],
        ] as const)
            it(`are served by every pod of ${what}`, () =>
                eventually("every kubelet has written the changed Secret", 180, async () => {
                    // Twelve connections reach each of the two pods at least once.
                    const serials = await Promise.all(Array.from({ length: 12 }, () => servedSerial(server, identity(client))));
                    assert.deepEqual([...new Set(serials)], [serialOf(name)]);
                }));

        it("reach red's Prometheus through the operator", () =>
            eventually("the operator's copy is renewed", 60, async () => {
                const { items } = await (await core("red")).listNamespacedSecret({ namespace: NAMESPACE });
                const copies = items
                    .filter(({ metadata }) => metadata?.name?.startsWith("prometheus-kps-prometheus-tls-assets"))
                    .flatMap(({ data }) => Object.values(data ?? {}).map((value) => Buffer.from(value, "base64").toString()));
                assert.ok(copies.includes(identity("writer-red").cert));
            }));

        it("leave no gap in what red writes", async () => {
            // After 30 s the kubelet has written the operator's copy into both Prometheus pods.
            const end = Date.now() / 1000 + 30;
            const up = `up{cluster="red",job="kps-prometheus",receive_replica!=""}`;
            await eventually("samples of after the renewal have arrived", 150, async () =>
                assert.ok((await scalar(base, `min(timestamp(${up}))`, { dedup: false })) > end),
            );
            const written = await timesOfSamples(base, up, started, end);
            // Each of the two replicas scrapes two Prometheus and two reloaders.
            assert.equal(written.size, 8);
            for (const [series, times] of written) {
                const pauses = [started, ...times, end].map((time, i, all) => time - (all[i - 1] ?? time));
                assert.ok(Math.max(...pauses) < 1.5 * SCRAPE_INTERVAL, `${series}: a pause of ${Math.max(...pauses)} s`);
            }
        });

        it("restart no pod", async () => assert.deepEqual(await podsNow(), podsBefore));
    });
});

/** When each Prometheus replica scraped a series, in seconds. A sample counts if at least one ingester has it. */
async function timesOfSamples(base: string, selector: string, from: number, to: number): Promise<Map<string, number[]>> {
    const params = new URLSearchParams({ query: `${selector}[${Math.ceil(to - from)}s]`, time: String(to), dedup: "false" });
    const { data } = (await (await fetch(`${base}/api/v1/query?${params}`)).json()) as {
        data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    const times = new Map<string, Set<number>>();
    for (const { metric, values } of data.result) {
        const series = `${metric.instance} by ${metric.prometheus_replica}`;
        times.set(series, new Set([...(times.get(series) ?? []), ...values.map(([time]) => time)]));
    }
    return new Map([...times].map(([series, all]) => [series, [...all].sort((a, b) => a - b)]));
}
