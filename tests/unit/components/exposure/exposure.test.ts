import assert from "node:assert/strict";
import { ingressAnnotations } from "../../../../components/exposure/ingress";
import { oauth2ProxyFlags } from "../../../../components/exposure/oauth2Proxy";
import { pagesOf, upstreamOf } from "../../../../components/exposure/pages";
import { visitorsOf } from "../../../../components/exposure/visitors";
import { loadConfig } from "../../../../config/load";
import type { ObserverConfig } from "../../../../config/schema";
import { type PlannedResource, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import { ALB, buildExposed, buildObserver, ENDPOINTS, NGINX, OIDC, observerConfig } from "../../../support/testFleet";

const BY_PROXY = { by: "oauth2-proxy", ...OIDC, emailDomains: ["example.com"] };
const configOf = (exposure: object | undefined, more: object = {}) =>
    loadConfig(observerConfig("local", { ...(exposure && { exposure }), ...more })) as ObserverConfig;
const annotationsOf = (exposure: object) => {
    const config = configOf(exposure).exposure;
    assert.ok(config);
    return ingressAnnotations(config, 135);
};

describe("the annotations of the Ingress", () => {
    const SOURCES = "10.8.0.0/16,192.0.2.0/24";
    const OF_ALB = {
        "alb.ingress.kubernetes.io/scheme": "internal",
        "alb.ingress.kubernetes.io/target-type": "ip",
        "alb.ingress.kubernetes.io/inbound-cidrs": SOURCES,
        "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
        "alb.ingress.kubernetes.io/ssl-redirect": "443",
        "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "alb.ingress.kubernetes.io/certificate-arn": ALB.ingress.certificate,
        "alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds=135",
    };

    it("let an ALB ask for the login itself", () =>
        assert.deepEqual(annotationsOf({ ...ALB, login: { by: "alb", ...OIDC, ...ENDPOINTS, scope: "openid email", session: "1h30m" } }), {
            ...OF_ALB,
            "alb.ingress.kubernetes.io/auth-type": "oidc",
            "alb.ingress.kubernetes.io/auth-idp-oidc":
                '{"issuer":"https://login.example.com","authorizationEndpoint":"https://login.example.com/auth",' +
                '"tokenEndpoint":"https://login.example.com/token","userInfoEndpoint":"https://login.example.com/userinfo","secretName":"login"}',
            "alb.ingress.kubernetes.io/auth-on-unauthenticated-request": "authenticate",
            "alb.ingress.kubernetes.io/auth-scope": "openid email",
            "alb.ingress.kubernetes.io/auth-session-timeout": "5400",
        }));

    it("leave the login to oauth2-proxy, and say why there is none", () => {
        assert.deepEqual(annotationsOf({ ...ALB, login: BY_PROXY }), OF_ALB);
        assert.deepEqual(
            annotationsOf({
                ...ALB,
                ingress: { ...ALB.ingress, scheme: "internet-facing" },
                login: { by: "nobody", reason: "a WAF asks for a login" },
            }),
            {
                ...OF_ALB,
                "alb.ingress.kubernetes.io/scheme": "internet-facing",
                "thanos-fleet/no-login": "a WAF asks for a login",
            },
        );
    });

    it("are those of ingress-nginx behind another controller, and of cert-manager", () => {
        const nginx = {
            "nginx.ingress.kubernetes.io/whitelist-source-range": SOURCES,
            "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "135",
            "nginx.ingress.kubernetes.io/proxy-buffer-size": "16k",
        };
        assert.deepEqual(annotationsOf({ ...NGINX, login: BY_PROXY }), nginx);
        assert.deepEqual(annotationsOf({ ...NGINX, ingress: { controller: "nginx", clusterIssuer: "ours" }, login: BY_PROXY }), {
            ...nginx,
            "cert-manager.io/cluster-issuer": "ours",
        });
    });

    it("wait no longer than an ALB can", () => {
        const { exposure } = configOf({ ...ALB, login: BY_PROXY });
        assert.ok(exposure);
        assert.equal(
            ingressAnnotations(exposure, 5000)["alb.ingress.kubernetes.io/load-balancer-attributes"],
            "idle_timeout.timeout_seconds=4000",
        );
    });
});

describe("the flags of oauth2-proxy", () => {
    const flags = (more: object) => {
        const { exposure } = configOf({ ...NGINX, login: { ...BY_PROXY, ...more } });
        assert.ok(exposure?.login.by === "oauth2-proxy");
        const { login } = exposure;
        return (page: "query" | "grafana") =>
            oauth2ProxyFlags({
                ...login,
                page,
                host: `${page}.fleet.test`,
                upstreams: ["http://page:10902/"],
                timeout: 135,
            });
    };
    const COMMON = (host: string) => [
        "--http-address=0.0.0.0:4180",
        "--upstream=http://page:10902/",
        "--upstream-timeout=135s",
        "--provider=oidc",
        "--oidc-issuer-url=https://login.example.com",
        "--client-secret-file=/etc/oauth2-proxy/client/clientSecret",
        `--redirect-url=https://${host}/oauth2/callback`,
    ];
    const REST = (session: string) => [
        "--cookie-secret-file=/etc/oauth2-proxy/cookie/cookie-secret",
        "--cookie-name=__Host-login",
        "--cookie-samesite=lax",
        `--cookie-expire=${session}`,
        "--session-cookie-minimal",
        "--skip-provider-button",
        "--api-route=/api/",
        "--silence-ping-logging",
    ];

    it("let in people of a domain", () =>
        assert.deepEqual(flags({})("grafana"), [
            ...COMMON("grafana.fleet.test"),
            "--code-challenge-method=S256",
            "--insecure-oidc-skip-nonce=false",
            "--email-domain=example.com",
            ...REST("12h"),
        ]));

    it("let in groups only, and programs to Query Frontend only", () => {
        const of = flags({ emailDomains: [], groups: ["sre", "data"], scope: "openid groups", session: "1d", bearerTokens: true });
        const expected = (host: string) => [
            ...COMMON(host),
            "--scope=openid groups",
            "--code-challenge-method=S256",
            "--insecure-oidc-skip-nonce=false",
            "--email-domain=*",
            "--allowed-group=sre",
            "--allowed-group=data",
            ...REST("24h"),
        ];
        assert.deepEqual(of("grafana"), expected("grafana.fleet.test"));
        assert.deepEqual(of("query"), [...expected("query.fleet.test"), "--skip-jwt-bearer-tokens", "--bearer-token-login-fallback=false"]);
    });
});

describe("the pages of an observer", () => {
    it("are Query Frontend, and Grafana and blocks where they are", () => {
        const names = (more: object, exposure: object = {}) =>
            pagesOf(configOf({ ...NGINX, login: BY_PROXY, ...exposure }, more)).map(({ name, host }) => `${name} ${host}`);
        assert.deepEqual(names({}), ["query query.fleet.test"]);
        assert.deepEqual(names({ grafana: { server: "unmanaged" }, bucketWeb: { streams: [] } }), ["query query.fleet.test"]);
        assert.deepEqual(names({ grafana: {}, bucketWeb: {} }, { hosts: { query: "metrics.example.com" } }), [
            "query metrics.example.com",
            "grafana grafana.fleet.test",
            "blocks blocks.fleet.test",
        ]);
    });

    it("have each stream's blocks under its name, the first one's at once", () => {
        const [, blocks] = pagesOf(configOf({ ...NGINX, login: BY_PROXY }, { bucketWeb: {} }));
        assert.deepEqual(
            blocks?.backends.map((backend) => upstreamOf(backend, "monitoring")),
            [
                "http://thanos-bucket-web-observer.monitoring.svc.cluster.local:10902/",
                "http://thanos-bucket-web-blue.monitoring.svc.cluster.local:10902/blue/",
                "http://thanos-bucket-web-red.monitoring.svc.cluster.local:10902/red/",
            ],
        );
    });
});

describe("the pods of pages", () => {
    const login = { podSelector: { matchLabels: { "app.kubernetes.io/name": "oauth2-proxy", "app.kubernetes.io/component": "query" } } };
    const visitors = (exposure: object | undefined, more: object = {}, isPublished = false) =>
        visitorsOf("query", configOf(exposure, more), isPublished);

    it("take connections from oauth2-proxy, or from the ingress where another one asks for the login", () => {
        assert.deepEqual(visitors({ ...NGINX, login: BY_PROXY }), [login]);
        assert.deepEqual(visitors({ ...ALB, login: BY_PROXY }), [login]);
        assert.deepEqual(visitors({ ...ALB, login: { by: "alb", ...OIDC, ...ENDPOINTS } }), [
            { ipBlock: { cidr: "10.42.0.0/19" } },
            { ipBlock: { cidr: "10.42.32.0/19" } },
        ]);
        assert.deepEqual(visitors({ ...NGINX, login: { by: "nobody", reason: "the VPN asks for a login" } }), [
            { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } },
        ]);
    });

    it("take none without an exposure, but from Grafana, and through the load balancer of a local machine", () => {
        assert.deepEqual(visitors(undefined), []);
        assert.deepEqual(visitors(undefined, { grafana: {} }), ["grafana"]);
        assert.deepEqual(visitors(undefined, { grafana: { server: "unmanaged" } }), [
            { namespaceSelector: {}, podSelector: { matchLabels: { "app.kubernetes.io/name": "grafana" } } },
        ]);
        assert.equal(visitors(undefined, {}, true), "anywhere");
        assert.deepEqual(visitors({ ...NGINX, login: BY_PROXY }, { grafana: {} }, true), [login, "grafana"]);
        assert.deepEqual(visitorsOf("blocks", configOf(undefined), true), []);
    });
});

describe("an observer with exposed pages", () => {
    const find = (resources: readonly PlannedResource[], type: string, name: string) => {
        const [found] = resources.filter((r) => r.type.endsWith(`:${type}`) && r.name === name);
        assert.ok(found, `${type} ${name}`);
        return found;
    };
    const titles = (resources: readonly PlannedResource[], pattern: RegExp) =>
        resources
            .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
            .filter((title) => pattern.test(title))
            .sort();

    it("makes the key of the cookies, 32 bytes that stay secret, and two pods of oauth2-proxy for each page", async () => {
        const { resources } = await buildExposed("proxy-login");
        const { props, secrets } = find(resources, "RandomPassword", "login-cookie");
        assert.deepEqual([props.length, props.special], [32, false]);
        assert.deepEqual(Object.keys(find(resources, "Secret", "login-cookie").secrets), ["stringData"]);
        assert.deepEqual(Object.keys(secrets), []);
        for (const page of ["query", "grafana", "blocks"])
            assert.equal((find(resources, "Deployment", `login-${page}`).props.spec as { replicas: number }).replicas, 2);
        assert.deepEqual(titles(resources, /^PodDisruptionBudget login/), [
            "PodDisruptionBudget login-blocks",
            "PodDisruptionBudget login-grafana",
            "PodDisruptionBudget login-query",
        ]);
        assert.deepEqual(find(resources, "NetworkPolicy", "login-query").props.spec, {
            podSelector: { matchLabels: { "app.kubernetes.io/name": "oauth2-proxy", "app.kubernetes.io/component": "query" } },
            policyTypes: ["Ingress"],
            ingress: [
                {
                    ports: [{ port: 4180, protocol: "TCP" }],
                    from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } }],
                },
            ],
        });
    });

    it("lets the controller of an ALB read the client's Secret, and no other, where the ALB asks for the login", async () => {
        const { resources } = await buildExposed("alb-login");
        assert.deepEqual(find(resources, "Role", "login-client").props.rules, [
            { apiGroups: [""], resources: ["secrets"], resourceNames: ["login"], verbs: ["get", "list", "watch"] },
        ]);
        assert.deepEqual(titles(resources, / login/), ["Role login-client", "RoleBinding login-client"]);
        assert.deepEqual(titles((await buildExposed("proxy-login")).resources, /^Role(Binding)? login/), []);
    });

    it("lets a load balancer look for what shows that a page is healthy, with and without a login before it", async () => {
        const health = (resources: readonly PlannedResource[], service: string) =>
            (find(resources, "Service", service).props.metadata as { annotations?: object }).annotations;
        const path = (at: string) => ({ "alb.ingress.kubernetes.io/healthcheck-path": at });
        const { resources } = await buildExposed("alb-login");
        assert.deepEqual(
            ["thanos-query-frontend-page", "kps-grafana-page", "thanos-bucket-web-red-page"].map((name) => health(resources, name)),
            [path("/-/healthy"), path("/api/health"), path("/-/healthy")],
        );
        const proxied = await runInProcess("observer", toEngineConfig(observerConfig("local", { exposure: { ...ALB, login: BY_PROXY } })));
        assert.deepEqual(health(proxied.resources, "login-query"), path("/ping"));
        assert.equal(health((await buildExposed("proxy-login")).resources, "login-query"), undefined);
    });

    it("tells each page its address", async () => {
        const rule = { files: ["tests/support/rules/fleet.yml"] };
        const exposure = { ...NGINX, hosts: { query: "metrics.example.com" }, login: BY_PROXY };
        const { resources, outputs } = await runInProcess(
            "observer",
            toEngineConfig(observerConfig("local", { rule, exposure, grafana: {}, bucketWeb: {} })),
        );
        const flags = (type: string, name: string) =>
            (find(resources, type, name).props.spec as { template: { spec: { containers: { args: string[] }[] } } }).template.spec
                .containers[0]?.args ?? [];
        assert.ok(flags("StatefulSet", "thanos-rule").includes("--alert.query-url=https://metrics.example.com"));
        assert.ok(flags("Deployment", "thanos-bucket-web-red").includes("--web.external-prefix=/red"));
        const { grafana } = find(resources, "Release", "kps").props.values as { grafana: Record<string, unknown> };
        assert.deepEqual(grafana["grafana.ini"], {
            server: { root_url: "https://grafana.fleet.test" },
            "auth.anonymous": { enabled: true, org_role: "Viewer" },
        });
        assert.equal(outputs.queryFrontend, "metrics.example.com");
        // The load balancer of a local machine, which asks nobody.
        assert.deepEqual(titles(resources, /^Service thanos-query-frontend-external/), []);
    });

    it("lets nobody into Grafana as a viewer where nobody asks for a login", async () => {
        const exposure = { ...NGINX, login: { by: "nobody", reason: "the VPN asks for a login" } };
        const { resources } = await runInProcess("observer", toEngineConfig(observerConfig("local", { exposure, grafana: {} })));
        const { grafana } = find(resources, "Release", "kps").props.values as { grafana: Record<string, unknown> };
        assert.deepEqual(grafana["grafana.ini"], { server: { root_url: "https://grafana.fleet.test" } });
    });

    it("exposes nothing on AWS unless it is told to", async () => {
        const { resources, outputs } = await buildObserver("aws");
        assert.deepEqual(titles(resources, /Ingress|query-frontend-external/), []);
        assert.equal(outputs.queryFrontend, "thanos-query-frontend.monitoring.svc.cluster.local");
    });

    it("takes oauth2-proxy from the mirror", async () => {
        const { resources } = await runInProcess(
            "observer",
            toEngineConfig(
                observerConfig("local", { exposure: { ...NGINX, login: BY_PROXY }, pods: { imageRegistry: "mirror.example.com/pull" } }),
            ),
        );
        const { template } = find(resources, "Deployment", "login-query").props.spec as {
            template: { spec: { containers: { image: string }[] } };
        };
        assert.equal(template.spec.containers[0]?.image, "mirror.example.com/pull/oauth2-proxy/oauth2-proxy:v7.15.3");
    });
});
