import { labelled, service, thanos } from "./example";
import { admitsEverybody, isKnown, NOTHING } from "./model";
import { Problems } from "./problem";
import { defineRule } from "./rule";

export const pagesAskForLogin = defineRule({
    id: "L32",
    name: "pages-ask-for-login",
    title: "Nobody reads metrics without a login",
    why: "Thanos asks nobody who it is: whoever reaches its page reads every metric of the fleet. Where a VPN asks instead, the page must be open to its network only.",
    source: "https://thanos.io/tip/operating/reverse-proxy.md/",
    remedy: "Set `exposure`: it puts oauth2-proxy, or the login of an ALB, before every page, and lists the networks that people come from.",
    severity: "high",
    reads: ["pages"],
    scope: "deployment",
    thresholds: {
        allowReason: {
            kind: "boolean",
            default: true,
            doc: "Whether a page may be without a login for a reason that its Ingress states (`thanos-fleet/no-login`).",
        },
    },
    settings: ["exposure.login", "exposure.sourceRanges"],
    check: ({ pages }, { allowReason }) => {
        const problems = new Problems();
        for (const { path, host, login, reason, sources } of pages)
            problems
                .when(
                    !login && !(allowReason && reason !== undefined),
                    `${path}.login`,
                    `${host} shows the metrics of the fleet to everybody who reaches it.`,
                    "Put oauth2-proxy before it, or let the ALB ask for a login.",
                )
                .when(
                    !login && isKnown(sources) && admitsEverybody(sources),
                    `${path}.sourceRanges`,
                    `${host} may be opened from everywhere.`,
                    "List the networks that people come from.",
                );
        return problems.all();
    },
    lacks: ({ pages }) =>
        pages.flatMap(({ path, login, sources }) => (login || isKnown(sources) ? [] : [{ path, fact: sources.notKnown }])),
    good: {
        ...NOTHING,
        pages: [
            { path: "asks", host: "query.fleet.test", login: true, sources: ["0.0.0.0/0"] },
            { path: "unlisted", host: "graph.fleet.test", login: true, sources: [] },
            { path: "vpn", host: "blocks.fleet.test", login: false, reason: "the VPN asks for a login", sources: ["10.0.0.0/8"] },
        ],
    },
    bad: {
        ...NOTHING,
        pages: [
            { path: "open", host: "query.fleet.test", login: false, sources: ["10.0.0.0/8"] },
            { path: "everybody", host: "blocks.fleet.test", login: false, reason: "the VPN asks for a login", sources: ["0.0.0.0/0"] },
        ],
    },
    manifests: {
        good: [
            ingress({ "nginx.ingress.kubernetes.io/auth-url": "https://login.example.com/oauth2/auth" }),
            service("query-frontend"),
            frontend(),
        ],
        bad: [ingress({}), service("query-frontend"), frontend()],
    },
});

function frontend() {
    return labelled(thanos("Deployment", "query-frontend", ["query-frontend", "--query-frontend.downstream-url=http://query:10902"]));
}

function ingress(annotations: Readonly<Record<string, string>>) {
    const backend = { service: { name: "query-frontend", port: { number: 10902 } } };
    const rule = { host: "metrics.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } };
    const metadata = { name: "metrics", annotations };
    return { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec: { ingressClassName: "nginx", rules: [rule] } };
}
