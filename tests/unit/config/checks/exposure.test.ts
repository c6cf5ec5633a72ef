import assert from "node:assert/strict";
import { problemsOf } from "../../../support/problemsOf";
import { ALB, ENDPOINTS, NGINX, OIDC, observeeConfig, observerConfig } from "../../../support/testFleet";

const BY_PROXY = { by: "oauth2-proxy", ...OIDC, emailDomains: ["example.com"] };
const BY_ALB = { by: "alb", ...OIDC, ...ENDPOINTS };
const NOBODY = { by: "nobody", reason: "the VPN asks for a login" };

const problems = (exposure: object, more: object = {}) => problemsOf(observerConfig("local", { exposure, ...more }));

describe("the exposure of pages", () => {
    it("is accepted behind an ALB and another ingress, with each login", () => {
        for (const exposure of [
            { ...ALB, login: BY_ALB },
            { ...ALB, login: BY_PROXY },
            { ...ALB, login: NOBODY },
            { ...NGINX, login: BY_PROXY },
            { ...NGINX, ingress: { controller: "nginx", clusterIssuer: "letsencrypt" }, login: NOBODY },
            { ...NGINX, sourceRanges: ["0.0.0.0/0"], login: { ...BY_PROXY, emailDomains: [], groups: ["sre"] } },
        ])
            assert.deepEqual(problems(exposure), []);
    });

    it("is the observer's", () =>
        assert.deepEqual(problemsOf(observeeConfig("blue", "local", { exposure: { ...NGINX, login: NOBODY } })), [
            "exposure: is not a setting here. Remove it, or look up its name in docs/configuration.md.",
        ]));

    it("demands source ranges, a certificate and a login", () => {
        assert.deepEqual(problems({ ingress: { controller: "nginx" } }), [
            "exposure.sourceRanges: is missing. List the networks from which people may open the pages, for instance your VPN's: `pulumi config set --path 'exposure.sourceRanges[0]' 10.8.0.0/16`.",
            "exposure.login: is missing. Write who asks people who they are: oauth2-proxy or alb. Whoever opens the pages reads every metric of the fleet.",
        ]);
        assert.deepEqual(problems({ ...NGINX, ingress: { controller: "nginx" }, sourceRanges: [], login: BY_PROXY }), [
            "exposure.sourceRanges: [] has too few entries: write at least 1.",
        ]);
        assert.deepEqual(problems({ ...NGINX, ingress: { controller: "nginx" }, login: BY_PROXY }), [
            "exposure.ingress.tlsSecret: is missing: the pages would have no certificate. Name the Secret with a certificate for every page, or in clusterIssuer the ClusterIssuer of cert-manager that makes them.",
        ]);
        assert.deepEqual(problems({ ...NGINX, ingress: { ...NGINX.ingress, clusterIssuer: "letsencrypt" }, login: BY_PROXY }), [
            "exposure.ingress.tlsSecret: is set beside clusterIssuer: cert-manager would overwrite it. Remove one of the two.",
        ]);
        const { certificate: _, ...ingress } = ALB.ingress;
        assert.deepEqual(problems({ ...ALB, ingress, login: BY_ALB }), ["exposure.ingress.certificate: is missing. Set it."]);
    });

    it("says which logins and controllers there are", () =>
        assert.deepEqual(problems({ sourceRanges: ["10.0.0.0"], ingress: { controller: "traefik" }, login: { by: "password" } }), [
            'exposure.sourceRanges[0]: "10.0.0.0" is not a CIDR block. Write for instance 10.42.0.0/16.',
            'exposure.ingress.controller: "traefik" is not a controller. Write alb or nginx.',
            'exposure.login.by: "password" is not a login. Write oauth2-proxy, alb or nobody.',
        ]));

    it("is refused where nobody asks for a login: without a reason, or for everybody", () => {
        assert.deepEqual(problems({ ...NGINX, login: { by: "nobody", reason: "" } }), [
            'exposure.login.reason: "" is no reason. Write what authenticates people instead.',
        ]);
        assert.deepEqual(problems({ ...ALB, sourceRanges: ["10.0.0.0/8", "0.0.0.0/0"], login: NOBODY }), [
            "exposure.sourceRanges: query.fleet.test may be opened from everywhere. List the networks that people come from.",
        ]);
    });

    it("is refused with a login that only another ingress has, that lets nobody in, or that never ends", () => {
        assert.deepEqual(problems({ ...NGINX, login: BY_ALB }), [
            'exposure.login.by: "alb" has no meaning with the controller nginx: nobody would ask for a login. Write oauth2-proxy.',
        ]);
        assert.deepEqual(problems({ ...NGINX, login: { ...BY_PROXY, emailDomains: [] } }), [
            'exposure.login.emailDomains: is empty, and groups too: nobody would be let in. Write the domain of your email addresses, or groups. Write "*" where the issuer knows only people who may read every metric.',
        ]);
        assert.deepEqual(problems({ ...ALB, login: { ...BY_ALB, session: "8d" } }), [
            "exposure.login.session: 8d is longer than 7d, the longest that an ALB takes: who has left would get in all that time. Write for instance 12h.",
        ]);
        assert.deepEqual(problems({ ...ALB, login: { ...BY_ALB, session: "7d" } }), []);
    });

    it("takes no issuer in plain HTTP, but on the same machine", () => {
        const withIssuer = (issuer: string) => problems({ ...NGINX, login: { ...BY_PROXY, issuer } });
        for (const issuer of [
            "http://login.example.com",
            "login.example.com",
            "https://login.example.com?a=b",
            "http://127.0.0.1.evil.test",
        ])
            assert.deepEqual(withIssuer(issuer), [
                `exposure.login.issuer: "${issuer}" is not the address of an issuer: whoever reads along could log in as anybody. Write https://...`,
            ]);
        for (const issuer of ["https://login.example.com:8443/realms/a", "http://127.0.0.1:5556/dex", "http://localhost", "http://[::1]:1"])
            assert.deepEqual(withIssuer(issuer), []);
        assert.deepEqual(problems({ ...ALB, login: { ...BY_ALB, tokenEndpoint: "http://login.example.com/token" } }), [
            'exposure.login.tokenEndpoint: "http://login.example.com/token" is not the address of an issuer: whoever reads along could log in as anybody. Write https://...',
        ]);
    });

    it("gives each page a name of its own, and none to a page that is not there", () => {
        const hosts = (names: object, more: object = {}) => problems({ ...NGINX, login: BY_PROXY, hosts: names }, more);
        const all = { grafana: {}, bucketWeb: {} };
        assert.deepEqual(hosts({ query: "q.example.com", grafana: "g.example.com", blocks: "b.example.com" }, all), []);
        assert.deepEqual(hosts({ query: "grafana.fleet.test", blocks: "grafana.fleet.test" }, all), [
            'exposure.hosts.grafana: "grafana.fleet.test" is the name of the page query already: one of them could not be reached. Write another name: each page has its own.',
            'exposure.hosts.blocks: "grafana.fleet.test" is the name of the page query already: one of them could not be reached. Write another name: each page has its own.',
        ]);
        assert.deepEqual(hosts({ grafana: "g.example.com", blocks: "b.example.com" }, { grafana: { server: "unmanaged" } }), [
            "exposure.hosts.grafana: is the name of a Grafana that this stack does not install. Remove it, or write grafana: {}.",
            "exposure.hosts.blocks: is the name of pages that are not there. Remove it, or write bucketWeb: {}.",
        ]);
    });
});
