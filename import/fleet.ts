import { stringify } from "yaml";
import { ConfigError } from "../config/configError";
import { loadConfig } from "../config/load";
import { AGENTS_STREAM, RULE_STREAM } from "../config/streams";
import { isMap } from "../rules/isMap";
import { equalRetention } from "../rules/L34-equal-retention";
import type { Problem } from "../rules/problem";
import { bitnami } from "./bitnami";
import { type Chart, type ChartName, type IsSince, OLDEST } from "./charts";
import { findingsIn, manifestsOf, prometheusManifest, type ReleaseFinding } from "./findings";
import { type PrometheusRelease, prometheusRelease } from "./kubePrometheusStack";
import { noteLeftovers } from "./leftovers";
import { locatedProblem, type Note, Notes, type WhereIs, withRefused } from "./note";
import { type ImportedStore, importedStore } from "./objectStore";
import { observerSettings } from "./observer";
import { type Settings, set, unset } from "./settings";
import { stevehipwell } from "./stevehipwell";
import { thanosCommunity } from "./thanosCommunity";
import type { ThanosRelease } from "./thanosRelease";
import { Values } from "./values";

/** One release: its values, and what is known of it. */
export interface ReleaseInput {
    /** As the user named the file. */
    readonly file: string;
    readonly chart: Chart;
    readonly values: Readonly<Record<string, unknown>>;
    /** The name of the cluster that it is in, where the user says one. */
    readonly cluster?: string;
    /** Fields of its HelmRelease or Application that add other values: `valuesFrom`. */
    readonly others?: readonly string[];
    /** File and line of a value, by the `from` of its note. */
    readonly whereIs?: WhereIs;
}

export interface FleetInput {
    readonly releases: readonly ReleaseInput[];
    /** The objstore file, where no values have it. */
    readonly objectStore?: { readonly file: string; readonly text: string };
    readonly domain: string | undefined;
}

/** What a stack file would be. */
export interface ImportedStack {
    readonly name: string;
    readonly role: "observer" | "observee";
    readonly settings: Settings;
    readonly notes: readonly Note[];
    /** What the plan refuses, which somebody has to decide. */
    readonly problems: readonly Problem[];
    /** Rules that the releases break today. */
    readonly findings: readonly ReleaseFinding[];
}

export interface ImportedFleet {
    readonly stacks: readonly ImportedStack[];
    /** What no values say, and what stands in the files for it. */
    readonly decide: readonly string[];
}

const READERS: Readonly<Record<Exclude<ChartName, "kube-prometheus-stack">, (values: Values, isSince: IsSince) => ThanosRelease>> = {
    bitnami,
    stevehipwell,
    "thanos-community": thanosCommunity,
};

const OBSERVER = "observer";
const EXAMPLE_DOMAIN = "fleet.example.internal";
const EXAMPLE_REGION = "eu-west-1";
const CLUSTER_NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** A release of kube-prometheus-stack in its cluster. */
interface Member extends PrometheusRelease {
    readonly cluster: string;
    readonly input: ReleaseInput;
    readonly notes: Notes;
}

/** Stacks that do what releases do. Throws a ConfigError where they are no fleet that import can read. */
export function importFleet({ releases, objectStore, domain }: FleetInput): ImportedFleet {
    refuse([...releases.flatMap(tooOld), ...twoObservers(releases)]);
    const thanos = releases.find(({ chart }) => chart.name !== "kube-prometheus-stack");
    const members = releases.filter((release) => release !== thanos).map(memberOf);
    refuse(members.flatMap((member) => nameProblems(member, members)));
    const observerCluster = thanos?.cluster ?? OBSERVER;
    const own = thanos && members.find(({ cluster }) => cluster === observerCluster);
    const observees = members.filter((member) => member !== own);
    const store = storeOf(objectStore, thanos, members);
    const cloud = cloudOf(store);

    const stacks: ImportedStack[] = [];
    if (thanos) {
        const notes = new Notes(thanos.whereIs, own?.notes.all);
        noteOthers(thanos, notes);
        const values = new Values(thanos.values);
        const release = readThanos(thanos, values);
        const settings: Settings = { ...own?.settings };
        for (const [key, value] of Object.entries(observerSettings(release, values, notes))) settings[key] = merged(settings[key], value);
        noteLeftovers(values, notes, isOff(thanos.values), idleIn(thanos.chart.name, release));
        if (store === undefined) throw noStore(thanos.file, release);
        storeSettings(store, { release, own, observees, cluster: observerCluster }, settings, notes);
        if (release.components.some(({ name }) => name === "receive") && observees.every(({ mode }) => mode === "sidecar"))
            notes.left(
                "receive",
                "installed",
                "Receive runs once an observee writes to it, and no imported cluster does.",
                "Write mode: sidecar-remote-write (docs/modes.md) for each cluster that writes to it today; its name is its tenant.",
            );
        const labels = members.flatMap(({ replicaLabel }) => replicaLabel ?? []);
        const known = (settings.query as Settings | undefined)?.replicaLabels;
        if (labels.length > 0) set(settings, "query.replicaLabels", [...new Set([...(Array.isArray(known) ? known : []), ...labels])]);
        if (members.some(({ grafana }) => grafana)) settings.grafana = {};
        settings.observees = observees.map(({ cluster, mode }) => ({ name: cluster, mode }));
        const head = { role: "observer", cluster: observerCluster, domain: domain ?? EXAMPLE_DOMAIN, ...cloud(observerCluster) };
        const manifests = [...manifestsOf(release, values), ...(own ? [prometheusManifest(own.input.values)] : [])];
        stacks.push(settled("observer", { ...head, ...settings }, notes.all, findingsIn(manifests)));
    }
    for (const { cluster, settings, mode, notes, input, grafana } of observees) {
        if (grafana) notes.differs("grafana", "installed", "the observer's", "one Grafana shows every cluster.");
        if (!thanos)
            notes.left(
                "(this cluster)",
                cluster,
                "the observer has to list it.",
                `Add {name: ${cluster}, mode: ${mode}} to \`observees\` of the observer's stack.`,
            );
        const head = {
            role: "observee",
            cluster,
            domain: domain ?? EXAMPLE_DOMAIN,
            observer: `organization/thanos-fleet/${observerCluster}`,
            ...cloud(cluster),
        };
        stacks.push(settled("observee", { ...head, ...settings }, notes.all, findingsIn([prometheusManifest(input.values)])));
    }
    return { stacks, decide: decisions(stacks, domain, store) };
}

function refuse(problems: readonly Problem[]): void {
    if (problems.length > 0) throw new ConfigError("values", problems);
}

/** Whether a chart is older than a version. The newest is meant where nobody says one. */
function isBefore({ version }: Chart, beforeMajor: number, beforeMinor: number): boolean {
    const [major = 0, minor = 0] = (version ?? `${Number.MAX_SAFE_INTEGER}`).split(".").map(Number);
    return major < beforeMajor || (major === beforeMajor && minor < beforeMinor);
}

function tooOld({ file, chart: { name, version }, values }: ReleaseInput): Problem[] {
    if (name === "bitnami" && values.querier !== undefined)
        return [
            {
                path: `${file} querier`,
                problem: "is the name that Query had before version 3.1 of the chart; later ones ignore it.",
                remedy: "Rename it to query, and look what the release really runs: helm get values RELEASE --all.",
            },
        ];
    const [oldestMajor, oldestMinor] = OLDEST[name];
    if (!isBefore({ name, ...(version !== undefined && { version }) }, oldestMajor, oldestMinor)) return [];
    return [
        {
            path: file,
            problem: `is of version ${version} of ${name}, whose values have other names than those of ${oldestMajor}.${oldestMinor} and later.`,
            remedy: "Upgrade the release first, as the chart's notes say.",
        },
    ];
}

function twoObservers(releases: readonly ReleaseInput[]): Problem[] {
    const [first, ...others] = releases.filter(({ chart }) => chart.name !== "kube-prometheus-stack");
    return others.map(({ file }) => ({
        path: file,
        problem: `is a second release of Thanos (also ${first?.file}). A fleet has one observer.`,
        remedy: "Import each into a folder of its own; `helm get values RELEASE` prints the values of a release that several files make.",
    }));
}

function memberOf(input: ReleaseInput): Member {
    const notes = new Notes(input.whereIs);
    noteOthers(input, notes);
    const release = prometheusRelease(input.values, notes);
    const cluster = input.cluster ?? release.clusterLabel ?? "";
    const label = "prometheus.prometheusSpec.externalLabels.cluster";
    if (release.clusterLabel === cluster) notes.carried(label, cluster, "cluster", cluster);
    else
        notes.differs(
            label,
            release.clusterLabel,
            cluster,
            `it is the name of the cluster in the fleet. Series of before ${release.clusterLabel === undefined ? "have no such label" : "keep their label"}: queries over both name both.`,
        );
    return { ...release, cluster, input, notes };
}

function noteOthers({ others = [] }: ReleaseInput, notes: Notes): void {
    if (others.length > 0)
        notes.left(
            others.join(", "),
            "not read",
            "import reads the values that are written in the file, and these are elsewhere.",
            "Give import what they make together: helm get values RELEASE -o yaml.",
        );
}

function nameProblems({ cluster, input, clusterLabel }: Member, members: readonly Member[]): Problem[] {
    const remedy = `Name the cluster before the file: blue=${input.file}.`;
    if (!CLUSTER_NAME.test(cluster))
        return [
            {
                path: input.file,
                problem:
                    clusterLabel === undefined && input.cluster === undefined
                        ? "has no external label cluster, so nothing names its cluster."
                        : `has the cluster ${JSON.stringify(cluster)}, which is not a cluster name: 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.`,
                remedy,
            },
        ];
    const first = members.find((other) => other.cluster === cluster);
    if (first?.input === input) return [];
    return [
        {
            path: input.file,
            problem: `is of the cluster ${cluster}, like ${first?.input.file}.`,
            remedy: "Import one release of each cluster.",
        },
    ];
}

function readThanos({ chart }: ReleaseInput, values: Values): ThanosRelease {
    if (chart.name === "kube-prometheus-stack") throw new Error("kube-prometheus-stack has no Thanos beside its sidecar.");
    return READERS[chart.name](values, (major, minor) => !isBefore(chart, major, minor));
}

/** Sections of components in each chart. */
const COMPONENTS: Readonly<Record<string, readonly string[]>> = {
    bitnami: ["query", "queryFrontend", "storegateway", "compactor", "receive", "receiveDistributor", "ruler", "bucketweb"],
    stevehipwell: ["query", "queryFrontend", "storeGateway", "compact", "receive", "rule"],
    "thanos-community": ["query", "queryFrontend", "storegateway", "compactor", "receive", "ruler"],
};

/** Why a section of a component has no effect. Undefined where it has one, or is of no component. */
function idleIn(chart: ChartName, { components }: ThanosRelease): (section: string) => string | undefined {
    const runs = new Set(components.map(({ key }) => key.split(".")[0]));
    return (section) => {
        if (runs.has(section)) return undefined;
        if (COMPONENTS[chart]?.includes(section)) return "the release does not run this component: nothing switches it on.";
        return Object.values(COMPONENTS).flat().includes(section) ? "the chart has no such section, and ignores it." : undefined;
    };
}

/** Sections of components that are switched off. */
const isOff = (values: Readonly<Record<string, unknown>>) => (path: string) => {
    const [key = ""] = path.split(".");
    const section = values[key];
    return isMap(section) && section.enabled === false;
};

const merged = (a: unknown, b: unknown): unknown =>
    isMap(a) && isMap(b) ? { ...a, ...Object.fromEntries(Object.entries(b).map(([key, value]) => [key, merged(a[key], value)])) } : b;

/** The store of the fleet: what the user names, else what the values of Thanos have, else those of a Prometheus. */
function storeOf(
    given: FleetInput["objectStore"],
    thanos: ReleaseInput | undefined,
    members: readonly Member[],
): ImportedStore | undefined {
    if (given) {
        const store = importedStore(given.text);
        if (store) return store;
        refuse([
            {
                path: given.file,
                problem: "is no objstore file of Thanos.",
                remedy: "Write type and config (https://thanos.io/tip/thanos/storage.md).",
            },
        ]);
    }
    const release = thanos && readThanos(thanos, new Values(thanos.values));
    const files = [
        ...(release && "file" in release.objectStore ? [release.objectStore.file] : []),
        ...members.flatMap(({ objectStore }) => (objectStore && "file" in objectStore ? [objectStore.file] : [])),
    ];
    for (const file of files) {
        const store = importedStore(file);
        if (store) return store;
    }
    return undefined;
}

function noStore(file: string, { objectStore }: ThanosRelease): ConfigError {
    const isSecret = "secret" in objectStore;
    return new ConfigError("values", [
        {
            path: `${file} ${objectStore.path}`,
            problem: isSecret
                ? `names the Secret ${objectStore.secret}, which import cannot see.`
                : "is no objstore file that import can read: type or config is missing, or a template is left in it.",
            remedy: isSecret
                ? `Write the objstore file that is in it to a file, and name that with --object-store: kubectl get secret ${objectStore.secret} -o yaml shows it, in base64.`
                : "Name one with --object-store.",
        },
    ]);
}

/** The store, and the stream of what is in it. */
function storeSettings(
    { store, prefix, secrets, unknown }: ImportedStore,
    fleet: { release: ThanosRelease; own: Member | undefined; observees: readonly Member[]; cluster: string },
    settings: Settings,
    notes: Notes,
): void {
    const { release, own, observees, cluster } = fleet;
    const { path } = release.objectStore;
    settings.objectStore = store;
    notes.carried(path, store, "objectStore", store.type);
    for (const secret of secrets)
        notes.left(
            `${path} ${secret}`,
            "(not shown)",
            "a credential belongs into no file in the clear.",
            `pulumi config set --secret --path objectStore.${secret} VALUE, on the stack ${cluster}.`,
        );
    for (const field of unknown)
        notes.left(`${path} config.${field}`, "", "Thanos finds credentials by itself, and its logs are the project's.", "Nothing.");
    if (secrets.length === 0)
        notes.differs(
            path,
            "no keys",
            "no keys",
            "pods get no role for a bucket that the stack does not create: give their service accounts one (EKS Pod Identity, Workload Identity), or write keys.",
        );

    const isOwn = own !== undefined || prefix === cluster;
    const isFree =
        CLUSTER_NAME.test(prefix) && ![cluster, AGENTS_STREAM, RULE_STREAM, ...observees.map((member) => member.cluster)].includes(prefix);
    const name = isOwn ? cluster : isFree ? prefix : IMPORTED;
    const writers = [...(isOwn ? [cluster] : []), ...observees.filter(({ mode }) => mode !== "agent").map((member) => member.cluster)];
    settings.streams = [{ name, writers, ...(prefix !== name && { prefix }) }];
    const folder = prefix === "" ? "the root of the bucket" : `${prefix}/`;
    notes.carried(`${path} prefix`, folder, `streams[0]`, { name, writers, ...(prefix !== name && { prefix }) });
    if (!isOwn)
        notes.differs(
            path,
            folder,
            `${folder} and ${cluster}/`,
            "the observer's own Prometheus is new, and uploads to a folder of its own.",
        );
    for (const writer of ["rule", "receive"] as const)
        if (release.components.some((component) => component.name === writer))
            notes.differs(
                `${writer} (blocks)`,
                folder,
                writer === "rule" ? `${RULE_STREAM}/` : `${AGENTS_STREAM}/, for agents`,
                `${writer === "rule" ? "Rule" : "Receive"} uploads new blocks to a stream of its own, so that Compact works on each by itself; the old ones stay, can be queried and expire.`,
            );
    for (const { objectStore, input, notes: ofMember } of [...(own ? [own] : []), ...observees]) {
        if (objectStore === undefined) continue;
        const other = "file" in objectStore ? importedStore(objectStore.file) : undefined;
        const at = "prometheus.prometheusSpec.thanos.objectStorageConfig";
        if ("secret" in objectStore)
            ofMember.differs(
                at,
                `Secret ${objectStore.secret}`,
                "the observer's objectStore",
                `the contract between the stacks has it. Look whether ${input.file} names the same bucket and prefix.`,
            );
        else if (other && (other.prefix !== prefix || JSON.stringify(other.store) !== JSON.stringify(store)))
            ofMember.left(
                at,
                other.store,
                "it is another store or folder than Thanos reads: its blocks would be in a stream that nobody imports.",
                "Copy its blocks, or list a stream for that folder in the observer's `streams`.",
            );
        else ofMember.carried(at, other?.store, "objectStore", "the observer's");
    }
}

const IMPORTED = "imported";

/** EKS, where the bucket is Amazon's or nothing says where it is; any Kubernetes else. */
function cloudOf(store: ImportedStore | undefined) {
    const { endpoint, region } = (store?.store.config ?? {}) as { endpoint?: unknown; region?: unknown };
    const ofEndpoint = /^(?:.*\.)?s3[.-](?:dualstack\.)?([a-z]{2}-[a-z-]+-\d)\.amazonaws\.com/.exec(String(endpoint))?.[1];
    const isAws = store === undefined || (store.store.type === "S3" && /amazonaws\.com/.test(String(endpoint)));
    const where = typeof region === "string" && region !== "" ? region : (ofEndpoint ?? EXAMPLE_REGION);
    return (cluster: string): Settings =>
        isAws ? { cloud: "aws", aws: { region: where, cluster: { name: cluster } } } : { cloud: "local" };
}

/** Settings whose removal would change what is kept, or where: what is wrong with them is for a person. */
const FIRM = /^(role|cluster|domain|observer$|cloud|aws|objectStore|streams|observees|compact\.retention)/;

/** A field of the store that the project does not have is about how Thanos reaches it, not about where the blocks are. */
const isLoose = ({ path, problem }: Problem) =>
    !FIRM.test(path) || (path.startsWith("objectStore.config.") && problem === "is not a setting here.");

/** The stack without what its schema refuses, each with the reason. */
function settled(
    role: ImportedStack["role"],
    settings: Settings,
    made: readonly Note[],
    findings: readonly ReleaseFinding[],
): ImportedStack {
    const name = String(settings.cluster);
    const easing = new Notes();
    let notes = [...made];
    let problems = problemsOf(settings);
    // Each removal may make another problem visible, and there are no more of them than settings.
    for (let rounds = 0; rounds < 100; rounds++) {
        const removed = problems.filter((problem) => isLoose(problem) && unset(settings, problem.path));
        for (const problem of removed) notes = withRefused(notes, problem);
        // The rule is about all three; what is wrong with one of them has its own path.
        const unequal = problems.some(({ path }) => path === "compact.retention");
        if (unequal) {
            settings.easedRules = [{ rule: equalRetention.id, reason: "the Helm values keep the resolutions for different times" }];
            easing.carried("retention", "of three lengths", "easedRules", equalRetention.id);
        }
        if (removed.length === 0 && !unequal) break;
        problems = problemsOf(settings);
    }
    notes.push(...easing.all);
    return { name, role, settings, notes, problems: problems.map((problem) => locatedProblem(notes, problem)), findings };
}

function problemsOf(settings: Settings): readonly Problem[] {
    try {
        loadConfig(settings);
        return [];
    } catch (error) {
        if (error instanceof ConfigError) return error.problems;
        throw error;
    }
}

/** A variable as Flux has them. Relabelling has numbers there: `${1}`. */
const VARIABLE = /\$\{[A-Za-z_][^}"\\]*\}/g;

function decisions(stacks: readonly ImportedStack[], domain: string | undefined, store: ImportedStore | undefined): string[] {
    const onAws = stacks.filter(({ settings }) => settings.cloud === "aws");
    return [
        ...(domain === undefined
            ? [`domain: ${EXAMPLE_DOMAIN} stands for the DNS domain of your fleet (--domain). It cannot be changed later.`]
            : []),
        ...onAws.map(
            ({ name, settings }) => `aws of ${name}: ${JSON.stringify(settings.aws)}. Write the region and the name of its EKS cluster.`,
        ),
        ...(store === undefined ? ["cloud: aws, since no values say where the bucket is. Write local for another Kubernetes."] : []),
        ...stacks.flatMap(({ name, settings }) => {
            const found = [...new Set(JSON.stringify(settings).match(VARIABLE))];
            return found.length === 0
                ? []
                : [
                      `${found.join(", ")} of ${name}: something fills them in before Helm reads the values (Flux, for instance). Write what they stand for.`,
                  ];
        }),
        ...stacks.flatMap(({ name, role, settings }) =>
            role === "observee"
                ? [`observer of ${name}: ${String(settings.observer)} stands for the observer's stack (pulumi stack ls).`]
                : [],
        ),
    ];
}

/** The text of a stack file. */
export const stackFileText = (
    { settings }: ImportedStack,
    files: readonly string[],
    others: Readonly<Record<string, unknown>> = {},
): string =>
    [
        "# yaml-language-server: $schema=docs/stack-file.schema.json",
        `# Written by thanos-fleet import from ${files.join(", ")}. docs/import.md says what to do next.`,
        stringify(
            { ...others, config: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`thanos-fleet:${key}`, value])) },
            { lineWidth: 0 },
        ),
    ].join("\n");
