import { hasTenants, ringsOf, takesSamples } from "../../config/rings";
import { activeOf, type ObserverConfig } from "../../config/schema";
import { storesOf } from "../../config/stores";
import { streamsOf } from "../../config/streams";
import type { FleetFacts } from "../grafana/facts";
import { storeWorkloads, streamWorkload, thanosName } from "../naming/names";
import { partsOf } from "../thanos/hashring";
import { queryComponents } from "./queryTiers";

/** What the dashboards of an observer's stack depend on. `certificatesEnd`: RFC 3339. */
export function factsOf(config: ObserverConfig, certificatesEnd: string): FleetFacts {
    const streams = streamsOf(config).map(({ name }) => name);
    const rings = ringsOf(config).filter(takesSamples);
    return {
        observer: config.cluster,
        namespace: config.namespace,
        clusters: activeOf(config.observees).length + 1,
        certificatesEnd: Math.floor(Date.parse(certificatesEnd) / 1000),
        queries: queryComponents(config.query).map(thanosName),
        stores: storesOf(config).flatMap(({ stream, shards }) => storeWorkloads(stream, shards)),
        compacts: streams.map((stream) => streamWorkload("compact", stream)),
        receive:
            rings.length > 0
                ? {
                      routers: [
                          ...(rings.some(hasTenants) ? [thanosName("receive-router")] : []),
                          ...(rings.some(({ records }) => records) ? [thanosName("receive-router-rule")] : []),
                      ],
                      ingesters: rings.flatMap(partsOf).map(({ name }) => name),
                      replicationFactor: config.receive.replicationFactor,
                  }
                : undefined,
        rule: config.rule !== undefined,
    };
}
