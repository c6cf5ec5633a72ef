import { type Run, runInProcess } from "../../engine/runInProcess";
import { toEngineConfig } from "../../engine/stackFile";

/** The fleet that the unit tests build, on AWS and locally. */

const common = { domain: "fleet.test", namespace: "monitoring" };
const clouds = {
    local: { cloud: "local", kubeconfig: "/kubeconfig", storageClass: "standard", chart: "/charts/kube-prometheus-stack" },
    aws: { cloud: "aws" },
};
type CloudName = keyof typeof clouds;

const OBSERVEES = [
    { name: "blue", mode: "sidecar" },
    { name: "red", mode: "sidecar-remote-write" },
];

export const observerConfig = (cloud: CloudName, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...common,
    ...clouds[cloud],
    role: "observer",
    cluster: "observer",
    observees: OBSERVEES,
    ...(cloud === "aws" && {
        aws: {
            region: "eu-west-1",
            cluster: { name: "eks-observer" },
            bucket: "blocks-of-the-fleet",
            nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"] },
        },
    }),
    ...more,
});

export const observeeConfig = (cluster: string, cloud: CloudName, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...common,
    ...clouds[cloud],
    role: "observee",
    cluster,
    observer: "organization/thanos-fleet/observer",
    ...(cloud === "aws" && { aws: { region: "eu-west-1", cluster: { name: `eks-${cluster}` } } }),
    ...more,
});

/** Each stack is built once per test run, and shared by all tests. */
const built = new Map<string, Promise<Run>>();
function once(key: string, build: () => Promise<Run>): Promise<Run> {
    const run = built.get(key) ?? build();
    built.set(key, run);
    return run;
}

export const buildObserver = (cloud: CloudName) =>
    once(`observer ${cloud}`, () => runInProcess("observer", toEngineConfig(observerConfig(cloud))));

export async function buildObservee(cluster: string, cloud: CloudName) {
    const observer = await buildObserver(cloud);
    return once(`${cluster} ${cloud}`, () => runInProcess(cluster, toEngineConfig(observeeConfig(cluster, cloud)), () => observer.outputs));
}

interface Variant {
    /** Settings of the observer that replace or extend those above. `aws` is merged by key. */
    observer: { aws: Record<string, unknown> } & Record<string, unknown>;
    /** Keys of `aws` in the observer and in every observee. */
    both?: Record<string, unknown>;
}

/** Parts of `exposure`. */
export const OIDC = { issuer: "https://login.example.com", clientSecret: "login" };
export const ENDPOINTS = {
    authorizationEndpoint: "https://login.example.com/auth",
    tokenEndpoint: "https://login.example.com/token",
    userInfoEndpoint: "https://login.example.com/userinfo",
};
export const ALB = {
    sourceRanges: ["10.8.0.0/16", "192.0.2.0/24"],
    ingress: {
        controller: "alb",
        certificate: "arn:aws:acm:eu-west-1:111111111111:certificate/0a1b",
        subnetCidrs: ["10.42.0.0/19", "10.42.32.0/19"],
    },
};
export const NGINX = { sourceRanges: ["10.8.0.0/16", "192.0.2.0/24"], ingress: { controller: "nginx", tlsSecret: "pages" } };

/** Settings of an observer with pages that people open. */
export const EXPOSED = {
    // Behind an ALB, which asks for the login itself.
    "alb-login": { bucketWeb: { streams: ["blue", "red"] }, exposure: { ...ALB, login: { by: "alb", ...OIDC, ...ENDPOINTS } } },
    // Behind another ingress, with oauth2-proxy.
    "proxy-login": {
        bucketWeb: { streams: ["blue", "red"] },
        exposure: { ...NGINX, login: { by: "oauth2-proxy", ...OIDC, emailDomains: ["example.com"], groups: ["sre"], bearerTokens: true } },
    },
};

/** An observer with every page that there is. The golden files have no Grafana: its dashboards are long, and have a golden file of their own. */
export const buildExposed = (name: keyof typeof EXPOSED) =>
    once(`observer, exposed, ${name}`, () =>
        runInProcess("observer", toEngineConfig(observerConfig("aws", { ...EXPOSED[name], grafana: {} }))),
    );

/** Variants of the fleet on AWS, by name. */
export const ON_AWS: Record<string, Variant> = {
    created: {
        observer: {
            aws: {
                cluster: {
                    name: "eks-observer",
                    create: {
                        version: "1.34",
                        admins: ["arn:aws:iam::111111111111:role/Admin"],
                        vpcCidr: "10.42.0.0/16",
                        privateAccessCidrs: ["10.0.0.0/8"],
                    },
                },
                nodeGroups: {},
                zoneId: "Z0123456789ABC",
            },
        },
    },
    irsa: { observer: { aws: {} }, both: { identity: { by: "irsa" } } },
    accounts: {
        observer: {
            aws: {},
            observees: [
                { name: "blue", mode: "sidecar", account: "222222222222" },
                { name: "red", mode: "sidecar-remote-write", account: "333333333333", via: "role" },
            ],
        },
    },
    agents: {
        // Two rings fit on the usual nodes only if they are smaller.
        observer: {
            aws: {},
            observees: [...OBSERVEES, { name: "green", mode: "agent" }, { name: "yellow", mode: "agent" }],
            receive: { memory: "1Gi" },
        },
    },
    "bucket-per-cluster": { observer: { aws: { bucketPerCluster: true, replicationRegion: "eu-central-1" } } },
    // What a careful company adds.
    guarded: {
        observer: { aws: {} },
        both: { identity: { permissionsBoundary: "arn:aws:iam::111111111111:policy/boundary" }, tags: { team: "observability" } },
    },
    "alb-login": { observer: { aws: {}, ...EXPOSED["alb-login"] } },
    "proxy-login": { observer: { aws: {}, ...EXPOSED["proxy-login"] } },
    china: { observer: { aws: {} }, both: { region: "cn-north-1" } },
    rule: {
        observer: {
            aws: { nodeGroups: { subnetIds: ["subnet-0a", "subnet-0b"], stateful: { nodesPerZone: 2 } } },
            rule: { files: ["tests/support/rules/fleet.yml"] },
        },
    },
    "own-store": {
        observer: { aws: { bucket: undefined }, objectStore: { type: "GCS", config: { bucket: "mine", service_account: "{}" } } },
    },
};

const awsOf = (config: Record<string, unknown>) => config.aws as Record<string, unknown>;

export const buildObserverOn = (name: string) =>
    once(`observer, ${name}`, () => {
        const { observer, both } = ON_AWS[name] as Variant;
        const aws = { ...awsOf(observerConfig("aws")), ...both, ...observer.aws };
        return runInProcess("observer", toEngineConfig(observerConfig("aws", { ...observer, aws })));
    });

export async function buildObserveeOn(name: string, cluster: string) {
    const observer = await buildObserverOn(name);
    const aws = { ...awsOf(observeeConfig(cluster, "aws")), ...ON_AWS[name]?.both };
    return once(`${cluster}, ${name}`, () =>
        runInProcess(cluster, toEngineConfig(observeeConfig(cluster, "aws", { aws })), () => observer.outputs),
    );
}

/** Every stack on AWS. Built one after the other, since the SDK runs one program at a time. */
export async function allOnAws(): Promise<Run[]> {
    const runs = [await buildObserver("aws"), await buildObservee("blue", "aws"), await buildObservee("red", "aws")];
    for (const name of Object.keys(ON_AWS))
        runs.push(await buildObserverOn(name), await buildObserveeOn(name, "blue"), await buildObserveeOn(name, "red"));
    return runs;
}
