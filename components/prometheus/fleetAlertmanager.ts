import * as k8s from "@pulumi/kubernetes";
import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import type { AlertingConfig } from "../../config/schema";
import { childOptions } from "../kubernetes/childOptions";
import { disruptionBudget } from "../kubernetes/disruptionBudget";
import { hardenedPod } from "../kubernetes/hardenedPod";
import { loadBalancerService } from "../kubernetes/loadBalancerService";
import { networkPolicy } from "../kubernetes/networkPolicy";
import type { Placement } from "../kubernetes/placement";
import { PART_OF } from "../naming/labels";
import {
    ALERTMANAGER_PORT,
    ALERTS_TLS,
    alertmanagerHost,
    alertmanagerName,
    alertmanagerPods,
    alertmanagerPort,
    alertmanagerUrl,
    externalServiceName,
    FLEET_ALERTMANAGER as NAME,
    tlsSecretName,
} from "../naming/names";
import { alertmanagerTls, fleetAccess } from "../tls/alertmanagerFiles";
import { TLS_FILES, type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import { ALERTMANAGER_REQUESTS } from "./alertmanager";

export interface FleetAlertmanagerArgs extends Pick<AlertingConfig, "replicas" | "configSecret"> {
    /** Kubernetes namespace. */
    namespace: string;
    /** DNS domain of the fleet. */
    domain: string;
    /** Its server certificate, and the authority of those who may send to it. */
    tls: TlsCredentials;
    /** Annotations of its Services, for the cloud's load balancer controller. */
    loadBalancer: Record<string, string>;
    image: string;
    /** Nodes of its pods. @default any node */
    placement?: Placement | undefined;
    /** The Prometheus that scrapes it. */
    prometheus: pulumi.Resource;
}

/** Labels of its pods. Not those that the chart's Alertmanager has, which its PodDisruptionBudget and its Service select. */
export const FLEET_ALERTMANAGER_PODS = { "app.kubernetes.io/name": NAME };

/** Port of the gossip by which its pods hand each other silences and what they have sent. */
const GOSSIP_PORT = 9094;
const PORTS = { https: ALERTMANAGER_PORT, gossip: GOSSIP_PORT };
/** User of the official image. */
const USER_ID = 65534;

const FILES_DIR = "/etc/alertmanager/files";
/** Folder of the Secret with the user's configuration. */
export const CONFIG_SECRET_DIR = "/etc/alertmanager/config";
const TLS_DIR = "/etc/alertmanager/tls";
/** Folder in which the Secret of the client certificate is a folder. */
const SECRETS_DIR = "/etc/alertmanager/secrets";
/** Folder of amtool's own configuration. */
const AMTOOL_DIR = "/etc/amtool";
const DATA_DIR = "/alertmanager";
const CONFIG = "alertmanager.yaml";
const WEB = "web.yml";

/** Flags of `alertmanager` (v0.34). The operator gives its own the same names, label and time to forget a pod (pkg/alertmanager/statefulset.go). */
export const fleetAlertmanagerFlags = ({
    namespace,
    domain,
    replicas,
    configSecret,
}: Pick<FleetAlertmanagerArgs, "namespace" | "domain" | "replicas" | "configSecret">): string[] => [
    "--log.format=json",
    `--config.file=${configSecret ? CONFIG_SECRET_DIR : FILES_DIR}/${CONFIG}`,
    `--storage.path=${DATA_DIR}`,
    `--web.listen-address=:${ALERTMANAGER_PORT}`,
    `--web.config.file=${FILES_DIR}/${WEB}`,
    // Messages link to it.
    `--web.external-url=${alertmanagerUrl(0, domain)}`,
    `--cluster.listen-address=[$(POD_IP)]:${GOSSIP_PORT}`,
    "--cluster.peer-name=$(POD_NAME)",
    ...alertmanagerPods(replicas, namespace).map((pod) => `--cluster.peer=${pod}:${GOSSIP_PORT}`),
    // Another Alertmanager may get the address of a pod that is gone.
    `--cluster.label=${namespace}/${NAME}`,
    "--cluster.reconnect-timeout=5m",
];

/**
 * Whom it answers: clients with a certificate of the authority of senders, and nobody else, on its page neither. It reads this file and those that it names at
 * every connection (prometheus/exporter-toolkit, web/tls_config.go), so a renewed certificate needs no restart.
 */
export const fleetAlertmanagerWeb = (): string =>
    JSON.stringify({
        tls_server_config: {
            cert_file: `${TLS_DIR}/${TLS_FILES.cert}`,
            key_file: `${TLS_DIR}/${TLS_FILES.key}`,
            client_ca_file: `${TLS_DIR}/${TLS_FILES.ca}`,
            client_auth_type: "RequireAndVerifyClientCert",
            min_version: "TLS13",
        },
    });

/** Files with which `amtool` in a pod, for silences, shows the observer's certificate to its own pod. */
export const amtoolFiles = (domain: string): Record<string, string> => ({
    "config.yml": JSON.stringify({
        "alertmanager.url": `https://localhost:${ALERTMANAGER_PORT}`,
        "http.config.file": `${AMTOOL_DIR}/http.yml`,
    }),
    "http.yml": JSON.stringify({ tls_config: alertmanagerTls(fleetAccess(domain), SECRETS_DIR) }),
});

/** Takes alerts and tells nobody, as the chart's own one does until it has receivers. */
const TELLS_NOBODY = JSON.stringify({ route: { receiver: "nobody" }, receivers: [{ name: "nobody" }] });

/**
 * The fleet's Alertmanager, to which the Prometheus of every cluster may send by mutual TLS. Not by the operator: the probes and the reloader that it adds to an
 * Alertmanager show no certificate (prometheus-operator#5419).
 */
export class FleetAlertmanager extends pulumi.ComponentResource {
    constructor(name: string, args: FleetAlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:prometheus:FleetAlertmanager", name, {}, opts);
        const childOpts = childOptions(this, opts);
        const { namespace, domain, replicas, configSecret } = args;
        const selector = FLEET_ALERTMANAGER_PODS;
        const labels = { ...selector, ...PART_OF };
        const metadata = { name: NAME, namespace, labels };
        // Not the port that asks for certificates, which would write an error about every probe into the log. Where it cannot serve, Alertmanager ends.
        const probe = { tcpSocket: { port: "gossip" } };

        const account = new k8s.core.v1.ServiceAccount(NAME, { metadata, automountServiceAccountToken: false }, childOpts);
        const certificate = tlsSecret(tlsSecretName(NAME), args, childOpts);
        const files = new k8s.core.v1.ConfigMap(
            NAME,
            { metadata, data: { [WEB]: fleetAlertmanagerWeb(), ...(configSecret === undefined && { [CONFIG]: TELLS_NOBODY }) } },
            childOpts,
        );
        const amtool = `${NAME}-amtool`;
        const ofAmtool = new k8s.core.v1.ConfigMap(
            amtool,
            { metadata: { ...metadata, name: amtool }, data: amtoolFiles(domain) },
            childOpts,
        );
        // Its pods find each other by it, before they are ready.
        new k8s.core.v1.Service(
            NAME,
            {
                metadata,
                spec: {
                    clusterIP: "None",
                    selector,
                    publishNotReadyAddresses: true,
                    ports: [{ name: "https", port: ALERTMANAGER_PORT, targetPort: "https" }],
                },
            },
            childOpts,
        );
        for (let pod = 0; pod < replicas; pod++)
            loadBalancerService(
                externalServiceName(`${NAME}-${pod}`),
                {
                    namespace,
                    pods: { "statefulset.kubernetes.io/pod-name": `${NAME}-${pod}` },
                    host: alertmanagerHost(pod, domain),
                    annotations: args.loadBalancer,
                    ports: { https: alertmanagerPort(pod) },
                },
                childOpts,
            );
        const peers = [{ podSelector: { matchLabels: selector } }];
        networkPolicy(
            NAME,
            {
                namespace,
                labels,
                pods: selector,
                clients: [
                    // Whoever connects shows a certificate.
                    [ALERTMANAGER_PORT, "anywhere"],
                    [GOSSIP_PORT, peers],
                    [GOSSIP_PORT, peers, "UDP"],
                ],
            },
            childOpts,
        );
        if (replicas > 1) disruptionBudget(metadata, selector, childOpts);
        new k8s.apps.v1.StatefulSet(
            NAME,
            {
                metadata,
                spec: {
                    serviceName: NAME,
                    replicas,
                    selector: { matchLabels: selector },
                    podManagementPolicy: "Parallel",
                    // A rollout goes on once a new pod has the silences of the others. Until its gossip settles, after about 10 s, it tells nobody anything
                    // (cluster/cluster.go).
                    minReadySeconds: 15,
                    template: hardenedPod({
                        name: "alertmanager",
                        image: args.image,
                        args: fleetAlertmanagerFlags(args),
                        env: [
                            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                            { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
                        ],
                        userId: USER_ID,
                        ports: PORTS,
                        probes: {
                            readinessProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 5 },
                            livenessProbe: { ...probe, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 4 },
                        },
                        resources: ALERTMANAGER_REQUESTS,
                        gracePeriod: 60,
                        serviceAccountName: account.metadata.name,
                        labels,
                        replicaSelector: selector,
                        placement: args.placement,
                        tmpDir: DATA_DIR,
                        files: [
                            { name: "files", mountPath: FILES_DIR, configMap: files.metadata.name },
                            { name: "tls", mountPath: TLS_DIR, secret: certificate.metadata.name },
                            { name: "client", mountPath: `${SECRETS_DIR}/${ALERTS_TLS}`, secret: ALERTS_TLS },
                            { name: "amtool", mountPath: AMTOOL_DIR, configMap: ofAmtool.metadata.name },
                            ...(configSecret ? [{ name: "config", mountPath: CONFIG_SECRET_DIR, secret: configSecret }] : []),
                        ],
                    }),
                },
            },
            childOpts,
        );
        const ofClient = (key: string) => ({ name: ALERTS_TLS, key });
        new CustomResource(
            NAME,
            {
                apiVersion: "monitoring.coreos.com/v1",
                kind: "ServiceMonitor",
                metadata,
                spec: {
                    selector: { matchLabels: selector },
                    endpoints: [
                        {
                            port: "https",
                            scheme: "https",
                            tlsConfig: {
                                serverName: alertmanagerName(domain),
                                ca: { secret: ofClient(TLS_FILES.ca) },
                                cert: { secret: ofClient(TLS_FILES.cert) },
                                keySecret: ofClient(TLS_FILES.key),
                            },
                        },
                    ],
                },
            },
            { parent: this, dependsOn: [args.prometheus] },
        );
        this.registerOutputs({});
    }
}
