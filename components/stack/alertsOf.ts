import { type Ring, ringsOf, takesSamples } from "../../config/rings";
import {
    activeOf,
    type ExistingConfig,
    type ObserveeConfig,
    type ObserverConfig,
    remoteWritersOf,
    type StackConfig,
} from "../../config/schema";
import { shardsOf } from "../../config/stores";
import { keepsBlocks, streamsOf, uploadsItself } from "../../config/streams";
import { secondsIn } from "../../rules/duration";
import { agentAlerts } from "../alerts/agentAlerts";
import type { Alert } from "../alerts/alert";
import { type ClusterAlertsArgs, clusterAlerts, OWN_JOBS } from "../alerts/clusterAlerts";
import { observerAlerts, type ReceiveRing } from "../alerts/observerAlerts";
import {
    ALERTMANAGER_SERVICE,
    EXISTING_SIDECARS,
    FLEET_ALERTMANAGER,
    ingesterComponent,
    MEMCACHED,
    storeWorkloads,
    thanosName,
} from "../naming/names";
import type { existingFacts } from "../prometheus/existingChecks";
import { partsOf } from "../thanos/hashring";
import { firstToEnd } from "../tls/certificateLife";
import type { ObserveeAccess } from "./contract";
import { plannedPods } from "./plannedPods";

/** What alerts about a cluster need of its configuration, whatever its role. */
const ofStack = (config: StackConfig): Omit<ClusterAlertsArgs, "writesRemotely" | "certificatesEnd" | "certificateValidity"> => ({
    namespace: config.namespace,
    jobs: OWN_JOBS,
    replicas: config.prometheus.replicas,
    blockDuration: config.prometheus.blockDuration,
    others: plannedPods(config).flatMap(({ name: service, replicas: most, fewest: replicas = most }) => {
        // Memcached has no metrics.
        if (Object.values(MEMCACHED).map(thanosName).includes(service)) return [];
        if (service.startsWith(thanosName(""))) return [{ service, port: "http", replicas }];
        if (service === FLEET_ALERTMANAGER) return [{ service, port: "https", replicas }];
        return service === ALERTMANAGER_SERVICE ? [{ service, port: "http-web", replicas }] : [];
    }),
});

/** Every alert of an observer's stack. `certificatesEnd`: RFC 3339. */
export function alertsOfObserver(config: ObserverConfig, certificatesEnd: string): Alert[] {
    const { namespace, observees, receive, certificates, rule, alerting } = config;
    const tenants = remoteWritersOf(observees).map(({ name }) => name);
    const rings = ringsOf(config).filter(takesSamples);
    return [
        ...clusterAlerts({
            ...ofStack(config),
            writesRemotely: false,
            certificatesEnd: Math.floor(Date.parse(certificatesEnd) / 1000),
            certificateValidity: secondsIn(certificates.validity),
        }),
        ...observerAlerts({
            namespace,
            distributedIn: config.query.mode === "distributed" ? config.cluster : undefined,
            observees: observees.filter(uploadsItself).map(({ name }) => name),
            streams: streamsOf(config)
                .filter(({ writers }) => writers.some(({ archived }) => !archived))
                .map((stream) => ({ name: stream.name, stores: storeWorkloads(stream.name, shardsOf(stream, config)) })),
            receive: rings.length > 0 ? { tenants, rings: rings.map(ringOf), replicationFactor: receive.replicationFactor } : undefined,
            rule: rule && { notifies: alerting.alertmanager !== "off", uploads: keepsBlocks(rule) },
        }),
    ];
}

/** The alerts that Rule evaluates: those of the clusters that evaluate nothing themselves. */
export const alertsOfRule = ({ observees }: Pick<ObserverConfig, "observees">): Alert[] =>
    activeOf(observees)
        .filter((observee) => !uploadsItself(observee))
        .flatMap(({ name }) => agentAlerts(name));

const ringOf = (ring: Ring): ReceiveRing => ({
    name: thanosName(ingesterComponent(ring.name)),
    parts: partsOf(ring),
    uploads: ring.uploads,
});

/** What was read of the Prometheus that an observee keeps. */
type Facts = Pick<ReturnType<typeof existingFacts>, "pods" | "blockDuration" | "port">;

/** What alerts need of a Prometheus that is kept. Whoever installed it also watches its operator, and the other volumes of the namespace. */
const ofKept = ({ name, job = name }: ExistingConfig, facts: Facts) => ({
    jobs: { prometheus: job, port: facts.port, sidecars: EXISTING_SIDECARS },
    replicas: facts.pods,
    blockDuration: facts.blockDuration,
    volumes: `persistentvolumeclaim=~".+-prometheus-${name}(-shard-[0-9]+)?-[0-9]+"`,
});

/** Every alert of an observee's stack. `facts`: of the Prometheus that it keeps. */
export function alertsOfObservee(config: ObserveeConfig, { leaf, writer, alerts }: ObserveeAccess["certificates"], facts?: Facts): Alert[] {
    const { end, validity } = firstToEnd([leaf, writer, alerts].flatMap((certificate) => certificate?.cert ?? []));
    return clusterAlerts({
        ...ofStack(config),
        ...(config.prometheus.existing && facts && ofKept(config.prometheus.existing, facts)),
        writesRemotely: writer !== undefined,
        certificatesEnd: end,
        certificateValidity: validity,
    });
}
