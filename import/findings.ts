import { RULES } from "../rules";
import type { PartKind } from "../rules/model";
import { problemText } from "../rules/problem";
import type { Manifest } from "../rules/reading/manifest";
import { readModel } from "../rules/reading/readModel";
import { type Rule, thresholdsOf } from "../rules/rule";
import { type Component, type ComponentName, SHARDS, type ThanosRelease } from "./thanosRelease";
import type { Values } from "./values";

/** A rule that a release breaks today. */
export interface ReleaseFinding {
    readonly rule: string;
    readonly severity: Rule["severity"];
    readonly message: string;
    readonly remedy: string;
}

/** The program of each component. */
const COMMANDS: Readonly<Record<ComponentName, readonly string[]>> = {
    query: ["query"],
    "query-frontend": ["query-frontend"],
    store: ["store"],
    compact: ["compact"],
    receive: ["receive"],
    "receive-router": ["receive"],
    rule: ["rule"],
    "bucket-web": ["tools", "bucket", "web"],
};

/** Values that a chart fills in where this project knows only that it does: a rule takes them for values that something fills in later. */
const UNKNOWN = /^the (chart|pod)'s/;
const FILLED_IN = "$(CHART)";

/** The flag by which a component reads the text of its cache. */
const CACHES: Readonly<Partial<Record<ComponentName, string>>> = {
    "query-frontend": "query-range.response-cache-config",
    store: "index-cache.config",
};

/** The workloads of a release of one of Thanos's charts, as far as rules read them. Both Store and Compact read the one objstore file of the release. */
export const manifestsOf = ({ components, image }: ThanosRelease, values: Values): Manifest[] =>
    components.map((component) => {
        const isStateful = ["store", "compact", "receive", "rule"].includes(component.name);
        const args = [...COMMANDS[component.name], ...argumentsOf(component)];
        const spec = {
            replicas: podsOf(component, values),
            template: {
                spec: {
                    containers: [
                        {
                            name: component.name,
                            image,
                            args: [...args, ...objectStore(component)],
                            volumeMounts: [{ name: "objstore", mountPath: "/conf" }],
                        },
                    ],
                    volumes: [{ name: "objstore", secret: { secretName: "objstore" } }],
                },
            },
        };
        const kind = isStateful ? "StatefulSet" : "Deployment";
        return {
            apiVersion: "apps/v1",
            kind,
            name: component.key,
            id: component.key,
            fields: { metadata: { name: component.key, namespace: "release" }, spec },
        };
    });

const argumentsOf = ({ name: component, flags, cache }: Component): string[] => [
    ...flags
        .filter(({ name }) => name !== SHARDS && !name.startsWith("objstore.config"))
        .map(({ name, value }) => `--${name}=${UNKNOWN.test(value) ? FILLED_IN : value}`),
    ...(cache === undefined ? [] : [`--${CACHES[component]}=${cache.text}`]),
];

const objectStore = ({ name }: Component) =>
    ["store", "compact", "rule", "receive"].includes(name) ? ["--objstore.config-file=/conf/objstore.yml"] : [];

const podsOf = ({ replicas }: Component, values: Values) => (replicas ? (values.count(replicas.path) ?? replicas.default) : 1);

/** A release of kube-prometheus-stack. */
export const prometheusManifest = (values: Readonly<Record<string, unknown>>): Manifest => ({
    apiVersion: "helm.sh/v3",
    kind: "Release",
    name: "kube-prometheus-stack",
    id: "kube-prometheus-stack",
    fields: { metadata: {}, chart: "kube-prometheus-stack", values },
});

const KINDS: readonly PartKind[] = [...new Set(RULES.flatMap(({ reads }) => reads))];

/** What is wrong with releases as they are today, by the project's rules. A part that cannot be read has no findings. */
export function findingsIn(manifests: readonly Manifest[]): ReleaseFinding[] {
    const { model } = readModel(manifests, KINDS, (error) => error instanceof TypeError);
    return RULES.flatMap((rule) =>
        rule.check(model, thresholdsOf(rule)).map((problem) => ({
            rule: rule.id,
            severity: rule.severity,
            message: problemText({ ...problem, remedy: "" }),
            remedy: problem.remedy,
        })),
    );
}
