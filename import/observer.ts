import { isDeepStrictEqual } from "node:util";
import { RECEIVE_REPLICA_LABEL, REPLICA_LABELS, RULE_REPLICA_LABEL } from "../config/labels";
import { type Duration, formatDuration, parseDuration } from "../rules/duration";
import { isMap } from "../rules/isMap";
import { PROMETHEUS_REPLICA_LABEL } from "../rules/model";
import { carryCaches } from "./cache";
import { FLAGS, SOURCES, type Treatment } from "./flags";
import type { Notes } from "./note";
import { cpuOf, memoryOf, volumeOf } from "./quantity";
import { type Settings, set } from "./settings";
import { type CacheFile, type Component, type ComponentName, type Flag, SHARDS, type ThanosRelease } from "./thanosRelease";
import { type Values, valueAt } from "./values";

/** Where the settings of a component are. */
const SECTIONS: Readonly<
    Record<ComponentName, { section: string; pods?: string; memory: string; cpu: string; volume?: string; autoscale?: string }>
> = {
    query: { section: "query", pods: "replicas", memory: "memory", cpu: "cpu", autoscale: "autoscale" },
    "query-frontend": { section: "queryFrontend", pods: "replicas", memory: "memory", cpu: "cpu", autoscale: "autoscale" },
    store: { section: "store", pods: "replicas", memory: "memory", cpu: "cpu", volume: "storage" },
    compact: { section: "compact", memory: "memory", cpu: "cpu", volume: "storage" },
    receive: { section: "receive", pods: "ingesters", memory: "memory", cpu: "cpu", volume: "storage" },
    "receive-router": { section: "receive", pods: "routers", memory: "routerMemory", cpu: "routerCpu", autoscale: "routerAutoscale" },
    rule: { section: "rule", pods: "replicas", memory: "memory", cpu: "cpu", volume: "storage" },
    "bucket-web": { section: "bucketWeb", memory: "memory", cpu: "cpu" },
};

/** The settings of an observer that does what a release of one of Thanos's charts does. */
export function observerSettings(release: ThanosRelease, values: Values, notes: Notes): Settings {
    const settings: Settings = {};
    for (const component of withDeletionMarks(release.components, settings, notes)) {
        const section = SECTIONS[component.name].section;
        if (component.name === "rule" || component.name === "bucket-web") set(settings, section, settings[section] ?? {});
        flagsOf(component, settings, notes);
        podsOf(component, settings, values, notes);
    }
    replicaLabels(release, settings, notes);
    whereOf(release, settings, values, notes);
    const runs = new Set<string>(release.components.map(({ name }) => name));
    if (!runs.has("compact")) keepForEver(settings, notes);
    for (const [name, why] of Object.entries(ALWAYS)) if (!runs.has(name)) notes.differs(name, "not installed", "runs", why);
    return settings;
}

/** Where nothing deletes blocks, or something does that import does not see, the project's default would delete years of them. */
function keepForEver(settings: Settings, notes: Notes): void {
    const retention = { raw: "0d", fiveMinutes: "0d", oneHour: "0d" };
    set(settings, "compact.retention", retention);
    notes.carried("compact", "not installed, so nothing is deleted", "compact.retention", retention);
}

/** What an observer always runs. */
const ALWAYS: Partial<Record<ComponentName, string>> = {
    query: "it is the one address for queries, and the page of the fleet.",
    "query-frontend": "people and dashboards ask it: it splits long queries and caches answers.",
    store: "without it nobody could query the blocks in the bucket.",
    compact:
        "without it blocks are neither merged nor downsampled nor deleted. If another Compact works on this bucket, stop it first: two corrupt the blocks.",
};

function flagsOf(component: Component, settings: Settings, notes: Notes): void {
    const table = FLAGS[component.name];
    const special: Flag[] = [];
    for (const flag of component.flags) {
        const treatment = table[flag.name];
        const from = fromOf(component, flag);
        if (treatment === undefined) leftFlag(component, flag, notes);
        else if ("special" in treatment) special.push(flag);
        else if ("setting" in treatment) settingOf(treatment, flag, from, settings, notes);
        else if ("fixed" in treatment && flag.value !== treatment.fixed && !(treatment.fixed === "set" && flag.value === "true"))
            notes.differs(from, flag.value, treatment.fixed, treatment.why);
    }
    const layout = Object.entries(table).flatMap(([name, treatment]) => ("layout" in treatment ? [`--${name}`] : []));
    notes.differs(
        `${component.name} ${layout.join(" ")}`,
        "the chart's",
        "the project's own",
        "addresses, directories and logs follow the layout of the project; nothing outside of the release depends on them.",
    );
    notPassed(component, settings, notes);
    specials(component, special, settings, notes);
}

const fromOf = (component: Component, { name, from }: Flag) => (from === undefined ? `${component.name} --${name}` : `${from} (--${name})`);

function leftFlag(component: Component, flag: Flag, notes: Notes): void {
    const [why, todo] = LEFT_FLAGS.find(([names]) => names.test(flag.name))?.[1] ?? [
        "has no setting here.",
        "Leave it out, or compare it with docs/configuration.md.",
    ];
    notes.left(fromOf(component, flag), flag.value, why, todo);
}

/** Why known flags have no setting. */
const LEFT_FLAGS: readonly (readonly [RegExp, readonly [string, string]])[] = [
    [
        /^web\./,
        [
            "is about the path of a page, which `exposure` decides.",
            "Write `exposure`, which asks for a login, too (docs/configuration.md#pages).",
        ],
    ],
    [
        /^tracing\.config/,
        ["tracing has a setting for the whole stack, of OpenTelemetry only.", "Write `tracing.endpoint` with the address of a collector."],
    ],
    [
        /^(grpc-(server|client)-tls|http\.config)/,
        ["the stack makes the certificates between clusters itself; pages have a login by `exposure`.", "Nothing."],
    ],
    [
        /^downsampling\.disable/,
        [
            "blocks are always downsampled; raw samples stay for `compact.retention.raw`.",
            "Nothing, but expect 5m and 1h blocks in the bucket.",
        ],
    ],
    [
        /^(query\.partial-response|query-range\.partial-response)/,
        ["an answer goes on with a warning if a source is missing (docs/adr/0015).", "Nothing."],
    ],
    [
        /^(no-)?debug\.halt-on-error$/,
        ["Compact halts at an error, and an alert says so: it must not go on with blocks that may be corrupt.", "Nothing."],
    ],
    [
        /^(block-(sync|meta-fetch)-concurrency|store\.grpc\.series-max-concurrency|store\.index-header.*)$/,
        ["follows from the memory of the pod, or is Thanos's own choice here.", "Write the memory of the component."],
    ],
    [/^tsdb\.wal-compression/, ["is Thanos's own choice here.", "Nothing."]],
    [/^receive\./, ["the stack decides how Receive routes.", "See `receive` in docs/configuration.md."]],
];

function settingOf(
    treatment: Extract<Treatment, { setting: string }>,
    { value }: Flag,
    from: string,
    settings: Settings,
    notes: Notes,
): void {
    const written = treatment.is === "number" ? numberIn(value) : timeIn(value);
    if (written === undefined) {
        notes.left(from, value, "is not a value that import can read.", `Write ${treatment.setting} yourself.`);
        return;
    }
    if (written === 0) {
        notes.carried(from, value, treatment.setting, "without the setting: no limit");
        return;
    }
    set(settings, treatment.setting, written);
    notes.carried(from, value, treatment.setting, written);
    if (treatment.only) notes.differs(from, value, ...treatment.only);
}

const numberIn = (value: string) => (/^\d+$/.test(value) ? Number(value) : undefined);

/** Durations of Go (`1h0m0s`, `90s`) as the settings write them. Anything else stays. */
function timeIn(value: string): string | undefined {
    if (/\$[({]|\{\{/.test(value)) return undefined;
    try {
        const duration = parseDuration(value);
        return /^(\d+[a-z]+){2,}$/.test(value) ? formatDuration(duration) : duration === 0 ? "0d" : value;
    } catch {
        return value;
    }
}

/** Flags that the project passes and the chart does not. */
function notPassed(component: Component, settings: Settings, notes: Notes): void {
    const passed = new Set(component.flags.map(({ name }) => name));
    const forms = new Set([
        ...component.flags.map(({ name }) => FLAGS[component.name][name]).map((known) => known && "special" in known && known.form),
        component.cache || component.bucketCache ? "cache" : undefined,
    ]);
    const same: string[] = [];
    for (const [name, treatment] of Object.entries(FLAGS[component.name])) {
        if (passed.has(name) || ("special" in treatment && treatment.form && forms.has(treatment.form))) continue;
        const from = `${component.name} --${name}`;
        if ("fixed" in treatment) {
            if (treatment.same === undefined) notes.differs(from, undefined, treatment.fixed, treatment.why);
        } else if ("special" in treatment) {
            if (treatment.ours) notes.differs(from, undefined, ...treatment.ours);
        } else if ("setting" in treatment) {
            const { always, thanos, ours, setting } = treatment;
            if (always) {
                set(settings, setting, thanos);
                notes.carried(from, `not set, so ${thanos}`, setting, thanos);
            } else if (ours) notes.differs(from, `not set, so ${thanos}`, ours[0], `${ours[1]} ${setting} changes it.`);
            else same.push(`--${name}`);
        }
    }
    if (same.length > 0)
        notes.differs(
            `${component.name} ${same.join(" ")}`,
            undefined,
            "Thanos's own defaults",
            "the project has them, too: nothing changes.",
        );
}

function specials(component: Component, flags: readonly Flag[], settings: Settings, notes: Notes): void {
    const of = (...names: string[]) => flags.filter(({ name }) => names.includes(name));
    const from = (flag: Flag) => fromOf(component, flag);
    if (component.name === "compact") merging(component, flags, settings, notes);
    for (const flag of of("endpoint", "endpoint-strict", "endpoint-group", "store", "store.sd-files", "endpoint.sd-config-file"))
        if (flag.from === undefined) notes.differs(from(flag), flag.value, "the stack's", SOURCES);
        else
            notes.left(
                from(flag),
                flag.value,
                SOURCES,
                "If it is a sidecar or a Query of another cluster, import that cluster's values of kube-prometheus-stack, too, or add it to `observees`.",
            );
    for (const flag of of(SHARDS)) {
        const shards = Number(flag.value);
        set(settings, "store.shards", shards);
        notes.carried(from(flag), flag.value, "store.shards", shards);
    }
    for (const flag of of("selector.relabel-config"))
        notes.left(
            from(flag),
            flag.value,
            "Stores share the blocks of a stream by a hash only.",
            "Write `store.shards`, or a stream for each group of clusters.",
        );
    for (const flag of of("min-time"))
        notes.left(
            from(flag),
            flag.value,
            "Stores answer for all ages: what is in the bucket can be queried.",
            "Nothing; shorten `compact.retention` if old samples are not wanted.",
        );
    for (const flag of of("max-time"))
        notes.left(
            from(flag),
            flag.value,
            "Stores leave recent samples only to Receive, and only where every writer of the stream writes to it (docs/adr/0025).",
            "Write `store.minAge` where that is so.",
        );
    for (const flag of of("receive.replication-factor")) {
        const factor = numberIn(flag.value) ?? 1;
        if (factor >= 3) {
            set(settings, "receive.replicationFactor", factor);
            notes.carried(from(flag), flag.value, "receive.replicationFactor", factor);
        } else notes.differs(from(flag), flag.value, "3", "with fewer copies one lost ingester loses samples, or stops all writes (L7).");
    }
    if (component.name === "receive" || component.name === "rule") ownLabels(component, of("label"), notes);
    alertmanagers(component, of("alertmanagers.url"), of("alertmanagers.config", "alertmanagers.config-file"), settings, notes);
    for (const flag of of("rule-file"))
        notes.left(
            from(flag),
            flag.value,
            "import does not move rule files: many of them belong into the Prometheus of the cluster that they are about (docs/adr/0023).",
            "Write those that need several clusters to files beside Pulumi.yaml, and list them in `rule.files`.",
        );
    caches(component, flags, settings, notes);
}

/** Compact merges the copies that replicas of Prometheus write, or leaves that to Query. */
function merging(component: Component, flags: readonly Flag[], settings: Settings, notes: Notes): void {
    const func = flags.filter(({ name }) => name === "deduplication.func").at(-1);
    for (const flag of flags.filter(({ name }) => name === "deduplication.replica-label")) {
        const from = fromOf(component, flag);
        if (flag.value === RECEIVE_REPLICA_LABEL)
            notes.differs(from, flag.value, "in streams that Receive uploads to", "only there are there such copies.");
        else if (flag.value === PROMETHEUS_REPLICA_LABEL && func?.value === "penalty") {
            set(settings, "compact.mergeReplicas", true);
            notes.carried(from, `${flag.value} by penalty`, "compact.mergeReplicas", true);
        } else
            notes.left(
                from,
                flag.value,
                `Compact merges the blocks of two Prometheus by the label ${PROMETHEUS_REPLICA_LABEL} and by penalty only; another way would keep the samples of both (L3).`,
                "Query merges them anyway. `compact.mergeReplicas` merges new blocks for good.",
            );
    }
    const merges = valueAt(settings, "compact.mergeReplicas") === true;
    const ofMerging = func && fromOf(component, func);
    if (func && ofMerging) {
        if (merges) notes.carried(ofMerging, func.value, "compact.mergeReplicas", "penalty");
        else notes.left(ofMerging, func.value, "says how Compact merges replicas, and this one does not.", "Nothing.");
    }
    for (const flag of flags.filter(({ name }) => name === "compact.enable-vertical-compaction")) {
        const from = fromOf(component, flag);
        if (merges) notes.carried(from, flag.value, "compact.mergeReplicas", true);
        else
            notes.left(
                from,
                flag.value,
                "Compact merges blocks that overlap only where it merges replicas, and in streams that Receive uploads to; elsewhere it halts at them.",
                "Look whether the bucket has such blocks (thanos tools bucket verify --issues=overlapped_blocks). If it has, write `compact.mergeReplicas: true`.",
            );
    }
}

/** Store has to forget a block before Compact deletes it (L5). Where Compact deletes early, half of its delay is what Thanos's own defaults are. */
function withDeletionMarks(components: readonly Component[], settings: Settings, notes: Notes): readonly Component[] {
    const flagOf = (component: ComponentName, name: string) =>
        components.find((one) => one.name === component)?.flags.findLast((flag) => flag.name === name);
    const [deletion, marks] = [flagOf("compact", "delete-delay"), flagOf("store", MARKS)];
    const [deleted, ignored] = [lengthOf(deletion?.value), lengthOf(marks?.value ?? STORE_MARKS_DELAY)];
    if (deleted === undefined || ignored === undefined || ignored < deleted) return components;
    const half = formatDuration(Math.floor(deleted / 2) as Duration);
    set(settings, "store.ignoreDeletionMarksDelay", half);
    notes.differs(
        marks?.from === undefined ? `store --${MARKS}` : `${marks.from} (--${MARKS})`,
        marks?.value ?? `not set, so ${STORE_MARKS_DELAY}`,
        `${half}: half of Compact's --delete-delay`,
        `Compact deletes a block ${deletion?.value} after it has marked it, and Store would still ask for it (L5).`,
    );
    return components.map((component) =>
        component.name === "store"
            ? { ...component, flags: [...component.flags.filter(({ name }) => name !== MARKS), { name: MARKS, value: half }] }
            : component,
    );
}

const MARKS = "ignore-deletion-marks-delay";
/** Thanos's own `--ignore-deletion-marks-delay` (cmd/thanos/store.go). */
const STORE_MARKS_DELAY = "24h";

function lengthOf(text: unknown): Duration | undefined {
    try {
        return parseDuration(String(text));
    } catch {
        return undefined;
    }
}

/** External labels of Receive and Rule, which are in every block that they upload. */
function ownLabels(component: Component, labels: readonly Flag[], notes: Notes): void {
    const ours = component.name === "receive" ? RECEIVE_REPLICA_LABEL : RULE_REPLICA_LABEL;
    for (const flag of labels) {
        const [name = ""] = flag.value.split("=");
        if (name === ours) continue;
        const isReplica = /replica/i.test(name);
        notes.differs(
            fromOf(component, flag),
            flag.value,
            isReplica ? `${ours}="$(POD_NAME)"` : "none",
            isReplica
                ? "the project's replica labels have one name each; blocks of before keep theirs, by which Query merges them, too."
                : "blocks of before keep this label, new ones have none: a query that names it finds the old ones only.",
        );
    }
}

function alertmanagers(component: Component, urls: readonly Flag[], files: readonly Flag[], settings: Settings, notes: Notes): void {
    const [first] = urls;
    if (first !== undefined && urls.every(({ value }) => /^https?:\/\/[^+]+$/.test(value))) {
        const external = urls.map(({ value }) => ({ url: value }));
        set(settings, "alerting", { alertmanager: "external", external });
        notes.carried(
            fromOf(component, first),
            urls.map(({ value }) => value),
            "alerting.external",
            external,
        );
    } else for (const flag of urls) notes.left(fromOf(component, flag), flag.value, ALERTS, ALERTS_TODO);
    for (const flag of files) notes.left(fromOf(component, flag), flag.value, ALERTS, ALERTS_TODO);
}

const ALERTS = "Alertmanagers are addresses, or the one that the stack installs.";
const ALERTS_TODO =
    "Write `alerting.alertmanager: external` and `alerting.external`; the default installs an Alertmanager that tells nobody.";

/** The cache of a component, which may be a file of the chart or a flag of the user's, as the setting that has all its caches. */
function caches(component: Component, flags: readonly Flag[], settings: Settings, notes: Notes): void {
    const setting = `${SECTIONS[component.name].section}.cache`;
    const ofFlags = (names: RegExp) =>
        flags.filter(({ name }) => names.test(name)).map((flag) => ({ path: fromOf(component, flag), text: flag.value }));
    const ofFile = (file: CacheFile | undefined, name: string) =>
        file ? [{ path: fromOf(component, { name, value: "", from: file.path }), text: file.text }] : [];
    const own = component.name === "store" ? "index-cache.config" : "query-range.response-cache-config";
    const files = [
        ...ofFlags(new RegExp(`^${own}`)),
        ...ofFile(component.cache, `${own}-file`),
        ...ofFlags(/^store\.caching-bucket\.config/),
        ...ofFile(component.bucketCache, "store.caching-bucket.config-file"),
    ];
    carryCaches(files, setting, settings, notes);
}

function replicaLabels({ components }: ThanosRelease, settings: Settings, notes: Notes): void {
    const query = components.find(({ name }) => name === "query");
    const flags = query?.flags.filter(({ name }) => name === "query.replica-label") ?? [];
    const ofReceive = components
        .filter(({ name }) => name === "receive" || name === "rule")
        .flatMap(({ flags: ofComponent }) => ofComponent.filter(({ name }) => name === "label"))
        .flatMap(({ value }) => /^([a-z_]*replica[a-z_]*)=/i.exec(value)?.[1] ?? []);
    const labels = [...new Set([...flags.map(({ value }) => value), ...ofReceive])].filter((label) => !REPLICA_LABELS.includes(label));
    if (labels.length > 0) set(settings, "query.replicaLabels", labels);
    const added = REPLICA_LABELS.filter((label) => !flags.some(({ value }) => value === label));
    if (flags.length > 0 && added.length > 0)
        notes.differs(
            `${flags[0]?.from ?? "query"} (--query.replica-label)`,
            flags.map(({ value }) => value),
            added.join(", "),
            "Query merges copies by these labels, too: the project's own parts write them. New blocks have the project's labels, older ones keep theirs.",
        );
    for (const { value, from } of flags)
        notes.carried(
            `${from ?? "query"} (--query.replica-label)`,
            value,
            "query.replicaLabels",
            REPLICA_LABELS.includes(value) ? "without a setting: it is the project's own" : value,
        );
}

/** Pods, memory, CPU and volume of a component. */
function podsOf(component: Component, settings: Settings, values: Values, notes: Notes): void {
    const { section, pods, memory, cpu, volume, autoscale } = SECTIONS[component.name];
    const { key, replicas } = component;
    if (replicas && !pods && (values.count(replicas.path) ?? 1) > 1)
        notes.differs(replicas.path, values.count(replicas.path), "1", "one pod is enough for a page that few people open.");
    if (replicas && pods) podCount(component, replicas, `${section}.${pods}`, settings, values, notes);
    const size = (path: string, setting: string, convert: (quantity: string) => string | undefined) => {
        const value = values.text(path);
        if (value === undefined) return;
        const converted = convert(value);
        if (converted === undefined) notes.left(path, value, "is not a quantity that import can read.", `Write ${setting}.`);
        else {
            set(settings, setting, converted);
            notes.carried(path, value, setting, converted);
        }
    };
    const [request, limit] = [`${key}.resources.requests.memory`, `${key}.resources.limits.memory`];
    const isLimited = values.at(limit) !== undefined;
    size(isLimited ? limit : request, `${section}.${memory}`, memoryOf);
    if (isLimited && values.at(request) !== undefined && values.at(request) !== values.at(limit))
        notes.differs(request, values.at(request), "the limit", "a pod that may use more than it requests is the first to be evicted.");
    size(`${key}.resources.requests.cpu`, `${section}.${cpu}`, cpuOf);
    const cores = values.at(`${key}.resources.limits.cpu`);
    if (cores !== undefined) notes.differs(`${key}.resources.limits.cpu`, cores, "no limit", "what nobody else uses is free to take.");
    if (component.volume && volume) {
        const given = values.text(component.volume.path);
        if (given === undefined)
            notes.differs(
                component.volume.path,
                `not set, so ${component.volume.default}`,
                `the default of ${section}.${volume}`,
                "a volume can grow and never shrink.",
            );
        else size(component.volume.path, `${section}.${volume}`, volumeOf);
    } else if (volume)
        notes.differs(
            key,
            "no persistent volume",
            `the default of ${section}.${volume}`,
            "a restart would download everything again, or lose what is not uploaded.",
        );
    const { autoscaling } = component;
    if (autoscaling && autoscale) {
        const { path, maxReplicas, cpuPercent } = autoscaling;
        const written = { maxReplicas, ...(cpuPercent !== undefined && { cpuPercent }) };
        set(settings, `${section}.${autoscale}`, written);
        values.at(path);
        notes.carried(path, written, `${section}.${autoscale}`, written);
    }
}

function podCount(
    { name, cache }: Component,
    { path, default: byDefault }: NonNullable<Component["replicas"]>,
    setting: string,
    settings: Settings,
    values: Values,
    notes: Notes,
): void {
    const given = values.count(path);
    const pods = given ?? byDefault;
    if (name === "query-frontend" && pods > 1 && (cache === undefined || /IN-MEMORY/i.test(cache.text)))
        notes.differs(
            path,
            pods,
            "1",
            "two pods that cache in their own memory answer differently (L14). With `queryFrontend.cache` they share one.",
        );
    else if (name === "receive" && pods < 3) notes.differs(path, pods, "3", "each sample is in three ingesters (L7).");
    else if (given === undefined) {
        if (pods === 1) notes.differs(path, `not set, so ${pods}`, `the default of ${setting}`, "a restart of the only pod is an outage.");
        else {
            set(settings, setting, pods);
            notes.carried(path, `not set, so ${pods}`, setting, pods);
        }
    } else {
        set(settings, setting, given);
        notes.carried(path, given, setting, given);
    }
}

/** Bitnami's charts write so: the cluster's default, as without the setting. */
const DEFAULT_CLASS = "-";

/** StorageClass, nodes and priority: one setting for all pods of a stack, so only what all components agree on. */
function whereOf({ components, storageClass }: ThanosRelease, settings: Settings, values: Values, notes: Notes): void {
    const classes = components.flatMap(({ volume }) => (volume ? [volume.storageClass] : []));
    const common = (paths: readonly string[], setting: string, usable: (value: unknown) => boolean) => {
        const found = paths.map((path) => [path, values.at(path)] as const).filter(([, value]) => usable(value));
        const [first] = found;
        if (first === undefined) return;
        const [from, value] = first;
        if (found.every(([, other]) => isDeepStrictEqual(other, value))) {
            set(settings, setting, value);
            notes.carried(from, value, setting, value);
        } else
            for (const [path, other] of found)
                notes.left(path, other, "components differ, and one setting is for all pods of a stack.", `Write ${setting}.`);
    };
    common(
        [...classes, ...(storageClass ? [storageClass] : [])],
        "storageClass",
        (value) => typeof value === "string" && value !== "" && value !== DEFAULT_CLASS,
    );
    const keys = ["global", ...components.map(({ key }) => key)];
    const at = (key: string) => keys.map((component) => `${component}.${key}`);
    common(at("nodeSelector"), "pods.nodeSelector", (value) => isMap(value) && Object.keys(value).length > 0);
    common(at("tolerations"), "pods.tolerations", (value) => Array.isArray(value) && value.length > 0);
    common(at("priorityClassName"), "pods.priorityClassName", (value) => typeof value === "string" && value !== "");
}
