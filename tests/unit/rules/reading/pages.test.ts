import assert from "node:assert/strict";
import { UnknownValueError } from "../../../../policies/properties";
import type { Manifest } from "../../../../rules/reading/manifest";
import { readModel } from "../../../../rules/reading/readModel";
import { IMAGE, manifest, UNKNOWN } from "../../../support/thanosManifests";

const PROXY = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3";

const pods = (app: string, containers: object[], namespace = "monitoring", more: object = {}) =>
    manifest("apps/v1", "Deployment", app, {
        metadata: { name: app, namespace },
        spec: { template: { metadata: { labels: { app } }, spec: { containers, ...more } } },
    });
const service = (name: string, app: string, namespace = "monitoring", annotations: object = {}) =>
    manifest("core/v1", "Service", name, { metadata: { name, namespace, annotations }, spec: { selector: { app } } });
/** An Ingress with a path for each Service. */
const ingress = (annotations: object, services: readonly string[], ingressClassName?: unknown) =>
    manifest("networking.k8s.io/v1", "Ingress", "pages", {
        metadata: { name: "pages", namespace: "monitoring", annotations },
        spec: {
            ...(ingressClassName !== undefined && { ingressClassName }),
            rules: [
                { host: "metrics.example.com", http: { paths: services.map((name) => ({ path: "/", backend: { service: { name } } })) } },
            ],
        },
    });

/** The pages and what is not known of them; without their path. */
function pagesOf(...manifests: Manifest[]) {
    const { model, lacks } = readModel(manifests, ["pages"]);
    return [...model.pages.map(({ path: _, ...page }) => page), ...lacks.map(({ fact }) => fact)];
}

const thanos = (...args: string[]) => ({ image: IMAGE, args });
const QUERY_FRONTEND = thanos("query-frontend", "--query-frontend.downstream-url=http://query:9090");
const FRONTEND = [pods("frontend", [QUERY_FRONTEND]), service("frontend", "frontend")];
const inFront = (...containers: object[]) => [pods("login", containers), service("login", "login")];
const proxy = (...args: string[]) => ({ image: PROXY, args });
const ALB = "alb.ingress.kubernetes.io";
const NGINX = "nginx.ingress.kubernetes.io";
const HOST = "metrics.example.com";

describe("the pages that manifests expose", () => {
    const OPEN = { login: false, sources: [] };
    const ASKS = { login: true, sources: [] };
    const cases: [annotations: Record<string, string>, expected: object][] = [
        [{}, OPEN],
        [
            { [`${ALB}/auth-type`]: "oidc", [`${ALB}/inbound-cidrs`]: "10.0.0.0/8,192.0.2.0/24" },
            { login: true, sources: ["10.0.0.0/8", "192.0.2.0/24"] },
        ],
        [{ [`${ALB}/auth-type`]: "cognito", [`${ALB}/scheme`]: "internet-facing" }, ASKS],
        [{ [`${ALB}/auth-type`]: "none", [`${ALB}/scheme`]: "internet-facing" }, OPEN],
        [{ [`${ALB}/auth-type`]: "oidc", [`${ALB}/auth-on-unauthenticated-request`]: "allow", [`${ALB}/scheme`]: "internet-facing" }, OPEN],
        [
            { [`${NGINX}/auth-url`]: "https://login.example.com", [`${NGINX}/whitelist-source-range`]: "10.0.0.0/8" },
            { login: true, sources: ["10.0.0.0/8"] },
        ],
        [{ [`${NGINX}/allowlist-source-range`]: "10.0.0.0/8, 192.0.2.1/32" }, { login: false, sources: ["10.0.0.0/8", "192.0.2.1/32"] }],
        [{ [`${NGINX}/auth-type`]: "basic", [`${NGINX}/auth-secret`]: "users" }, ASKS],
        [{ [`${NGINX}/auth-type`]: "basic" }, OPEN],
        [{ [`${NGINX}/auth-tls-secret`]: "monitoring/ca" }, ASKS],
        [{ [`${NGINX}/auth-tls-secret`]: "monitoring/ca", [`${NGINX}/auth-tls-verify-client`]: "optional" }, OPEN],
        [{ "thanos-fleet/no-login": "a VPN" }, { login: false, reason: "a VPN", sources: [] }],
        // As in home labs: oauth2-proxy in another namespace decides, and no network is listed.
        [
            {
                "cert-manager.io/cluster-issuer": "letsencrypt",
                [`${NGINX}/auth-url`]: "http://oauth2-proxy.auth.svc.cluster.local/oauth2/auth",
                [`${NGINX}/auth-signin`]: "https://auth.example.com/oauth2/start?rd=$escaped_request_uri",
                [`${NGINX}/enable-cors`]: "true",
            },
            ASKS,
        ],
    ];
    for (const [annotations, expected] of cases)
        it(`are Thanos behind an Ingress with ${JSON.stringify(annotations)}`, () =>
            assert.deepEqual(pagesOf(...FRONTEND, ingress(annotations, ["frontend"])), [{ host: HOST, ...expected }]));

    it("have the login that an ALB reads at the Service", () => {
        const guarded = service("frontend", "frontend", "monitoring", { [`${ALB}/auth-type`]: "cognito" });
        const annotations = { [`${ALB}/scheme`]: "internet-facing" };
        assert.deepEqual(pagesOf(pods("frontend", [QUERY_FRONTEND]), guarded, ingress(annotations, ["frontend"], "alb")), [
            { host: HOST, ...ASKS },
        ]);
    });

    it("have networks that nobody knows behind an ALB that is internal, as it is unless it says otherwise, or has security groups of its own", () => {
        const sources = (annotations: object) =>
            readModel([...FRONTEND, ingress(annotations, ["frontend"], "alb")], ["pages"]).model.pages.map((page) => page.sources);
        const internal = { notKnown: "the ALB is internal, so its VPC decides from where it is reached" };
        assert.deepEqual(sources({}), [internal]);
        assert.deepEqual(sources({ [`${ALB}/scheme`]: "internal", [`${ALB}/inbound-cidrs`]: "0.0.0.0/0" }), [internal]);
        assert.deepEqual(sources({ [`${ALB}/inbound-cidrs`]: "10.0.0.0/8" }), [["10.0.0.0/8"]]);
        assert.deepEqual(sources({ [`${ALB}/scheme`]: "internet-facing", [`${ALB}/inbound-cidrs`]: "0.0.0.0/0" }), [["0.0.0.0/0"]]);
        assert.deepEqual(sources({ [`${ALB}/scheme`]: "internet-facing", [`${ALB}/security-groups`]: "office" }), [
            { notKnown: "security groups of the ALB decide from where it is reached" },
        ]);
    });

    it("are those of components that show metrics, or what they are stored in", () => {
        const exposes = (...args: string[]) => pagesOf(pods("it", [thanos(...args)]), service("it", "it"), ingress({}, ["it"])).length;
        assert.deepEqual(
            [["query"], ["rule"], ["store"], ["compact"], ["tools", "bucket", "web"]].map((args) => exposes(...args)),
            [1, 1, 1, 1, 1],
        );
        assert.deepEqual(
            [["receive"], ["sidecar"], ["tools", "bucket", "replicate"]].map((args) => exposes(...args)),
            [0, 0, 0],
        );
    });

    it("have a login where oauth2-proxy passes all of their paths on to Thanos, from a mirror too", () => {
        const to = (...upstreams: string[]) => proxy("--provider=oidc", ...upstreams.map((url) => `--upstream=${url}`));
        const asks = [{ host: HOST, ...ASKS }];
        const found = (...containers: object[]) => pagesOf(...FRONTEND, ...inFront(...containers), ingress({}, ["login"]));
        assert.deepEqual(found(to("http://frontend:9090/")), asks);
        assert.deepEqual(found(to("http://grafana:3000/", "http://frontend.monitoring.svc.cluster.local:9090/")), asks);
        assert.deepEqual(found({ ...to("http://frontend:9090"), image: "mirror.test/oauth2-proxy@sha256:0a" }), asks);
        const variable = { name: "OAUTH2_PROXY_UPSTREAMS", value: "http://grafana:3000,http://frontend:9090" };
        assert.deepEqual(found({ image: PROXY, env: [variable] }), asks);
        assert.deepEqual(pagesOf(...FRONTEND, ...inFront(to("http://frontend:9090")), ingress({}, ["login", "frontend"])), [
            { host: HOST, ...OPEN },
        ]);
    });

    it("are none where oauth2-proxy is before something else, or answers for the login alone", () => {
        // As in the documents of oauth2-proxy for nginx and Traefik: who has logged in gets 202, and no page.
        for (const upstream of ["static://202", "file:///dev/null", "http://argocd-server:80", "http://frontend.example.com"])
            assert.deepEqual(pagesOf(...FRONTEND, ...inFront(proxy(`--upstream=${upstream}`)), ingress({}, ["login"])), [], upstream);
        assert.deepEqual(pagesOf(...inFront(proxy("--config=/etc/oauth2-proxy.cfg")), ingress({}, ["login"])), []);
    });

    /** With a file of exporter-toolkit. */
    const web = (content: string) => {
        const asking = { ...thanos("query-frontend", "--http.config=/web/web.yml"), volumeMounts: [{ name: "web", mountPath: "/web" }] };
        return [
            pods("frontend", [asking], "monitoring", { volumes: [{ name: "web", configMap: { name: "web" } }] }),
            manifest("core/v1", "ConfigMap", "web", { metadata: { name: "web", namespace: "monitoring" }, data: { "web.yml": content } }),
            service("frontend", "frontend"),
            ingress({}, ["frontend"]),
        ];
    };
    it("have the login that Thanos itself asks for", () => {
        assert.deepEqual(pagesOf(...web("basic_auth_users: {reader: $2y$10$x}")), [{ host: HOST, ...ASKS }]);
        assert.deepEqual(pagesOf(...web("tls_server_config: {client_auth_type: RequireAndVerifyClientCert}")), [{ host: HOST, ...ASKS }]);
        assert.deepEqual(pagesOf(...web("tls_server_config: {cert_file: a, key_file: b}\nbasic_auth_users: {}")), [
            { host: HOST, ...OPEN },
        ]);
        assert.deepEqual(pagesOf(...web("").filter(({ kind }) => kind !== "ConfigMap")), [
            "--http.config may ask for a login: ConfigMap monitoring/web (web.yml) is not among the manifests",
        ]);
    });

    it("are not known where something that is not read may ask", () => {
        const unread = (annotations: object, ingressClass?: string) =>
            pagesOf(...FRONTEND, ingress(annotations, ["frontend"], ingressClass));
        for (const key of [
            "traefik.ingress.kubernetes.io/router.middlewares",
            "haproxy.org/auth-type",
            "konghq.com/plugins",
            "nginx.org/basic-auth-secret",
            "ingress.kubernetes.io/whitelist-source-range",
        ])
            assert.deepEqual(unread({ [key]: "x" }), [`${key} may decide who opens ${HOST}`]);
        for (const ingressClass of ["traefik", "gce", "haproxy", "internal"])
            assert.deepEqual(unread({}, ingressClass), [`an Ingress of class ${ingressClass} may decide who opens ${HOST}`]);
        assert.deepEqual(unread({ "kubernetes.io/ingress.class": "contour" }), [
            `an Ingress of class contour may decide who opens ${HOST}`,
        ]);
        const snippet = `${NGINX}/configuration-snippet`;
        assert.deepEqual(unread({ [snippet]: "satisfy any; allow 10.0.0.0/8; deny all;" }), [`${snippet} may decide who opens ${HOST}`]);
        assert.deepEqual(unread({ [snippet]: "more_set_headers 'X-Frame-Options: DENY';" }, "nginx-internal"), [{ host: HOST, ...OPEN }]);
    });

    it("are not known where another container of their pods may ask, or Thanos for a certificate", () => {
        const beside = (image: string) =>
            pagesOf(pods("frontend", [QUERY_FRONTEND, { image }]), service("frontend", "frontend"), ingress({}, ["frontend"]));
        for (const image of ["quay.io/openshift/oauth-proxy:4.9", "quay.io/brancz/kube-rbac-proxy:v0.18.1", "nginx:1"])
            assert.deepEqual(beside(image), [`which container of its pods answers is not read, and ${image} may ask for a login`]);
        assert.deepEqual(beside("proxy.example.com/jaegertracing/jaeger-agent:1"), [{ host: HOST, ...OPEN }]);
        const store = [pods("it", [thanos("store", "--grpc-server-tls-client-ca=/tls/ca.crt")]), service("it", "it")];
        assert.deepEqual(pagesOf(...store, ingress({ [`${NGINX}/backend-protocol`]: "GRPCS" }, ["it"])), [
            "--grpc-server-tls-client-ca may ask for a certificate",
        ]);
        assert.deepEqual(pagesOf(...store, ingress({}, ["it"])), [{ host: HOST, ...OPEN }]);
    });

    it("are none where an Ingress leads to something else, to another namespace, or to pods that are not there", () => {
        assert.deepEqual(pagesOf(...FRONTEND, pods("shop", [{ image: "shop:1" }]), service("shop", "shop"), ingress({}, ["shop"])), []);
        const elsewhere = [pods("frontend", [QUERY_FRONTEND], "other"), service("frontend", "frontend", "other")];
        assert.deepEqual(pagesOf(...elsewhere, ingress({}, ["frontend"])), []);
        assert.deepEqual(pagesOf(...FRONTEND, ingress({}, ["kps-grafana"])), []);
    });

    /** An object of another kind that leads to the Services. */
    const route = (apiVersion: string, kind: string, spec: object) =>
        manifest(apiVersion, kind, "pages", { metadata: { name: "pages", namespace: "monitoring" }, spec });

    it("are behind an Ingress of an older version, or behind its default backend, too", () => {
        const paths = [{ path: "/", backend: { serviceName: "frontend", servicePort: 9090 } }];
        for (const apiVersion of ["networking.k8s.io/v1beta1", "extensions/v1beta1"]) {
            assert.deepEqual(pagesOf(...FRONTEND, route(apiVersion, "Ingress", { rules: [{ host: HOST, http: { paths } }] })), [
                { host: HOST, ...OPEN },
            ]);
            assert.deepEqual(pagesOf(...FRONTEND, route(apiVersion, "Ingress", { backend: { serviceName: "frontend" } })), [
                { host: "*", ...OPEN },
            ]);
        }
        const all = { defaultBackend: { service: { name: "frontend" } } };
        assert.deepEqual(pagesOf(...FRONTEND, route("networking.k8s.io/v1", "Ingress", all)), [{ host: "*", ...OPEN }]);
    });

    it("are not known behind Traefik's IngressRoute or an HTTPRoute, unless Thanos itself asks", () => {
        const services = [{ name: "frontend", port: 9090 }];
        const byTraefik = (more: object = {}) =>
            route("traefik.io/v1alpha1", "IngressRoute", {
                routes: [
                    {
                        match: `Host(\`${HOST}\`) && PathPrefix(\`/\`)`,
                        kind: "Rule",
                        services: services.map((one) => ({ ...one, ...more })),
                    },
                ],
            });
        const byGateway = route("gateway.networking.k8s.io/v1", "HTTPRoute", { hostnames: [HOST], rules: [{ backendRefs: services }] });
        const traefik = [`middlewares of an IngressRoute and of its entry points may decide who opens ${HOST}`];
        assert.deepEqual(pagesOf(...FRONTEND, byTraefik()), traefik);
        assert.deepEqual(pagesOf(...FRONTEND, byTraefik({ namespace: "monitoring", kind: "Service" })), traefik);
        assert.deepEqual(pagesOf(...FRONTEND, byGateway), [`policies of an HTTPRoute and of its gateway may decide who opens ${HOST}`]);
        const asking = web("basic_auth_users: {reader: $2y$10$x}").filter(({ kind }) => kind !== "Ingress");
        for (const one of [byTraefik(), byGateway]) assert.deepEqual(pagesOf(...asking, one), [{ host: HOST, ...ASKS }]);
        // A name of another kind, as of Traefik's own dashboard, or in another namespace.
        assert.deepEqual(pagesOf(...FRONTEND, byTraefik({ kind: "TraefikService" })), []);
        assert.deepEqual(pagesOf(...FRONTEND, byTraefik({ namespace: "other" })), []);
    });

    it("are unread where a value is unknown before the update, and it decides", () => {
        const unreadOf = (annotations: object) => {
            const { model, unread } = readModel(
                [...FRONTEND, ingress(annotations, ["frontend"], "alb")],
                ["pages"],
                (error) => error instanceof UnknownValueError,
            );
            return [model.pages.length, unread.map(({ path }) => path)];
        };
        assert.deepEqual(unreadOf({ [`${ALB}/auth-type`]: UNKNOWN }), [0, ["Ingress pages"]]);
        assert.deepEqual(unreadOf({ [`${ALB}/certificate-arn`]: UNKNOWN }), [1, []]);
    });
});
