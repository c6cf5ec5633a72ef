import type { TracingConfig } from "../../config/schema";

/** Where the traces of this cluster's components go. */
export interface Tracing extends TracingConfig {
    /** Name of the cluster, which every span carries. */
    clusterName: string;
}

/**
 * Thanos's tracing configuration as the text of `--tracing.config`: in the arguments and not in a file, because Thanos reads it only when it starts, and
 * another text replaces the pods. JSON is YAML on one line.
 */
export const tracingConfig = (service: string, { endpoint, samplingRatio, insecure, clusterName }: Tracing): string =>
    JSON.stringify({
        type: "OTLP",
        config: {
            client_type: "grpc",
            endpoint,
            insecure,
            service_name: service,
            resource_attributes: { "k8s.cluster.name": clusterName },
            // Whoever is asked first decides, and the others follow: a trace is whole, from Query Frontend to the Stores, or there is none.
            sampler_type: "parentbasedtraceidratiobased",
            sampler_param: String(samplingRatio),
        },
    });
