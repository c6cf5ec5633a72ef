import { isMap } from "../rules/isMap";
import { PROMETHEUS_REPLICA_LABEL } from "../rules/model";
import { hasCredential, type Notes } from "./note";
import { cpuOf, memoryOf, volumeOf } from "./quantity";
import { type Settings, set, unset } from "./settings";
import { Values, valueAt } from "./values";

/** What a release of kube-prometheus-stack is in a fleet. */
export interface PrometheusRelease {
    /** Settings that an observer and an observee both have. */
    readonly settings: Settings;
    readonly mode: "sidecar" | "sidecar-remote-write" | "agent";
    /** Its external label `cluster`, whatever it is. */
    readonly clusterLabel: string | undefined;
    /** The label of its replicas, where that is not the project's own. */
    readonly replicaLabel: string | undefined;
    /** Whether its chart installs Grafana. */
    readonly grafana: boolean;
    /** The objstore file of its sidecar, or the Secret that has it. Absent: it has no sidecar. */
    readonly objectStore?: { readonly file: unknown } | { readonly secret: string };
}

const SPEC = "prometheus.prometheusSpec";
/** Where Receive takes remote write (pkg/receive/handler.go). */
const RECEIVE_PATH = "/api/v1/receive";
/** What the chart installs unless its values say otherwise, and this project does not. */
const CONTROL_PLANE = ["kubeEtcd", "kubeScheduler", "kubeControllerManager", "kubeProxy"];
/** What the project sets in every Prometheus, where the values say nothing of it. */
const FIXED: readonly (readonly [fields: string, ours: string, why: string])[] = [
    ["image, version", "the pinned version", "the stack runs the Prometheus that it is tested with."],
    ["retentionSize", "four fifths of prometheus.storage", "a full volume stops Prometheus for good."],
    ["disableCompaction", "true", "the sidecar uploads blocks of one length only; Compact merges them."],
    [
        "additionalArgs",
        "--storage.remote.flush-deadline=5s",
        "with Prometheus's minute nothing is scraped for so long while remote write changes.",
    ],
    ["serviceDiscoveryRole", "EndpointSlice", "Kubernetes has deprecated Endpoints."],
    ["topologySpreadConstraints", "zones", "one lost zone takes one replica."],
    ["resources", "the defaults of prometheus.memory and prometheus.cpu", "without a request Prometheus is the first to be evicted."],
    ["scrapeInterval", "30s", "it is the operator's default, too: nothing changes."],
    ["replicaExternalLabelName", PROMETHEUS_REPLICA_LABEL, "it is the operator's default, too: nothing changes."],
    ["serviceAccountName, externalUrl, alerting, affinity", "the project's own", "names and addresses follow the layout of the project."],
];

/** Selectors that find everything if they are set to false. The project sets all of them. */
const SELECTORS = ["serviceMonitor", "podMonitor", "probe", "rule", "scrapeConfig"].map(
    (kind) => `${SPEC}.${kind}SelectorNilUsesHelmValues`,
);

/** What a release of kube-prometheus-stack does, as settings of a stack. Values without a setting stay values of the chart (`prometheus.values`). */
export function prometheusRelease(root: Readonly<Record<string, unknown>>, notes: Notes): PrometheusRelease {
    const values = new Values(root);
    const settings: Settings = {};
    /** Values that the chart keeps. */
    const rest = structuredClone(root) as Settings;
    const taken = <T>(path: string, read: (at: string) => T): T => {
        unset(rest, path);
        return read(path);
    };
    const carry = (path: string, setting: string, convert: (value: string) => unknown) => {
        const value = taken(path, (at) => values.text(at));
        if (value === undefined || value === "") return undefined;
        const written = convert(value);
        if (written === undefined) notes.left(path, value, "is not a value that import can read.", `Write ${setting}.`);
        else {
            set(settings, setting, written);
            notes.carried(path, value, setting, written);
        }
        return written;
    };
    const same = (value: string) => value;

    replicas();
    if (carry(`${SPEC}.retention`, "prometheus.retention", same) === undefined) {
        set(settings, "prometheus.retention", "10d");
        notes.carried(`${SPEC}.retention`, "not set, so 10d", "prometheus.retention", "10d");
    }
    carry(`${SPEC}.scrapeInterval`, "prometheus.scrapeInterval", same);
    carry(`${SPEC}.thanos.blockSize`, "prometheus.blockDuration", same);
    volume();
    resources();
    const clusterLabel = labels();
    const replicaLabel = replicaLabelOf();
    const objectStore = sidecar();
    const mode = remoteWrite();
    installed();
    alertmanager();
    const grafana = taken("grafana.enabled", (at) => values.isOn(at, true));
    const ofGrafana = taken("grafana", (at) => values.at(at));
    if (isMap(ofGrafana) && Object.keys(ofGrafana).length > 1)
        notes.left(
            "grafana",
            Object.keys(ofGrafana).join(", "),
            "one Grafana, on the observer, shows every cluster.",
            "Write what you need of it in `prometheus.values.grafana` of the observer, and its password in `grafana.adminSecret`.",
        );
    always();
    keep();
    return { settings, mode, clusterLabel, replicaLabel, grafana, ...(objectStore && { objectStore }) };

    /** Everything without a setting stays a value of the chart, but for what contains credentials. */
    function keep(): void {
        const depth = (path: string) => path.split(".").length;
        for (const { path, value } of new Values(rest).unread((at) => depth(at) >= (at.startsWith("prometheus.") ? 3 : 2))) {
            const [last = ""] = path.split(".").slice(-1);
            if (path.startsWith("prometheus.extraSecret") || hasCredential({ [last]: value })) {
                unset(rest, path);
                notes.left(
                    path,
                    "(not shown)",
                    "has a credential, which belongs into no stack file in the clear.",
                    "Put it into a Secret that the chart reads.",
                );
            } else notes.carried(path, value, `prometheus.values.${path}`, "the same");
        }
        if (Object.keys(rest).length > 0) set(settings, "prometheus.values", rest);
    }

    function replicas(): void {
        const path = `${SPEC}.replicas`;
        const pods = taken(path, (at) => values.count(at));
        if (pods !== undefined && pods >= 2) {
            set(settings, "prometheus.replicas", pods);
            notes.carried(path, pods, "prometheus.replicas", pods);
        } else notes.differs(path, pods ?? "not set, so 1", "2", "each restart of a single Prometheus is a gap in every graph (L31).");
    }

    function volume(): void {
        const claim = `${SPEC}.storageSpec.volumeClaimTemplate.spec`;
        const size = valueAt(root, `${claim}.resources.requests.storage`);
        const storageClass = valueAt(root, `${claim}.storageClassName`);
        if (typeof storageClass === "string" && storageClass !== "") {
            set(settings, "storageClass", storageClass);
            notes.carried(`${claim}.storageClassName`, storageClass, "storageClass", storageClass);
        }
        if (size !== undefined) carry(`${claim}.resources.requests.storage`, "prometheus.storage", volumeOf);
        else
            notes.differs(
                `${SPEC}.storageSpec`,
                valueAt(root, `${SPEC}.storageSpec`),
                "the default of prometheus.storage",
                "without a volume a restart loses up to three hours that are in no bucket yet.",
            );
        if (size !== undefined && valueAt(root, `${claim}.accessModes`) === undefined)
            notes.differs(`${claim}.accessModes`, undefined, "ReadWriteOnce", "it is the operator's default, too: nothing changes.");
        taken(`${SPEC}.storageSpec`, (at) => values.at(at));
    }

    function resources(): void {
        const limit = `${SPEC}.resources.limits.memory`;
        const request = `${SPEC}.resources.requests.memory`;
        carry(valueAt(root, limit) === undefined ? request : limit, "prometheus.memory", memoryOf);
        if (valueAt(root, limit) !== valueAt(root, request))
            notes.differs(
                request,
                valueAt(root, request),
                "request and limit are equal",
                "a pod that may use more than it requests is the first to be evicted.",
            );
        carry(`${SPEC}.resources.requests.cpu`, "prometheus.cpu", cpuOf);
        const cores = valueAt(root, `${SPEC}.resources.limits.cpu`);
        if (cores !== undefined) notes.differs(`${SPEC}.resources.limits.cpu`, cores, "no limit", "what nobody else uses is free to take.");
        taken(`${SPEC}.resources`, (at) => values.at(at));
    }

    function labels(): string | undefined {
        const path = `${SPEC}.externalLabels`;
        const given = taken(path, (at) => values.at(at));
        if (!isMap(given)) return undefined;
        const { cluster, ...others } = given;
        for (const [name, value] of Object.entries(others)) {
            if (typeof value !== "string" || value === "") continue;
            set(settings, "prometheus.externalLabels", {
                ...((valueAt(settings, "prometheus.externalLabels") as Settings) ?? {}),
                [name]: value,
            });
            notes.carried(`${path}.${name}`, value, `prometheus.externalLabels.${name}`, value);
        }
        return cluster === undefined ? undefined : String(cluster);
    }

    function replicaLabelOf(): string | undefined {
        const path = `${SPEC}.replicaExternalLabelName`;
        const name = taken(path, (at) => values.text(at));
        const isClear = taken(`${SPEC}.replicaExternalLabelNameClear`, (at) => values.isOn(at, false));
        if (isClear)
            notes.differs(`${path}Clear`, true, PROMETHEUS_REPLICA_LABEL, "without a label Query cannot tell two replicas apart (L1).");
        if (!name || name === PROMETHEUS_REPLICA_LABEL) return undefined;
        notes.differs(
            path,
            name,
            PROMETHEUS_REPLICA_LABEL,
            "Query, Compact and the alerts know the replicas by it. New blocks have it, and Compact does not merge them with the older ones; Query merges both.",
        );
        return name;
    }

    function sidecar(): PrometheusRelease["objectStore"] {
        const path = `${SPEC}.thanos.objectStorageConfig`;
        const file = valueAt(root, `${path}.secret`);
        const secret = valueAt(root, `${path}.existingSecret.name`) ?? valueAt(root, `${path}.name`);
        unset(rest, path);
        for (const key of ["image", "version", "baseImage", "tag", "sha"]) {
            const value = taken(`${SPEC}.thanos.${key}`, (at) => values.at(at));
            if (value !== undefined)
                notes.differs(`${SPEC}.thanos.${key}`, value, "the pinned version", "the stack runs the Thanos that it is tested with.");
        }
        if (taken(`${SPEC}.disableCompaction`, (at) => values.isOn(at, false)))
            notes.carried(
                `${SPEC}.disableCompaction`,
                true,
                "prometheus",
                "without a setting: the sidecar uploads blocks of one length only",
            );
        for (const key of ["thanosService", "thanosServiceMonitor"]) {
            const value = taken(`prometheus.${key}`, (at) => values.at(at));
            if (value !== undefined)
                notes.differs(`prometheus.${key}`, value, "the project's own", "the leaf Query and the alerts find the sidecars by it.");
        }
        if (secret !== undefined && valueAt(root, `${path}.existingSecret.name`) === undefined)
            notes.differs(
                path,
                `name: ${secret}`,
                "a sidecar that uploads",
                "the chart drops this form without a word (helm-charts#4229), so look whether blocks of this cluster are in the bucket at all.",
            );
        if (secret !== undefined) return { secret: String(secret) };
        if (file !== undefined) return { file };
        notes.differs(
            `${SPEC}.thanos`,
            "no objectStorageConfig",
            "a sidecar that uploads",
            "blocks of this cluster are in no bucket yet; its history stays on its old volumes, and goes with them.",
        );
        return undefined;
    }

    function remoteWrite(): PrometheusRelease["mode"] {
        const isAgent = taken("prometheus.agentMode", (at) => values.isOn(at, false));
        const path = `${SPEC}.remoteWrite`;
        const targets = taken(path, (at) => values.at(at));
        const others = (Array.isArray(targets) ? targets : []).filter((target) => {
            const isReceive = isMap(target) && String(target.url).includes(RECEIVE_PATH);
            if (isReceive)
                notes.differs(
                    path,
                    target.url,
                    "the observer's Receive",
                    "the address follows from the domain, and the tenant from the cluster's certificate.",
                );
            return !isReceive;
        });
        const writes = Array.isArray(targets) && others.length < targets.length;
        if (others.length > 0) {
            const own = valueAt(rest, `${SPEC}.additionalRemoteWrite`);
            set(rest, `${SPEC}.additionalRemoteWrite`, [...(Array.isArray(own) ? own : []), ...others]);
        }
        return isAgent ? "agent" : writes ? "sidecar-remote-write" : "sidecar";
    }

    function installed(): void {
        for (const [path, setting] of [
            ["nodeExporter.enabled", "prometheus.nodeExporter"],
            ["kubeStateMetrics.enabled", "prometheus.kubeStateMetrics"],
        ] as const) {
            if (taken(path, (at) => values.isOn(at, true))) continue;
            set(settings, setting, "unmanaged");
            notes.carried(path, false, setting, "unmanaged");
        }
        if (!taken("defaultRules.create", (at) => values.isOn(at, true))) {
            set(settings, "prometheus.defaultRules", false);
            notes.carried("defaultRules.create", false, "prometheus.defaultRules", false);
        }
    }

    function alertmanager(): void {
        if (!taken("alertmanager.enabled", (at) => values.isOn(at, true))) {
            taken("alertmanager", (at) => values.at(at));
            set(settings, "alerting.alertmanager", "off");
            notes.carried("alertmanager.enabled", false, "alerting.alertmanager", "off");
            return;
        }
        carry("alertmanager.alertmanagerSpec.replicas", "alerting.replicas", (value) => Number(value) || undefined);
        carry("alertmanager.alertmanagerSpec.configSecret", "alerting.configSecret", same);
        unset(rest, "alertmanager.alertmanagerSpec.useExistingSecret");
        const config = taken("alertmanager.config", (at) => values.at(at));
        if (config !== undefined)
            notes.left(
                "alertmanager.config",
                Object.keys(isMap(config) ? config : {}).join(", "),
                "receivers often contain credentials, which belong into no stack file.",
                "Put it into a Secret, key alertmanager.yaml, and write its name in `alerting.configSecret`.",
            );
    }

    /** What the project does whatever the chart's values are. */
    function always(): void {
        const found = SELECTORS.map((path) => [path, taken(path, (at) => values.at(at))] as const);
        const limited = found.filter(([, value]) => value !== false).map(([path]) => path.slice(`${SPEC}.`.length));
        if (limited.length > 0)
            notes.differs(
                `${SPEC}: ${limited.join(", ")}`,
                true,
                "false",
                "objects of every namespace are found, without the label of the release: more may be scraped and evaluated than before.",
            );
        for (const [fields, ours, why] of FIXED) {
            const unset = fields.split(", ").filter((field) => valueAt(root, `${SPEC}.${field}`) === undefined);
            if (unset.length > 0) notes.differs(`${SPEC}: ${unset.join(", ")}`, undefined, ours, why);
        }
        notes.differs(
            `${SPEC}: podMetadata`,
            valueAt(root, `${SPEC}.podMetadata`),
            "with a checksum of the object store",
            "the sidecar reads its object store when it starts: a changed one replaces the pods.",
        );
        const on = CONTROL_PLANE.filter((part) => valueAt(root, `${part}.enabled`) === undefined);
        if (on.length > 0)
            notes.differs(
                on.join(", "),
                "not set, so on",
                "off",
                "EKS runs them where nobody can scrape them. `prometheus.values` can switch them on.",
            );
        if (taken("prometheus.enabled", (at) => values.at(at)) === false)
            notes.left(
                "prometheus.enabled",
                false,
                "every cluster of the fleet has a Prometheus: the stack installs one.",
                "Write `prometheus.existing`, if another release runs one that is to stay.",
            );
        if (taken("prometheusOperator.enabled", (at) => values.at(at)) === false)
            notes.differs(
                "prometheusOperator.enabled",
                false,
                "true",
                "the stack installs an operator, which handles the stack's own Prometheus only, beside one that exists.",
            );
        notes.differs(
            SPEC,
            "external label prometheus: NAMESPACE/NAME of before",
            "thanos-fleet/kps-prometheus",
            "it is part of every block's identity: new blocks are not merged with older ones, and queries that name it find one kind only.",
        );
    }
}
