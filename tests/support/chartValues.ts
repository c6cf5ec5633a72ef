import { parse } from "yaml";
import type { ChartName } from "../../import/charts";
import { type ImportedStack, importFleet, type ReleaseInput } from "../../import/fleet";
import type { Note } from "../../import/note";

/** Values of each chart that import reads, as people write them. */
export const VALUES = {
    bitnami: `
objstoreConfig: |-
  type: S3
  config:
    bucket: acme-blocks
    endpoint: s3.eu-central-1.amazonaws.com
    access_key: AKIAEXAMPLE
    secret_key: not-to-be-shown
query:
  replicaLabel: [replica, prometheus_replica]
  replicaCount: 2
  stores: [dnssrv+_grpc._tcp.kps-thanos-discovery.monitoring.svc]
  extraFlags: [--query.timeout=5m]
storegateway:
  enabled: true
  persistence: {size: 20Gi, storageClass: gp3}
compactor:
  enabled: true
  retentionResolution5m: 90d
  extraFlags: ["--delete-delay", "72h"]
  resources: {requests: {cpu: "0.5"}, limits: {memory: 2Gi}}
  persistence: {size: 100Gi, storageClass: gp3}
receive:
  enabled: true
metrics:
  enabled: true
`,
    stevehipwell: `
objstoreConfig:
  create: true
  value:
    type: GCS
    prefix: metrics
    config: {bucket: acme-blocks}
additionalReplicaLabels: [prometheus_replica]
additionalEndpoints: [dnssrv+_grpc._tcp.kps-thanos-discovery.monitoring.svc]
compact:
  enabled: true
  replicaDeduplication: true
  persistence: {enabled: true, size: 50Gi}
  extraArgs: [--retention.resolution-raw=60d]
storeGateway:
  replicas: 2
  extraArgs: [--max-time=-20h]
`,
    "thanos-community": `
global:
  objstore:
    createSecret: true
    config: |
      type: S3
      prefix: team-a/thanos
      config: {bucket: acme-blocks, endpoint: "minio.storage.svc:9000", insecure: true}
receive: {enabled: false}
queryFrontend:
  enabled: true
  cacheConfig: |
    type: MEMCACHED
    config: {addresses: ["dnssrv+_memcached._tcp.memcached.storage.svc"]}
storegateway: {replicaCount: 3, sharded: {enabled: true, hashPartitioning: {shards: 2}}}
ruler: {enabled: true}
`,
    "kube-prometheus-stack": `
grafana: {enabled: false}
kubeEtcd: {enabled: false}
prometheus:
  thanosService: {enabled: true}
  prometheusSpec:
    replicas: 2
    retention: 12h
    externalLabels: {cluster: blue, region: eu}
    replicaExternalLabelName: __replica__
    serviceMonitorSelectorNilUsesHelmValues: false
    enableFeatures: [exemplar-storage]
    storageSpec: {volumeClaimTemplate: {spec: {storageClassName: gp3, resources: {requests: {storage: 80Gi}}}}}
    thanos:
      image: quay.io/thanos/thanos:v0.36.1
      objectStorageConfig: {existingSecret: {name: thanos-objstore, key: objstore.yml}}
    remoteWrite: [{url: "https://elsewhere.example.com/api/v1/write"}]
`,
} as const satisfies Record<ChartName, string>;

/** A release with values as text. */
export const release = (name: ChartName, text: string = VALUES[name], rest: Partial<ReleaseInput> = {}): ReleaseInput => ({
    file: `${name}.yaml`,
    chart: { name },
    values: parse(text) as Record<string, unknown>,
    ...rest,
});

/** The stacks that releases become. */
export const imported = (...releases: ReleaseInput[]): readonly ImportedStack[] => importFleet({ releases, domain: "fleet.test" }).stacks;

/** Notes of one kind, as lines. */
export const lines = (kind: Note["kind"], { notes }: Pick<ImportedStack, "notes">, about = /./): string[] =>
    notes.flatMap((note) => {
        if (note.kind !== kind || !about.test(note.from)) return [];
        if (note.kind === "carried") return [`${note.from}: ${note.value} -> ${note.setting}: ${note.to}`];
        return note.kind === "differs"
            ? [`${note.from}: ${note.value} -> ${note.ours}: ${note.why}`]
            : [`${note.from}: ${note.value}: ${note.why} ${note.todo}`];
    });
