import assert from "node:assert/strict";
import { UnknownValueError } from "@pulumi/policy";
import type { Manifest } from "../../../../rules/reading/manifest";
import { readModel } from "../../../../rules/reading/readModel";
import { IMAGE, manifest, UNKNOWN } from "../../../support/thanosManifests";

const PROXY = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3";

const pods = (app: string, image: string, namespace = "monitoring") =>
    manifest("apps/v1", "Deployment", app, {
        metadata: { name: app, namespace },
        spec: { template: { metadata: { labels: { app } }, spec: { containers: [{ image }] } } },
    });
const service = (name: string, app: string, namespace = "monitoring") =>
    manifest("core/v1", "Service", name, { metadata: { name, namespace }, spec: { selector: { app } } });
const ingress = (annotations: object, ...services: string[]) =>
    manifest("networking.k8s.io/v1", "Ingress", "pages", {
        metadata: { name: "pages", namespace: "monitoring", annotations },
        spec: {
            rules: [
                { host: "metrics.example.com", http: { paths: services.map((name) => ({ path: "/", backend: { service: { name } } })) } },
            ],
        },
    });
const pagesOf = (...manifests: Manifest[]) => readModel(manifests, ["pages"]).model.pages.map(({ path: _, ...page }) => page);

const FRONTEND = [pods("frontend", IMAGE), service("frontend", "frontend")];
const LOGIN = [pods("login", PROXY), service("login", "login")];
const ALB = "alb.ingress.kubernetes.io";
const NGINX = "nginx.ingress.kubernetes.io";

describe("the pages that manifests expose", () => {
    it("are Thanos behind an Ingress, with the login and the networks of its annotations", () => {
        const cases: [annotations: object, expected: object][] = [
            [{}, { login: false, sources: [] }],
            [
                { [`${ALB}/auth-type`]: "oidc", [`${ALB}/inbound-cidrs`]: "10.0.0.0/8,192.0.2.0/24" },
                { login: true, sources: ["10.0.0.0/8", "192.0.2.0/24"] },
            ],
            [{ [`${ALB}/auth-type`]: "none" }, { login: false, sources: [] }],
            [
                { [`${NGINX}/auth-url`]: "https://login.example.com", [`${NGINX}/whitelist-source-range`]: "10.0.0.0/8" },
                { login: true, sources: ["10.0.0.0/8"] },
            ],
            [{ "thanos-fleet/no-login": "a VPN" }, { login: false, reason: "a VPN", sources: [] }],
        ];
        for (const [annotations, expected] of cases)
            assert.deepEqual(pagesOf(...FRONTEND, ingress(annotations, "frontend")), [{ host: "metrics.example.com", ...expected }]);
    });

    it("have a login where oauth2-proxy is before all of their paths, from a mirror too", () => {
        const login = (...manifests: Manifest[]) => pagesOf(...FRONTEND, ...manifests).map((page) => page.login);
        assert.deepEqual(login(...LOGIN, ingress({}, "login")), [true]);
        assert.deepEqual(login(pods("login", "mirror.test/oauth2-proxy@sha256:0a"), service("login", "login"), ingress({}, "login")), [
            true,
        ]);
        assert.deepEqual(login(...LOGIN, ingress({}, "login", "frontend")), [false]);
    });

    it("are not known where middlewares of Traefik decide who opens them", () => {
        const annotations = { "traefik.ingress.kubernetes.io/router.middlewares": "default-internal@kubernetescrd" };
        const { model, lacks } = readModel([...FRONTEND, ingress(annotations, "frontend")], ["pages"]);
        assert.deepEqual(model.pages, []);
        assert.deepEqual(
            lacks.map(({ fact }) => fact),
            ["middlewares of Traefik decide who opens metrics.example.com (default-internal@kubernetescrd)"],
        );
    });

    it("are none where an Ingress leads to something else, to another namespace, or to pods that are not there", () => {
        assert.deepEqual(pagesOf(...FRONTEND, pods("shop", "shop:1"), service("shop", "shop"), ingress({}, "shop")), []);
        assert.deepEqual(pagesOf(pods("frontend", IMAGE, "other"), service("frontend", "frontend", "other"), ingress({}, "frontend")), []);
        assert.deepEqual(pagesOf(...FRONTEND, ingress({}, "kps-grafana")), []);
    });

    it("are unread where a value is unknown before the update", () => {
        const { model, unread } = readModel(
            [
                ...FRONTEND,
                manifest("networking.k8s.io/v1", "Ingress", "pages", { metadata: { annotations: { [`${ALB}/auth-type`]: UNKNOWN } } }),
            ],
            ["pages"],
            (error) => error instanceof UnknownValueError,
        );
        assert.deepEqual([model.pages, unread.map(({ path }) => path)], [[], ["Ingress pages"]]);
    });
});
