import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Namespace, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { ScrapeConfig } from "../../config/schema";
import { type Problem, problemText } from "../../rules/problem";
import type { StreamAccess } from "../blocks/blockStorage";
import { childOptions } from "../kubernetes/childOptions";
import { PART_OF, podsOf } from "../naming/labels";
import { EXISTING_SIDECARS, GRPC_PORT, grpcPodsOf, HTTP_PORT, prometheusPods, REMOTE_WRITE_TLS } from "../naming/names";
import type { Endpoint } from "../thanos/endpoints";
import { type TlsCredentials, tlsSecret } from "../tls/tlsSecret";
import { existingFacts, existingProblems, labelsFor, type PrometheusSpec } from "./existingChecks";
import { scrapeConfigs } from "./scrapeConfigs";
import { thanosServiceMonitor } from "./thanosServiceMonitor";

export interface ExistingPrometheusArgs {
    /** Name of the Prometheus object. */
    name: string;
    /** Its namespace, which the stack fills too. */
    namespace: string;
    /** Name of the cluster. */
    clusterName: string;
    /** Name of the Secret with the objstore file. */
    objectStore: string;
    /** Gives the pods of a service account access to the blocks of this cluster's stream. */
    blocksOf(owner: pulumi.ComponentResource, serviceAccount: pulumi.Output<string>): StreamAccess;
    /** URL of Receive, and the client certificate for it. @default no remote write */
    remoteWrite?: { url: string; tls: TlsCredentials } | undefined;
    /** How long it must keep samples, a duration. @default three blocks */
    keptFor?: string | undefined;
    /** Targets that the stack adds to it. */
    scrapeConfigs: readonly ScrapeConfig[];
}

/**
 * A Prometheus that the cluster has already, of kube-prometheus-stack or of the operator alone. It is read and never changed. First come the Secrets that its
 * values have to name, and the rights of its service account; then it is compared with what the fleet needs (`fits`), and then comes the rest (`join`).
 */
export class ExistingPrometheus extends pulumi.ComponentResource {
    /** Every sidecar of this cluster. */
    readonly sidecars: Endpoint;
    /** It has none of the stack's. */
    readonly volumes: pulumi.Resource[] = [];
    /** What other parts of the stack have to know of it. */
    readonly facts: pulumi.Output<ReturnType<typeof existingFacts>>;
    private readonly spec: pulumi.Output<PrometheusSpec | null>;
    private readonly problems: pulumi.Output<Problem[]>;
    /** What has to be there before it is compared. */
    private readonly first: pulumi.Input<pulumi.Resource>[];

    constructor(
        resourceName: string,
        private readonly args: ExistingPrometheusArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("thanos-fleet:prometheus:ExistingPrometheus", resourceName, {}, opts);
        const childOpts = childOptions(this, opts);
        const { name, namespace, remoteWrite } = args;
        const object = new CustomResource(
            `existing-${name}`,
            { apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", spec: {} },
            { ...childOpts, id: `${namespace}/${name}` },
        );
        // Every object has a spec, as the CRD demands. A plan reads no cluster (engine/runInProcess.ts).
        this.spec = (object as unknown as { spec: pulumi.Output<PrometheusSpec | null> }).spec;
        this.facts = this.spec.apply((found) => existingFacts(found ?? { replicas: 2 }));

        const serviceAccount = this.facts.apply((facts) => facts.serviceAccount);
        const blocks = args.blocksOf(this, serviceAccount);
        const certificate = remoteWrite && tlsSecret(REMOTE_WRITE_TLS, { namespace, tls: remoteWrite.tls }, childOpts);
        this.first = [...blocks.ready, ...(certificate ? [certificate] : [])];

        const needed = {
            ...args,
            remoteWrite: remoteWrite && { url: remoteWrite.url, tlsSecret: REMOTE_WRITE_TLS },
            scrapeConfigs: args.scrapeConfigs.length > 0,
        };
        // Annotations are a way to the bucket with IRSA only.
        const account =
            Object.keys(blocks.annotations).length > 0
                ? ServiceAccount.get(`account-of-${name}`, pulumi.interpolate`${namespace}/${serviceAccount}`, childOpts)
                : undefined;
        this.problems = pulumi
            .all([
                this.spec,
                Namespace.get(`namespace-of-${name}`, namespace, childOpts).metadata.labels,
                account?.metadata.annotations ?? {},
                blocks.annotations,
            ])
            .apply(([found, namespaceLabels = {}, serviceAccountAnnotations = {}, annotations]) =>
                found === null
                    ? []
                    : existingProblems({ spec: found, namespaceLabels, serviceAccountAnnotations }, { ...needed, annotations }),
            );
        this.sidecars = { address: grpcPodsOf(EXISTING_SIDECARS, namespace) };
        this.registerOutputs({ sidecars: this.sidecars });
    }

    /**
     * Resolves when this Prometheus is known to fit. Throws otherwise, with every value that has to be set. Those values name the Secrets of this stack, so the Secrets
     * are made first; and a preview only warns, because `pulumi up` begins with one and would never make them. Throws here and not in an `apply`, where an
     * error would leave the resources that wait for it waiting for ever.
     */
    async fits(): Promise<void> {
        const title = `Prometheus ${this.args.namespace}/${this.args.name}`;
        if (pulumi.runtime.isDryRun()) {
            this.problems.apply(async (found) => {
                if (found.length > 0) await pulumi.log.warn(missingText(title, found), this);
            });
            return;
        }
        const made = pulumi.all(this.first).apply((resources) => pulumi.all(resources.map(({ urn }) => urn)));
        // Only a preview has outputs that never become known.
        const found = await new Promise<Problem[]>((resolve) => {
            pulumi.all([this.problems, made]).apply(([problems]) => resolve(problems));
        });
        // The engine prints it without a stack trace.
        if (found.length > 0) throw new pulumi.RunError(missingText(title, found));
    }

    /** Makes what lets the fleet ask the sidecars, and Prometheus find the targets of the stack. */
    join(): void {
        const { name, namespace, scrapeConfigs: configs } = this.args;
        const opts = { parent: this };
        // One of its own: `prometheus-operated` has no port of the sidecars' metrics, and the chart's Service of sidecars is off by default.
        new Service(
            EXISTING_SIDECARS,
            {
                metadata: { name: EXISTING_SIDECARS, namespace, labels: { ...PART_OF, ...podsOf("sidecar") } },
                spec: {
                    clusterIP: "None",
                    selector: prometheusPods(name),
                    ports: Object.entries({ grpc: GRPC_PORT, http: HTTP_PORT }).map(([port, number]) => ({
                        name: port,
                        port: number,
                        targetPort: port,
                    })),
                },
            },
            opts,
        );
        thanosServiceMonitor({ namespace, labels: this.labelsFor("serviceMonitorSelector") }, opts);
        const externalLabels = this.facts.apply((facts) => facts.externalLabels);
        scrapeConfigs({ namespace, scrapeConfigs: configs, externalLabels, labels: this.labelsFor("scrapeConfigSelector") }, opts);
    }

    /** Labels of an object that this Prometheus takes. */
    labelsFor(selector: "serviceMonitorSelector" | "ruleSelector" | "scrapeConfigSelector"): pulumi.Output<Record<string, string>> {
        return this.spec.apply((found): Record<string, string> => ({ ...PART_OF, ...labelsFor(found?.[selector]) }));
    }
}

/** What a user has to change, a line each. */
export const missingText = (title: string, problems: readonly Problem[]) =>
    [
        `${title}: ${problems.length === 1 ? "1 value has" : `${problems.length} values have`} to be set before the fleet can use it.`,
        ...problems.map((problem) => `  ${problemText(problem)}`),
        "  The Secrets that they name are there after the first update. Set them where this Prometheus is installed, then update this stack again.",
    ].join("\n");
