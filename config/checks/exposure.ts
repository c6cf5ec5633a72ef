import { parseDuration } from "../../rules/duration";
import { type Problem, Problems } from "../../rules/problem";
import { pageHosts } from "../exposure";
import type { ExposureConfig, ObserverConfig } from "../schema";

/** Pages that would be open to too many, or could not be reached. */
export function exposureChecks(config: ObserverConfig): Problem[] {
    const { exposure } = config;
    if (exposure === undefined) return [];
    return new Problems().add(hosts(config, exposure)).add(certificate(exposure)).add(login(exposure)).all();
}

function hosts(config: ObserverConfig, exposure: ExposureConfig): Problem[] {
    const pages = pageHosts(config);
    const problems = new Problems()
        .when(
            exposure.hosts.grafana !== undefined && pages.grafana === undefined,
            "exposure.hosts.grafana",
            "is the name of a Grafana that this stack does not install.",
            "Remove it, or write grafana: {}.",
        )
        .when(
            exposure.hosts.blocks !== undefined && pages.blocks === undefined,
            "exposure.hosts.blocks",
            "is the name of pages that are not there.",
            "Remove it, or write bucketWeb: {}.",
        );
    const names = Object.entries(pages);
    for (const [i, [page, host]] of names.entries()) {
        const [first] = names.slice(0, i).find(([, other]) => other === host) ?? [];
        problems.when(
            first !== undefined,
            `exposure.hosts.${page}`,
            `"${host}" is the name of the page ${first} already: one of them could not be reached.`,
            "Write another name: each page has its own.",
        );
    }
    return problems.all();
}

const certificate = ({ ingress }: ExposureConfig): Problem[] =>
    new Problems()
        .when(
            ingress.controller === "nginx" && ingress.tlsSecret === undefined && ingress.clusterIssuer === undefined,
            "exposure.ingress.tlsSecret",
            "is missing: the pages would have no certificate.",
            "Name the Secret with a certificate for every page, or in clusterIssuer the ClusterIssuer of cert-manager that makes them.",
        )
        .when(
            ingress.controller === "nginx" && ingress.tlsSecret !== undefined && ingress.clusterIssuer !== undefined,
            "exposure.ingress.tlsSecret",
            "is set beside clusterIssuer: cert-manager would overwrite it.",
            "Remove one of the two.",
        )
        .all();

/** The longest session that an ALB takes. */
const LONGEST_SESSION = "7d";

function login({ ingress, login: by }: ExposureConfig): Problem[] {
    const problems = new Problems().when(
        by.by === "alb" && ingress.controller !== "alb",
        "exposure.login.by",
        `"alb" has no meaning with the controller ${ingress.controller}: nobody would ask for a login.`,
        "Write oauth2-proxy.",
    );
    if (by.by === "oauth2-proxy")
        problems.when(
            by.emailDomains.length === 0 && by.groups.length === 0,
            "exposure.login.emailDomains",
            "is empty, and groups too: nobody would be let in.",
            'Write the domain of your email addresses, or groups. Write "*" where the issuer knows only people who may read every metric.',
        );
    if (by.by !== "nobody")
        problems.when(
            parseDuration(by.session) > parseDuration(LONGEST_SESSION),
            "exposure.login.session",
            `${by.session} is longer than ${LONGEST_SESSION}, the longest that an ALB takes: who has left would get in all that time.`,
            "Write for instance 12h.",
        );
    return problems.all();
}
