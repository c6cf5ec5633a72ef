import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CLIENT_DIR, COOKIE_DIR, COOKIE_KEY, type Oauth2ProxyFlags, oauth2ProxyFlags } from "../../components/exposure/oauth2Proxy";
import { bucketWebFlags } from "../../components/thanos/bucketWeb";
import { answersCacheFile } from "../../components/thanos/caches";
import { endpointsFile } from "../../components/thanos/endpoints";
import { queryFlags } from "../../components/thanos/query";
import { queryFrontendFlags } from "../../components/thanos/queryFrontend";
import { storeFlags } from "../../components/thanos/store";
import * as schema from "../../config/schema/thanos";
import { Browser } from "../support/browser";
import { eventually } from "../support/eventually";
import { CLIENT, Issuer, type Person } from "../support/issuer";
import { freePort, Processes } from "../support/processes";
import { RealThanos } from "../support/realThanos";
import { tools } from "../support/runningFleet";
import { temporaryDirectory } from "../support/temporaryDirectory";

/** The real oauth2-proxy with the flags that a stack gives it, before real pages of Thanos, with a real issuer of OpenID Connect. */

const HOSTS = { query: "query.fleet.test", blocks: "blocks.fleet.test", grafana: "grafana.fleet.test" };
/** Where a program of the test gets its token. */
const PROGRAM = "https://program.fleet.test/callback";
const ANNA: Person = { email: "anna@example.com", groups: ["sre", "cooks"] };

describe("a page behind oauth2-proxy", () => {
    const processes = new Processes(temporaryDirectory());
    let issuer: Issuer;
    let proxy: string;
    let grafana: Server;
    const servers: Record<string, string> = {};
    const seen: Record<string, string | string[] | undefined>[] = [];

    before(async () => {
        const binaries = await tools("thanos", "promtool", "oauth2-proxy");
        proxy = binaries["oauth2-proxy"].path;
        issuer = await Issuer.start([...Object.values(HOSTS).map((host) => `https://${host}/oauth2/callback`), PROGRAM]);

        const thanos = new RealThanos(processes, binaries);
        const end = await thanos.uploadBlock("blue");
        await thanos.uploadBlock("red");
        const store = await thanos.start("store", storeFlags({ ...schema.store.parse({}), cache: undefined }), {
            "objstore.yml": thanos.objectStore("blue"),
        });
        const query = await thanos.start("query", queryFlags({ ...schema.query.parse({}), leaf: false }).filter(isNoCertificate), {
            "endpoints.yml": endpointsFile([{ address: store.grpc }]),
        });
        const frontend = await thanos.start(
            "frontend",
            queryFrontendFlags({ ...schema.queryFrontend.parse({}), downstream: `http://${query.http}` }),
            { "cache.yml": answersCacheFile(undefined, "256Mi") },
        );
        const pages: string[] = [];
        for (const stream of ["blue", "red"]) {
            const flags = bucketWebFlags({ ...schema.bucketWeb.parse({}), path: `/${stream}` });
            const page = await thanos.start(`bucket-web-${stream}`, flags, { "objstore.yml": thanos.objectStore(stream) });
            pages.push(`http://${page.http}${stream === "blue" ? "" : `/${stream}`}/`);
        }
        // Grafana cannot be had here. What reaches it can be seen.
        grafana = createServer(({ headers }, response) => {
            seen.push(headers);
            response.end("of Grafana");
        }).listen(0, "127.0.0.1");
        await once(grafana, "listening");
        await Promise.all([
            startProxy("query", [`http://${frontend.http}/`], { emailDomains: ["example.com"], groups: ["sre"], bearerTokens: true }),
            startProxy("blocks", pages, { emailDomains: ["example.com"] }),
            startProxy("grafana", [`http://127.0.0.1:${(grafana.address() as AddressInfo).port}/`], {
                groups: ["sre"],
                bearerTokens: true,
            }),
        ]);
        time = end;
    });
    after(async () => {
        await processes.stop();
        grafana?.close();
        issuer?.stop();
    });

    let time: number;
    const isNoCertificate = (flag: string) => !flag.startsWith("--grpc-server-tls");

    /** The files of the Secrets, in the folders that the flags name. */
    const localFile = (flag: string) =>
        flag.replace(CLIENT_DIR, join(processes.directory, "client")).replace(COOKIE_DIR, processes.directory);

    async function startProxy(page: keyof typeof HOSTS, upstreams: string[], who: Partial<Oauth2ProxyFlags>): Promise<void> {
        mkdirSync(join(processes.directory, "client"), { recursive: true });
        writeFileSync(join(processes.directory, "client", "clientSecret"), CLIENT.clientSecret);
        // As long as the stack makes it (components/exposure/pages.ts).
        writeFileSync(join(processes.directory, COOKIE_KEY), "k".repeat(32));
        const address = `127.0.0.1:${await freePort()}`;
        const flags = oauth2ProxyFlags({
            page,
            host: HOSTS[page],
            upstreams,
            timeout: 135,
            issuer: issuer.url,
            emailDomains: [],
            groups: [],
            bearerTokens: false,
            session: "12h",
            ...who,
        });
        await processes.start(
            `login-${page}`,
            proxy,
            flags.map((flag) => (flag.startsWith("--http-address=") ? `--http-address=${address}` : localFile(flag))),
            `http://${address}/ready`,
            { OAUTH2_PROXY_CLIENT_ID: CLIENT.clientID },
        );
        servers[HOSTS[page]] = address;
    }

    /** A browser of somebody. */
    function browserOf(person: Person): Browser {
        issuer.person = person;
        return new Browser(servers);
    }
    const url = (page: keyof typeof HOSTS, path = "/") => `https://${HOSTS[page]}${path}`;
    const QUERY = () => `/api/v1/query?${new URLSearchParams({ query: "count(shop_orders_total)", time: String(time) })}`;

    it("sends a browser without a login to the issuer, and a program away", async () => {
        for (const page of ["query", "blocks", "grafana"] as const) {
            const { status, headers } = await new Browser(servers).get(url(page, "/graph?g0.expr=up"));
            assert.equal(status, 302);
            const to = new URL(String(headers.location));
            assert.equal(`${to.origin}${to.pathname}`, `${issuer.url}/auth`);
            const { client_id, redirect_uri, scope, code_challenge_method, nonce } = Object.fromEntries(to.searchParams);
            assert.deepEqual(
                [client_id, redirect_uri, scope, code_challenge_method],
                [CLIENT.clientID, url(page, "/oauth2/callback"), `openid email profile${page === "blocks" ? "" : " groups"}`, "S256"],
            );
            assert.ok(nonce);
            assert.equal((await new Browser(servers).get(url(page, "/api/v1/query?query=up"))).status, 401);
            assert.equal((await new Browser(servers).get(url(page, "/red/api/v1/blocks"))).status, 401);
        }
    });

    it("believes no header of whoever connects", async () => {
        const { status, headers } = await new Browser(servers).get(url("query"), {
            "x-forwarded-host": "evil.test",
            "x-forwarded-uri": "/ping",
            "x-forwarded-email": ANNA.email,
            "x-forwarded-user": "anna",
        });
        assert.equal(status, 302);
        assert.doesNotMatch(String(headers.location), /evil/);
    });

    it("answers after a login, where the browser wanted to go, with what Thanos says", async () => {
        const browser = browserOf(ANNA);
        const page = await browser.open(url("query", "/graph?g0.expr=up"));
        assert.deepEqual([page.status, page.url], [200, url("query", "/graph?g0.expr=up")]);
        assert.match(page.body, /<title>Thanos/);
        const { status, body } = await browser.get(url("query", QUERY()));
        assert.equal(status, 200);
        assert.deepEqual(
            (JSON.parse(body) as { data: { result: { value: [number, string] }[] } }).data.result.map(({ value }) => value[1]),
            ["2"],
        );
        // Not the issuer's tokens, which nobody needs: who it is, encrypted, for this host.
        const cookies = browser.cookiesOf(HOSTS.query);
        assert.deepEqual(Object.keys(cookies), ["__Host-login"]);
        assert.ok((cookies["__Host-login"] ?? "").length < 1000, cookies["__Host-login"]);
    });

    it("shows the blocks of each stream under its name, and those of the first stream at once", async () => {
        const browser = browserOf(ANNA);
        const first = await browser.open(url("blocks"));
        assert.deepEqual([first.status, new URL(first.url).pathname], [200, "/blue/"]);
        const second = await browser.open(url("blocks", "/red/"));
        assert.deepEqual([second.status, new URL(second.url).pathname], [200, "/red/"]);
        // Its scripts are below the same path.
        for (const { body, url: at } of [first, second]) {
            const [, script = ""] = /<script[^>]*\ssrc="([^"]+)"/.exec(body) ?? [];
            const { status, headers } = await browser.get(new URL(script, at).href);
            assert.deepEqual([status, /javascript/.test(String(headers["content-type"]))], [200, true], script);
        }
        for (const stream of ["blue", "red"])
            await eventually(`${stream} has its block`, 30, async () => {
                const { body } = await browser.get(url("blocks", `/${stream}/api/v1/blocks`));
                const { blocks } = (JSON.parse(body) as { data: { blocks: { thanos: { labels: { cluster: string } } }[] } }).data;
                assert.deepEqual(
                    blocks.map(({ thanos }) => thanos.labels.cluster),
                    [stream],
                );
            });
    });

    it("refuses who is of another domain, and who is in no group", async () => {
        for (const person of [
            { email: "eve@elsewhere.test", groups: ["sre"] },
            { email: "eve@notexample.com", groups: ["sre"] },
            { email: "carl@example.com", groups: ["cooks"] },
        ]) {
            const browser = browserOf(person);
            const { status, url: at } = await browser.open(url("query"));
            assert.deepEqual([person.email, status, new URL(at).pathname], [person.email, 403, "/oauth2/callback"]);
            assert.equal((await browser.get(url("query", QUERY()))).status, 401);
        }
    });

    it("lets nobody in with the cookie of another page, or with a changed one", async () => {
        const browser = browserOf(ANNA);
        await browser.open(url("query"));
        const cookie = browser.cookiesOf(HOSTS.query)["__Host-login"] ?? "";
        const changed = `${cookie.slice(0, 20)}${cookie[20] === "A" ? "B" : "A"}${cookie.slice(21)}`;
        const withCookie = (value: string) => new Browser(servers).get(url("query", QUERY()), { cookie: `__Host-login=${value}` });
        assert.deepEqual([(await withCookie(cookie)).status, (await withCookie(changed)).status], [200, 401]);
        // The group of the one page is not asked for by the other, but the cookie says who it is to both.
        issuer.person = { email: "carl@example.com", groups: ["cooks"] };
        const carl = new Browser(servers);
        await carl.open(url("blocks"));
        const ofBlocks = carl.cookiesOf(HOSTS.blocks)["__Host-login"] ?? "";
        assert.equal((await withCookie(ofBlocks)).status, 403);
    });

    it("answers a load balancer that asks for its health, without a login", async () => {
        for (const page of ["query", "blocks", "grafana"] as const)
            assert.equal((await new Browser(servers).get(url(page, "/ping"), { "user-agent": "ELB-HealthChecker/2.0" })).status, 200);
    });

    it("answers a program with a token of the issuer for this client, where that is allowed", async () => {
        const ask = async (page: keyof typeof HOSTS, token: string) =>
            (await new Browser(servers).get(url(page, QUERY()), { authorization: `Bearer ${token}` })).status;
        assert.equal(await ask("query", await tokenOf(ANNA)), 200);
        assert.equal(await ask("query", await tokenOf({ email: "carl@example.com", groups: ["cooks"] })), 403);
        const [header = "", , signature = ""] = (await tokenOf(ANNA)).split(".");
        const claims = { iss: issuer.url, aud: CLIENT.clientID, sub: ANNA.email, ...ANNA, exp: Date.now() / 1000 + 600 };
        const forged = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
        assert.equal(await ask("query", forged), 403);
        // Not on the other pages.
        assert.deepEqual([await ask("blocks", await tokenOf(ANNA)), await ask("grafana", await tokenOf(ANNA))], [401, 401]);
    });

    it("tells Grafana who has come, in no form that Grafana takes for a login of its own", async () => {
        seen.length = 0;
        assert.equal((await browserOf(ANNA).open(url("grafana"))).body, "of Grafana");
        const [{ authorization, host, "x-forwarded-email": email } = {}] = seen;
        assert.deepEqual([authorization, host, email], [undefined, HOSTS.grafana, ANNA.email]);
    });

    /** An id token, as a program of the same client gets it for somebody. */
    async function tokenOf(person: Person): Promise<string> {
        const verifier = "v".repeat(64);
        const parameters = new URLSearchParams({
            client_id: CLIENT.clientID,
            response_type: "code",
            redirect_uri: PROGRAM,
            scope: "openid profile email groups",
            code_challenge: createHash("sha256").update(verifier).digest("base64url"),
            code_challenge_method: "S256",
        });
        const browser = browserOf(person);
        let answer = await browser.get(`${issuer.url}/auth?${parameters}`);
        while (!String(answer.headers.location).startsWith(PROGRAM))
            answer = await browser.get(new URL(String(answer.headers.location), issuer.url).href);
        const code = new URL(String(answer.headers.location)).searchParams.get("code") ?? "";
        const response = await fetch(`${issuer.url}/token`, {
            method: "POST",
            headers: { authorization: `Basic ${Buffer.from(`${CLIENT.clientID}:${CLIENT.clientSecret}`).toString("base64")}` },
            body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: PROGRAM, code_verifier: verifier }),
        });
        return ((await response.json()) as { id_token: string }).id_token;
    }
});
