import { setTimeout as sleep } from "node:timers/promises";
import {
    ApiextensionsV1Api,
    AppsV1Api,
    AuthorizationV1Api,
    CoreV1Api,
    type KubeConfig,
    StorageV1Api,
    type V1ConfigMap,
    type V1DaemonSet,
    type V1Node,
    type V1StorageClass,
} from "@kubernetes/client-node";
import semver from "semver";
import { LOCAL_STORAGE_CLASS } from "../components/naming/names";
import type { Problem } from "../rules/problem";
import { VERSIONS } from "../upstream/versions";
import type { Verdict } from "./doctor";
import { type ClusterName, DOMAIN, NAMESPACE, type Targets } from "./fleet/settings";

/** Whether the clusters that a user named with `--context` can run the fleet: asked before anything is deployed to any of them. */

/** A cluster that the user named. */
export interface GivenCluster {
    name: ClusterName;
    context: string;
}

/** The setting that names a cluster. */
const pathOf = ({ name, context }: GivenCluster) => `--context ${name}=${context}`;

/** What one cluster has, as its API server says. */
export interface ClusterFacts {
    /** UID of its namespace kube-system. */
    id: string;
    /** Whether this fleet is in it already. */
    isUsed: boolean;
    hasNamespace: boolean;
    nodes: V1Node[];
    storageClasses: V1StorageClass[];
    /** Those of the DNS server of the cluster. */
    dnsConfigMaps: V1ConfigMap[];
    /** Version of the Prometheus operator whose CRDs it has; absent without CRDs. */
    crds?: string;
    /** Those of other namespaces. */
    daemonSets: V1DaemonSet[];
    /** Whether a Service of type LoadBalancer gets an address. */
    servesLoadBalancers: boolean;
}

/** Why nothing is known of a cluster: its API server does not answer, or the user lacks rights. */
export type Looked = ClusterFacts | { silent: string } | { lacksRights: true };

const ANSWERS_WITHIN_MS = 10_000;
/** Managed Kubernetes takes up to a minute. */
const ADDRESS_WITHIN_MS = 60_000;
const EXPORTER_PORT = 9100;

/** Asks all clusters at once. `used`: those of the last run. Answers a check for each, or for each problem, and the StorageClass of each. */
export async function checkGiven(
    clusters: readonly (GivenCluster & { config: KubeConfig })[],
    used: { ids: Record<string, string>; targets: Partial<Targets> },
    signal: AbortSignal,
): Promise<{ checks: Verdict[]; storageClasses: Partial<Record<ClusterName, string>> }> {
    const all = await Promise.all(
        clusters.map(async ({ config, ...cluster }) => {
            const { name } = cluster;
            const looked = await lookAt(config, used.ids[name], signal);
            // Volumes that exist keep their class.
            const kept = "isUsed" in looked && looked.isUsed ? used.targets[name]?.storageClass : undefined;
            const storageClass = kept ?? ("isUsed" in looked ? storageClassOf(looked.storageClasses) : undefined);
            return { name, path: pathOf(cluster), looked, storageClass, problems: problemsOf(cluster, looked) };
        }),
    );
    const idOf = (looked: Looked) => ("id" in looked ? looked.id : undefined);
    for (const { looked, name, problems, path } of all) {
        const first = all.find((other) => idOf(other.looked) !== undefined && idOf(other.looked) === idOf(looked));
        if (first && first.name !== name)
            problems.push({
                path,
                problem: `is the cluster of ${first.name}, too.`,
                remedy: "Name another one: each stack has its own cluster.",
            });
    }
    return {
        checks: all.flatMap(({ path, storageClass, problems }): Verdict[] =>
            problems.length > 0
                ? problems.map(({ problem, remedy }) => ({ check: path, state: "failed", found: problem, remedy }))
                : [{ check: path, state: "ok", found: `can run it, with volumes of StorageClass ${storageClass}` }],
        ),
        storageClasses: Object.fromEntries(all.flatMap(({ name, storageClass }) => (storageClass ? [[name, storageClass]] : []))),
    };
}

/** What keeps the fleet from a cluster: everything at once. */
export function problemsOf(cluster: GivenCluster, looked: Looked): Problem[] {
    const { context } = cluster;
    const refuse = (problem: string, remedy: string) => ({ path: pathOf(cluster), problem, remedy });
    if ("silent" in looked)
        return [
            refuse(
                `cannot be reached: ${looked.silent}.`,
                `Try \`kubectl --context ${context} get nodes\`, and name a cluster for which it works.`,
            ),
        ];
    if ("lacksRights" in looked)
        return [
            refuse(
                "does not let its user do everything, and the fleet has CRDs and cluster roles.",
                "Use a user who is bound to the ClusterRole cluster-admin.",
            ),
        ];
    const { nodes, storageClasses, crds, daemonSets } = looked;
    const exporter = daemonSets.find(takesExporterPort);
    const oldCrds = crds !== undefined && !looked.isUsed && semver.lt(semver.coerce(crds) ?? "0.0.0", VERSIONS.prometheusOperator);
    return [
        ...(looked.hasNamespace && !looked.isUsed
            ? [refuse(`has a namespace ${NAMESPACE} that was not made by this fleet.`, "Name another cluster, or remove that namespace.")]
            : []),
        ...(nodes.some(takesPods)
            ? []
            : [
                  refuse(
                      `has no node that takes pods: ${nodes.length === 0 ? "it has none" : nodes.map(whyNot).join(", ")}.`,
                      "Make a node Ready, uncordon it (`kubectl uncordon`), or remove its taint.",
                  ),
              ]),
        ...(storageClassOf(storageClasses) === undefined
            ? [
                  refuse(
                      `has no StorageClass ${LOCAL_STORAGE_CLASS} and no default one (${storageClasses.map(({ metadata }) => metadata?.name).join(", ") || "it has none"}).`,
                      `Annotate one with ${DEFAULT_CLASS}=true.`,
                  ),
              ]
            : []),
        ...(looked.servesLoadBalancers
            ? []
            : [
                  refuse(
                      `gives a Service of type LoadBalancer no address within ${ADDRESS_WITHIN_MS / 1000} s, and the clusters reach each other by such Services.`,
                      "Install MetalLB, or the controller of your cloud.",
                  ),
              ]),
        ...(looked.dnsConfigMaps.some(knowsDomain)
            ? []
            : [
                  refuse(
                      `does not resolve names of ${DOMAIN}, by which the clusters reach each other: no ConfigMap of its DNS has this domain.`,
                      `Run ExternalDNS in each cluster, and add the zone to its CoreDNS: \`${DOMAIN}:53 { forward . SERVER }\` with the DNS server that ExternalDNS writes to.`,
                  ),
              ]),
        ...(oldCrds
            ? [
                  refuse(
                      `has CRDs of the Prometheus operator ${crds}, and Helm does not upgrade them: the fleet's is ${VERSIONS.prometheusOperator}.`,
                      `Upgrade them: \`kubectl apply --server-side -f\` with the file example/prometheus-operator-crd of prometheus-operator ${VERSIONS.prometheusOperator}.`,
                  ),
              ]
            : []),
        ...(exporter
            ? [
                  refuse(
                      `has port ${EXPORTER_PORT} of its nodes in use, by DaemonSet ${exporter.metadata?.namespace}/${exporter.metadata?.name}: node-exporter of the fleet would stay Pending.`,
                      "Name a cluster without another kube-prometheus-stack, or remove its node-exporter.",
                  ),
              ]
            : []),
    ];
}

const isReady = ({ status }: V1Node) =>
    status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;
const repels = ({ spec }: V1Node) => spec?.taints?.find(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
const takesPods = (node: V1Node) => isReady(node) && !node.spec?.unschedulable && !repels(node);

const whyNot = (node: V1Node) =>
    `${node.metadata?.name} is ${!isReady(node) ? "not Ready" : node.spec?.unschedulable ? "cordoned" : `tainted with ${repels(node)?.key}`}`;

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** Name of the StorageClass of the fleet's volumes: the one that local clusters usually have, else the default one, of several the newest as in Kubernetes. */
export function storageClassOf(classes: readonly V1StorageClass[]): string | undefined {
    if (classes.some(({ metadata }) => metadata?.name === LOCAL_STORAGE_CLASS)) return LOCAL_STORAGE_CLASS;
    const age = ({ metadata }: V1StorageClass) => Number(metadata?.creationTimestamp ?? 0);
    return classes.filter(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true").sort((a, b) => age(b) - age(a))[0]?.metadata
        ?.name;
}

/** CoreDNS may have further files in other ConfigMaps, as `coredns-custom` of AKS and k3s. */
const knowsDomain = ({ data }: V1ConfigMap) => Object.values(data ?? {}).some((file) => file.includes(DOMAIN));

const takesExporterPort = ({ spec }: V1DaemonSet) =>
    spec?.template.spec?.containers.some(({ ports = [] }) =>
        ports.some(({ containerPort, hostPort }) => (spec.template.spec?.hostNetwork ? containerPort : hostPort) === EXPORTER_PORT),
    ) ?? false;

/** What a cluster answers to `problemsOf`, or why it does not. `config`: its context is the current one. `usedId`: UID of the cluster of the last run. */
export async function lookAt(
    config: KubeConfig,
    usedId: string | undefined,
    signal: AbortSignal,
    withinMs = { answer: ANSWERS_WITHIN_MS, address: ADDRESS_WITHIN_MS },
): Promise<Looked> {
    try {
        if (!(await mayDoEverything(config, withinMs.answer))) return { lacksRights: true };
        return await factsOf(config, usedId, signal, withinMs.address);
    } catch (error) {
        signal.throwIfAborted();
        return { silent: reasonOf(error as Error & { code?: number }) };
    }
}

async function mayDoEverything(config: KubeConfig, withinMs: number): Promise<boolean> {
    const everything = { resourceAttributes: { group: "*", resource: "*", verb: "*" } };
    const asking = config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({ body: { spec: everything } });
    const late = sleep(withinMs, undefined, { ref: false }).then(() => {
        throw new Error(`no answer within ${withinMs / 1000} s`);
    });
    const { status } = await Promise.race([asking, late]);
    return status?.allowed ?? false;
}

async function factsOf(config: KubeConfig, usedId: string | undefined, signal: AbortSignal, withinMs: number): Promise<ClusterFacts> {
    const core = config.makeApiClient(CoreV1Api);
    const [nodes, namespaces, classes, configMaps, daemonSets, crds] = await Promise.all([
        core.listNode(),
        core.listNamespace(),
        config.makeApiClient(StorageV1Api).listStorageClass(),
        core.listNamespacedConfigMap({ namespace: "kube-system" }),
        config.makeApiClient(AppsV1Api).listDaemonSetForAllNamespaces(),
        operatorOfCrds(config),
    ]);
    const idOf = (name: string) => namespaces.items.find(({ metadata }) => metadata?.name === name)?.metadata?.uid;
    const id = idOf("kube-system") ?? "";
    return {
        id,
        isUsed: id === usedId,
        hasNamespace: idOf(NAMESPACE) !== undefined,
        nodes: nodes.items,
        storageClasses: classes.items,
        dnsConfigMaps: configMaps.items.filter(({ metadata }) => metadata?.name?.includes("dns")),
        ...(crds !== undefined && { crds }),
        daemonSets: daemonSets.items.filter(({ metadata }) => metadata?.namespace !== NAMESPACE),
        // Last, since it makes something that has to be removed again.
        servesLoadBalancers: await givesAddress(core, signal, withinMs),
    };
}

/** The API server's answer in a few words. */
const reasonOf = ({ code, message }: Error & { code?: number }): string =>
    typeof code === "number" ? `its API server answers ${code}` : (message.split("\n")[0] ?? "");

/** The version that the CRDs of Prometheus are annotated with; undefined without CRDs. */
async function operatorOfCrds(config: KubeConfig): Promise<string | undefined> {
    const name = "prometheuses.monitoring.coreos.com";
    const crd = await config
        .makeApiClient(ApiextensionsV1Api)
        .readCustomResourceDefinition({ name })
        .catch((error: Error & { code?: number }) => {
            if (error.code !== 404) throw error;
            return undefined;
        });
    return crd && (crd.metadata?.annotations?.["operator.prometheus.io/version"] ?? "of an unknown version");
}

/** Whether a LoadBalancer Service has an address. Where there is none yet, only a new one can tell: it has no pods, and is deleted again. */
async function givesAddress(core: CoreV1Api, signal: AbortSignal, withinMs: number): Promise<boolean> {
    const hasAddress = ({ status }: { status?: { loadBalancer?: { ingress?: object[] } } }) =>
        (status?.loadBalancer?.ingress ?? []).length > 0;
    const { items } = await core.listServiceForAllNamespaces({ fieldSelector: "spec.type=LoadBalancer" });
    if (items.some(hasAddress)) return true;
    const namespace = "default";
    const { metadata } = await core.createNamespacedService({
        namespace,
        body: { metadata: { generateName: "thanos-fleet-asks-" }, spec: { type: "LoadBalancer", ports: [{ port: 10901 }] } },
    });
    const name = metadata?.name ?? "";
    try {
        for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(1000, undefined, { signal }))
            if (hasAddress(await core.readNamespacedService({ name, namespace }))) return true;
        return false;
    } finally {
        await core.deleteNamespacedService({ name, namespace });
    }
}
