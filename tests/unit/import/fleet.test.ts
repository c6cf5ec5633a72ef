import assert from "node:assert/strict";
import { parse } from "yaml";
import { importFleet, stackFileText } from "../../../import/fleet";
import { shown } from "../../../import/note";
import { valueAt } from "../../../import/values";
import { imported, lines, release } from "../../support/chartValues";

const only = (...args: Parameters<typeof release>) => {
    const [stack] = imported(release(...args));
    assert.ok(stack);
    return stack;
};

/** What is refused, a line each. */
function refusal(...releases: ReturnType<typeof release>[]): string[] {
    try {
        importFleet({ releases, domain: "fleet.test" });
    } catch (error) {
        return (error as Error).message.split("\n").slice(1);
    }
    return [];
}

const AWS = { region: "eu-central-1", cluster: { name: "observer" } };
/** Retentions of three lengths are taken as they are. */
const UNEQUAL = { easedRules: [{ rule: "L34", reason: "the Helm values keep the resolutions for different times" }] };

const HEAD = { role: "observer", cluster: "observer", domain: "fleet.test", observees: [] };

describe("an import of Bitnami's chart", () => {
    it("keeps sizes, retention, delays and replica labels, and reads the blocks in the root of the bucket", () => {
        const { settings, problems } = only("bitnami");
        assert.deepEqual(problems, []);
        assert.deepEqual(settings, {
            ...HEAD,
            ...UNEQUAL,
            cloud: "aws",
            aws: AWS,
            query: { timeout: "5m", replicas: 2, replicaLabels: ["replica"] },
            store: { storage: "20Gi" },
            compact: {
                retention: { raw: "30d", fiveMinutes: "90d", oneHour: "10y" },
                consistencyDelay: "30m",
                concurrency: { compactions: 1 },
                deleteDelay: "72h",
                memory: "2Gi",
                cpu: "500m",
                storage: "100Gi",
            },
            receive: { retention: "15d" },
            storageClass: "gp3",
            objectStore: { type: "S3", config: { bucket: "acme-blocks", endpoint: "s3.eu-central-1.amazonaws.com" } },
            streams: [{ name: "imported", writers: [], prefix: "" }],
        });
    });

    it("writes no credential, and says how to set it", () => {
        const stack = only("bitnami");
        assert.ok(!JSON.stringify(stack).includes("not-to-be-shown"));
        assert.deepEqual(lines("left", stack, /secret_key/), [
            "objstoreConfig config.secret_key: (not shown): a credential belongs into no file in the clear. pulumi config set --secret --path objectStore.config.secret_key VALUE, on the stack observer.",
        ]);
    });

    it("says what it does on purpose where the chart passes another value, or none", () => {
        const stack = only("bitnami");
        assert.deepEqual(lines("differs", stack, /^receive --receive\.hashrings-algorithm/), [
            "receive --receive.hashrings-algorithm: not set -> ketama: series then stay on their ingesters when the ring changes.",
        ]);
        assert.deepEqual(lines("differs", stack, /replicationFactor|replication-protocol/), [
            "receive.replicationProtocol (--receive.replication-protocol): capnproto -> protobuf: this project is tested with it; capnproto loses connections before Thanos 0.41.",
            "receive.replicationFactor (--receive.replication-factor): 1 -> 3: with fewer copies one lost ingester loses samples, or stops all writes (L7).",
        ]);
    });

    it("reports the rules that the release breaks today", () =>
        assert.deepEqual(
            only("bitnami").findings.map(({ rule, message }) => `${rule} ${message}`),
            [
                "L7 StatefulSet receive.replicationFactor: 1 is less than 3. A lost ingester is lost data.",
                "L34 StatefulSet compactor.retention: raw 30d, 5m 90d and 1h 3650d differ. Past the shortest of them, a graph changes or goes empty as it is zoomed.",
            ],
        ));

    const found = (text: string) =>
        only("bitnami", `objstoreConfig: {type: GCS, config: {bucket: b}}\n${text}`).findings.map(
            ({ rule, message }) => `${rule} ${message}`,
        );

    it("reports no lack of copies where Receive has three, alone and behind routers", () => {
        const rules = (text: string) => found(text).filter((finding) => finding.startsWith("L7 "));
        assert.deepEqual(rules("receive: {enabled: true, replicaCount: 3, replicationFactor: 3}"), []);
        const routers = "receiveDistributor: {enabled: true, replicaCount: 2, replicationFactor:";
        assert.deepEqual(rules(`receive: {enabled: true, mode: dual-mode, replicaCount: 3}\n${routers} 3}`), []);
        assert.deepEqual(rules(`receive: {enabled: true, mode: dual-mode, replicaCount: 3}\n${routers} 2}`), [
            "L7 Deployment receiveDistributor.replicationFactor: 2 is less than 3. A write succeeds when one copy is stored.",
        ]);
    });

    it("reports a cache in memory that two Query Frontends do not share", () => {
        const cache = (type: string) => found(`queryFrontend: {enabled: true, replicaCount: 2, config: "type: ${type}"}`);
        assert.deepEqual(cache("IN-MEMORY"), [
            "L14 Deployment queryFrontend.replicas: 2 pods would each have a cache of their own: the same graph differs from pod to pod while samples arrive late (thanos#8276).",
        ]);
        assert.deepEqual(cache("MEMCACHED"), []);
    });

    it("passes protobuf to Receive before version 17", () => {
        const stack = only("bitnami", undefined, { chart: { name: "bitnami", version: "15.7.0" } });
        assert.deepEqual(lines("differs", stack, /replication-protocol/), []);
    });

    it("is refused in versions whose values had other names", () =>
        assert.deepEqual(refusal(release("bitnami", undefined, { chart: { name: "bitnami", version: "7.0.0" } })), [
            "  bitnami.yaml: is of version 7.0.0 of bitnami, whose values have other names than those of 8.0 and later. Upgrade the release first, as the chart's notes say.",
        ]));

    it("is refused while the objstore file is in a Secret only", () =>
        assert.deepEqual(refusal(release("bitnami", "existingObjstoreSecret: objstore\nquery: {}")), [
            "  bitnami.yaml existingObjstoreSecret: names the Secret objstore, which import cannot see. Write the objstore file that is in it to a file, and name that with --object-store: kubectl get secret objstore -o yaml shows it, in base64.",
        ]));

    it("is refused while a template is left in the objstore file", () =>
        assert.match(
            refusal(release("bitnami", 'objstoreConfig: {type: S3, config: {bucket: "{{ .Values.bucket }}", endpoint: e}}'))[0] ?? "",
            /a template is left in it\. Name one/,
        ));

    it("keeps settings that the plan refuses and that decide what is kept, and says so", () => {
        const { settings, problems } = only(
            "bitnami",
            "objstoreConfig: {type: GCS, config: {bucket: b}}\ncompactor: {enabled: true, retentionResolutionRaw: 30h}",
        );
        assert.deepEqual(valueAt(settings, "compact.retention"), { raw: "30h", fiveMinutes: "30d", oneHour: "10y" });
        assert.deepEqual(
            problems.map(({ path }) => path),
            ["compact.retention.raw"],
        );
    });

    it("leaves out fields of the objstore file that the project does not have, and keeps wrong ones to be settled", () => {
        const store = (config: string) =>
            only("bitnami", `objstoreConfig: {type: S3, config: {endpoint: e, ${config}}}\nquery: {replicaLabel: replica}`);
        const stack = store("bucket: b, send_content_md5: true, http_config: {tls_handshake_timeout: 10s, max_idle_conns: 5}");
        assert.deepEqual(
            [stack.problems, stack.settings.objectStore],
            [[], { type: "S3", config: { endpoint: "e", bucket: "b", send_content_md5: true, http_config: { max_idle_conns: 5 } } }],
        );
        assert.deepEqual(lines("left", stack), [
            "objstoreConfig.config.http_config.tls_handshake_timeout: as imported: objectStore.config.http_config.tls_handshake_timeout is not a setting here. Remove it, or look up its name in docs/configuration.md.",
        ]);
        assert.deepEqual(
            store("region: eu").problems.map(({ path }) => path),
            ["objectStore.config.bucket"],
        );
    });

    it("leaves out what no setting can hold, with the reason of the schema", () => {
        const stack = only("bitnami", "objstoreConfig: {type: GCS, config: {bucket: b}}\nquery: {extraFlags: [--query.timeout=1.5h]}");
        assert.deepEqual([stack.settings.query, stack.problems], [{ replicaLabels: ["replica"] }, []]);
        assert.deepEqual(lines("left", stack), [
            'query.extraFlags (--query.timeout): 1.5h: query.timeout "1.5h" is not a duration. Write a number and a unit (ms, s, m, h, d, w, y), for instance 2m.',
        ]);
        assert.deepEqual(lines("carried", stack, /query\.timeout/), []);
    });

    it("says in which line the value of a refused setting is", () => {
        const text =
            "objstoreConfig: {type: GCS, config: {bucket: b}}\nquery: {extraFlags: [--query.timeout=1.5h]}\ncompactor: {enabled: true, retentionResolutionRaw: 30h}";
        const places: Record<string, string> = {
            "query.extraFlags (--query.timeout)": "b.yaml:2",
            "compactor.retentionResolutionRaw (--retention.resolution-raw)": "b.yaml:3",
        };
        const stack = only("bitnami", text, { whereIs: (from) => places[from] });
        assert.deepEqual(
            [stack.notes.flatMap((note) => (note.kind === "left" ? (note.place ?? []) : [])), stack.problems.map(({ path }) => path)],
            [["b.yaml:2"], ["compact.retention.raw b.yaml:3"]],
        );
    });

    const STORE = "objstoreConfig: {type: GCS, config: {bucket: b}}\n";

    it("says what else decides on its values", () =>
        assert.deepEqual(lines("left", only("bitnami", STORE, { others: ["valuesFrom"] }), /valuesFrom/), [
            "valuesFrom: not read: import reads the values that are written in the file, and these are elsewhere. Give import what they make together: helm get values RELEASE -o yaml.",
        ]));

    it("lets Store forget blocks after half of the time after which Compact deletes them, where it deletes early", () => {
        const stores = (flags: string) => {
            const stack = only("bitnami", `${STORE}storegateway: {enabled: true}\ncompactor: {enabled: true, extraFlags: [${flags}]}`);
            return [
                valueAt(stack.settings, "store.ignoreDeletionMarksDelay"),
                stack.problems,
                lines("differs", stack, /deletion-marks/).slice(0, 1),
            ];
        };
        assert.deepEqual(stores("--delete-delay=30m"), [
            "15m",
            [],
            [
                "store --ignore-deletion-marks-delay: not set, so 24h -> 15m: half of Compact's --delete-delay: Compact deletes a block 30m after it has marked it, and Store would still ask for it (L5).",
            ],
        ]);
        assert.equal(stores("--delete-delay=72h")[0], undefined);
    });

    const cacheOf = (text: string) => {
        const stack = only("bitnami", `${STORE}queryFrontend: {enabled: true, ${text}}`);
        assert.deepEqual(stack.problems, []);
        return [
            valueAt(stack.settings, "queryFrontend.cache"),
            [...lines("left", stack, /queryFrontend/), ...lines("differs", stack, /queryFrontend.*cache-config/)],
        ];
    };

    it("carries over a cache, whether it is a file as text or as a map, or a flag", () => {
        const memcached = "{type: MEMCACHED, config: {addresses: ['a:11211'], max_item_size: 2MiB, timeout: 1s}}";
        const expected = { type: "own-memcached", addresses: ["a:11211"], itemSize: "2Mi" };
        const others = (path: string) => [
            `${path}: timeout -> the project's own: sizes follow the memory of the pod; the rest is tested with it.`,
        ];
        const file = "queryFrontend.config (--query-range.response-cache-config-file)";
        assert.deepEqual(cacheOf(`config: ${memcached}`), [expected, others(file)]);
        assert.deepEqual(cacheOf(`config: "${memcached}"`), [expected, others(file)]);
        assert.deepEqual(cacheOf(`extraFlags: ["--query-range.response-cache-config=${memcached}"]`), [
            expected,
            others("queryFrontend.extraFlags (--query-range.response-cache-config)"),
        ]);
    });

    it("writes no password of a cache, and says how to set it", () => {
        const [cache, notes] = cacheOf("config: {type: REDIS, config: {addr: 'r:6379', username: u, password: not-to-be-shown, db: 0}}");
        assert.deepEqual(
            [cache, notes],
            [
                { type: "own-redis", address: "r:6379", username: "u" },
                [
                    "queryFrontend.config (--query-range.response-cache-config-file): (not shown): a password belongs into no file in the clear. pulumi config set --secret --path queryFrontend.cache.password VALUE.",
                ],
            ],
        );
    });

    it("lists a cache that no setting can describe", () => {
        const reasons = (config: string) => {
            const { settings, notes } = only("bitnami", `${STORE}queryFrontend: {enabled: true, config: ${config}}`);
            return [valueAt(settings, "queryFrontend.cache"), ...notes.flatMap((note) => (note.kind === "left" ? [note.why] : []))];
        };
        assert.deepEqual(
            [
                "{type: REDIS, config: {addr: 'a:26379, b:26379', master_name: m}}",
                "{type: REDIS, config: {addr: ''}}",
                "{type: GROUPCACHE}",
            ].map(reasons),
            [
                [undefined, "is Redis behind Sentinel, for which there is no setting."],
                [undefined, "names no server."],
                [undefined, "is a cache of type GROUPCACHE, for which there is no setting."],
            ],
        );
    });

    it("says what becomes of vertical compaction, with the project's merging and without", () => {
        const compact = (flags: string) =>
            only("bitnami", `${STORE}compactor: {enabled: true, extraFlags: [--compact.enable-vertical-compaction${flags}]}`);
        const merging = compact(", --deduplication.replica-label=prometheus_replica, --deduplication.func=penalty");
        assert.deepEqual(lines("carried", merging, /vertical|deduplication/), [
            "compactor.extraFlags (--deduplication.replica-label): prometheus_replica by penalty -> compact.mergeReplicas: true",
            "compactor.extraFlags (--deduplication.func): penalty -> compact.mergeReplicas: penalty",
            "compactor.extraFlags (--compact.enable-vertical-compaction): true -> compact.mergeReplicas: true",
        ]);
        assert.deepEqual(lines("left", compact(", --deduplication.func=penalty"), /vertical|deduplication/), [
            "compactor.extraFlags (--deduplication.func): penalty: says how Compact merges replicas, and this one does not. Nothing.",
            "compactor.extraFlags (--compact.enable-vertical-compaction): true: Compact merges blocks that overlap only where it merges replicas, and in streams that Receive uploads to; elsewhere it halts at them. Look whether the bucket has such blocks (thanos tools bucket verify --issues=overlapped_blocks). If it has, write `compact.mergeReplicas: true`.",
        ]);
    });

    it("says by which labels Query merges copies beside those of the release", () =>
        assert.deepEqual(lines("differs", only("bitnami"), /query\.replicaLabel/), [
            'query.replicaLabel (--query.replica-label): ["replica","prometheus_replica"] -> receive_replica, rule_replica: Query merges copies by these labels, too: the project\'s own parts write them. New blocks have the project\'s labels, older ones keep theirs.',
        ]));

    it("carries over Alertmanagers in a file where their addresses are all that it says", () => {
        const rule = (config: string) => {
            const stack = only("bitnami", `${STORE}ruler: {enabled: true, alertmanagersConfig: {alertmanagers: [${config}]}}`);
            return [stack.settings.alerting, lines("left", stack, /alertmanagers/).length];
        };
        assert.deepEqual(rule("{static_configs: ['a.monitoring.svc:9093'], scheme: http, path_prefix: /am, api_version: v2}"), [
            { alertmanager: "external", external: [{ url: "http://a.monitoring.svc:9093/am" }] },
            0,
        ]);
        assert.deepEqual(rule("{static_configs: ['dnssrv+_web._tcp.a.svc']}"), [undefined, 1]);
    });

    it("lists a StorageClass that is no name", () => {
        const stack = only("bitnami", `${STORE}storegateway: {enabled: true, persistence: {storageClass: "\${CLASS}", size: 1Gi}}`);
        assert.equal(lines("left", stack, /storageClass/).length, 1);
    });

    it("tells once of a component that nothing switches on", () =>
        assert.deepEqual(lines("left", only("bitnami", `${STORE}storegateway: {replicaCount: 3, logLevel: debug}`), /storegateway/), [
            "storegateway: replicaCount, logLevel: the release does not run this component: nothing switches it on. Nothing.",
        ]));

    it("tells once of a section that another chart has", () =>
        assert.deepEqual(
            lines("left", only("bitnami", `${STORE}storeGateway: {enabled: true, replicaCount: 3}\nmetrics: {}`), /storeGateway/),
            ["storeGateway: enabled, replicaCount: the chart has no such section, and ignores it. Nothing."],
        ));

    it("passes the flags that its version of the chart passes", () => {
        const concurrency = (version: string) =>
            valueAt(
                only("bitnami", `${STORE}compactor: {enabled: true}`, { chart: { name: "bitnami", version } }).settings,
                "compact.concurrency",
            );
        assert.deepEqual([concurrency("15.8.0"), concurrency("15.9.2")], [undefined, { compactions: 1 }]);
    });
});

describe("an import of a release without Compact", () => {
    it("deletes nothing, since nobody knows what another Compact keeps", () => {
        const { settings, problems } = only("bitnami", "objstoreConfig: {type: GCS, config: {bucket: b}}\nquery: {replicaLabel: replica}");
        assert.deepEqual([problems, valueAt(settings, "compact.retention")], [[], { raw: "0d", fiveMinutes: "0d", oneHour: "0d" }]);
    });
});

describe("an import of stevehipwell's chart", () => {
    it("keeps for ever what the chart keeps for ever, and a prefix that is a name", () => {
        const { settings, problems } = only("stevehipwell");
        assert.deepEqual(problems, []);
        assert.deepEqual(settings, {
            ...HEAD,
            ...UNEQUAL,
            cloud: "local",
            store: { replicas: 2 },
            compact: {
                retention: { raw: "60d", fiveMinutes: "0d", oneHour: "0d" },
                mergeReplicas: true,
                storage: "50Gi",
            },
            objectStore: { type: "GCS", config: { bucket: "acme-blocks" } },
            streams: [{ name: "metrics", writers: [] }],
        });
    });

    it("says why Stores answer for recent samples, too", () =>
        assert.deepEqual(lines("left", only("stevehipwell"), /max-time/), [
            "storeGateway.extraArgs (--max-time): -20h: Stores leave recent samples only to Receive, and only where every writer of the stream writes to it (docs/adr/0025). Write `store.minAge` where that is so.",
        ]));
});

describe("an import of thanos-community's chart", () => {
    it("keeps shards, a shared cache and a prefix of several folders", () => {
        const { settings } = only("thanos-community");
        assert.deepEqual(settings, {
            ...HEAD,
            ...UNEQUAL,
            cloud: "local",
            query: { replicas: 2, replicaLabels: ["ruler_replica"] },
            queryFrontend: {
                cache: { type: "own-memcached", addresses: ["dnssrvnoa+_memcached._tcp.memcached.storage.svc"] },
                replicas: 2,
            },
            store: { shards: 2, replicas: 3 },
            compact: {
                retention: { raw: "30d", fiveMinutes: "90d", oneHour: "365d" },
                consistencyDelay: "30m",
            },
            rule: { retention: "48h", evaluationInterval: "1m", replicas: 2 },
            // The chart has an example as its default, and sends alerts there.
            alerting: { alertmanager: "external", external: [{ url: "http://alertmanager.monitoring.svc.cluster.local:9093" }] },
            objectStore: { type: "S3", config: { bucket: "acme-blocks", endpoint: "minio.storage.svc:9000", insecure: true } },
            streams: [{ name: "imported", writers: [], prefix: "team-a/thanos" }],
        });
    });

    it("has to be completed where its Rule has rules that import does not move", () =>
        assert.deepEqual(
            only("thanos-community").problems.map(({ path }) => path),
            ["rule.files"],
        ));
});

describe("an import of kube-prometheus-stack", () => {
    it("keeps labels, retention and volumes, and values that no setting has", () => {
        const { settings, problems } = only("kube-prometheus-stack");
        assert.deepEqual(problems, []);
        assert.deepEqual(settings, {
            role: "observee",
            cluster: "blue",
            domain: "fleet.test",
            observer: "organization/thanos-fleet/observer",
            cloud: "aws",
            aws: { region: "eu-west-1", cluster: { name: "blue" } },
            storageClass: "gp3",
            prometheus: {
                replicas: 2,
                retention: "12h",
                storage: "80Gi",
                externalLabels: { region: "eu" },
                values: {
                    kubeEtcd: { enabled: false },
                    prometheus: {
                        prometheusSpec: {
                            enableFeatures: ["exemplar-storage"],
                            additionalRemoteWrite: [{ url: "https://elsewhere.example.com/api/v1/write" }],
                        },
                    },
                },
            },
        });
    });

    it("says that replicas get another label", () =>
        assert.deepEqual(lines("differs", only("kube-prometheus-stack"), /replicaExternalLabelName/), [
            "prometheus.prometheusSpec.replicaExternalLabelName: __replica__ -> prometheus_replica: Query, Compact and the alerts know the replicas by it. New blocks have it, and Compact does not merge them with the older ones; Query merges both.",
        ]));

    it("leaves out values that would break the fleet, with the reason", () => {
        const stack = only("kube-prometheus-stack", "prometheus: {prometheusSpec: {externalLabels: {cluster: blue}, retentionSize: 40GB}}");
        assert.deepEqual(
            [stack.problems, lines("left", stack, /retentionSize/)],
            [
                [],
                [
                    "prometheus.prometheusSpec.retentionSize: 40GB: prometheus.values.prometheus.prometheusSpec.retentionSize follows from prometheus.storage. Write prometheus.storage instead.",
                ],
            ],
        );
    });

    it("asks for what a variable stands for, which is not one of relabelling", () => {
        const text = `prometheus: {ingress: {hosts: ["p.\${DOMAIN}"]}, prometheusSpec: {externalLabels: {cluster: blue, zone: "\${1}"}}}`;
        const { decide } = importFleet({ releases: [release("kube-prometheus-stack", text)], domain: "fleet.test" });
        assert.deepEqual(
            decide.filter((line) => line.includes("$")),
            [`\${DOMAIN} of blue: something fills them in before Helm reads the values (Flux, for instance). Write what they stand for.`],
        );
    });

    it("says that it installs a Prometheus and an operator where the release has none", () => {
        const stack = only("kube-prometheus-stack", "prometheus: {enabled: false}\nprometheusOperator: {enabled: false}", {
            cluster: "blue",
        });
        assert.deepEqual(lines("left", stack, /^prometheus\.enabled/), [
            "prometheus.enabled: false: every cluster of the fleet has a Prometheus: the stack installs one. Write `prometheus.existing`, if another release runs one that is to stay.",
        ]);
        assert.deepEqual(lines("differs", stack, /^prometheusOperator/), [
            "prometheusOperator.enabled: false -> true: the stack installs an operator, which handles the stack's own Prometheus only, beside one that exists.",
        ]);
        const usual = only("kube-prometheus-stack", "prometheus: {enabled: true}\nprometheusOperator: {enabled: true}", {
            cluster: "blue",
        });
        assert.deepEqual([lines("left", usual, /^prometheus\.enabled/), lines("differs", usual, /^prometheusOperator/)], [[], []]);
    });

    it("writes and prints no credential that is in its values", () => {
        const stack = only(
            "kube-prometheus-stack",
            "prometheus: {prometheusSpec: {externalLabels: {cluster: blue}, additionalScrapeConfigs: [{job_name: a, basic_auth: {password: not-to-be-shown}}], enableAdminAPI: true}}",
        );
        assert.deepEqual(valueAt(stack.settings, "prometheus.values"), { prometheus: { prometheusSpec: { enableAdminAPI: true } } });
        assert.ok(!JSON.stringify(stack).includes("not-to-be-shown"));
        assert.deepEqual(lines("left", stack, /additionalScrapeConfigs/), [
            "prometheus.prometheusSpec.additionalScrapeConfigs: (not shown): has a credential, which belongs into no stack file in the clear. Put it into a Secret that the chart reads.",
        ]);
    });

    it("is refused without a name of its cluster, or with one that is none", () => {
        const labels = (cluster: string) =>
            release("kube-prometheus-stack", `prometheus: {prometheusSpec: {externalLabels: {${cluster}}}}`);
        assert.deepEqual(
            [labels(""), labels("cluster: PROD_EU")].flatMap((input) => refusal(input)),
            [
                "  kube-prometheus-stack.yaml: has no external label cluster, so nothing names its cluster. Name the cluster before the file: blue=kube-prometheus-stack.yaml.",
                '  kube-prometheus-stack.yaml: has the cluster "PROD_EU", which is not a cluster name: 1 to 32 lower-case letters, digits and hyphens, beginning with a letter. Name the cluster before the file: blue=kube-prometheus-stack.yaml.',
            ],
        );
    });

    it("becomes an agent, or writes remotely, as its values do", () => {
        const notes = (spec: string) =>
            lines("left", only("kube-prometheus-stack", `prometheus: ${spec}`, { cluster: "blue" }), /this cluster/);
        assert.deepEqual(
            [
                "{agentMode: true}",
                "{prometheusSpec: {remoteWrite: [{url: 'http://receive:19291/api/v1/receive'}]}}",
                "{prometheusSpec: {}}",
            ].flatMap(notes),
            ["agent", "sidecar-remote-write", "sidecar"].map(
                (mode) =>
                    `(this cluster): blue: the observer has to list it. Add {name: blue, mode: ${mode}} to \`observees\` of the observer's stack.`,
            ),
        );
    });
});

describe("an import of several releases", () => {
    const main = { cluster: "main" };
    const [observer, observee] = imported(
        release("bitnami", undefined, main),
        release("kube-prometheus-stack", undefined, main),
        release("kube-prometheus-stack"),
    );

    it("gives all of them the stream that the bucket has, with the labels of its replicas", () => {
        assert.deepEqual(observer?.settings.streams, [{ name: "main", writers: ["main", "blue"], prefix: "" }]);
        assert.deepEqual(observer?.settings.observees, [{ name: "blue", mode: "sidecar" }]);
        assert.deepEqual(valueAt(observer?.settings, "query.replicaLabels"), ["replica", "__replica__"]);
    });

    it("makes the Prometheus in the observer's cluster the observer's own", () => {
        assert.equal(valueAt(observer?.settings, "prometheus.retention"), "12h");
        assert.deepEqual([observer?.problems, observee?.problems, observee?.name], [[], [], "blue"]);
    });

    it("is refused with two observers, or two Prometheus in one cluster", () => {
        const blue = release("kube-prometheus-stack");
        assert.deepEqual(refusal(release("bitnami"), release("stevehipwell")), [
            "  stevehipwell.yaml: is a second release of Thanos (also bitnami.yaml). A fleet has one observer. Import each into a folder of its own; `helm get values RELEASE` prints the values of a release that several files make.",
        ]);
        assert.deepEqual(refusal(blue, { ...blue, file: "other.yaml" }), [
            "  other.yaml: is of the cluster blue, like kube-prometheus-stack.yaml. Import one release of each cluster.",
        ]);
    });
});

describe("a stack file that import writes", () => {
    it("has the settings, and keeps what Pulumi has in it", () => {
        const stack = only("stevehipwell");
        const written = parse(stackFileText(stack, ["a.yaml"], { encryptionsalt: "v1:salt" })) as { config: Record<string, unknown> };
        assert.deepEqual(written, {
            encryptionsalt: "v1:salt",
            config: Object.fromEntries(Object.entries(stack.settings).map(([key, value]) => [`thanos-fleet:${key}`, value])),
        });
    });
});

describe("values in what import prints", () => {
    it("hide the variables of pods, some of which are credentials", () => {
        const text = "objstoreConfig: {type: GCS, config: {bucket: b}}\nquery: {extraEnvVars: [{name: KEY, value: not-to-be-shown}]}";
        assert.ok(!JSON.stringify(only("bitnami", text)).includes("not-to-be-shown"));
    });

    it("are shortened, and hide credentials", () =>
        assert.deepEqual(
            [shown(undefined), shown("a\nb"), shown({ secret_key: "x", bucket: "b" })],
            ["not set", "a...", '{"secret_key":"(not shown)","bucket":"b"}'],
        ));
});
