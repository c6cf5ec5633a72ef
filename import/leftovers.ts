import { isMap } from "../rules/isMap";
import type { Notes } from "./note";
import type { Values } from "./values";

/** Why there is no setting for what charts have, and what to do. The first that fits a path counts; what a pattern matches is reported as one. */
const REASONS: readonly (readonly [pattern: RegExp, why: string, todo: string])[] = [
    [
        /(^|\.)(thanosIngress|ingress|httpRoute|grpcRoute|route)$/,
        "pages are behind one ingress with a login, or nobody opens them (docs/adr/0029).",
        "Write `exposure` (docs/configuration.md#pages).",
    ],
    [
        /(^|\.)(serviceAccount|existingServiceAccount|rbac|podAnnotations|automountServiceAccountToken)$/,
        "each component has a service account of the project's; a role in an annotation is not used for an existing object store.",
        "Give the service accounts of the new pods a role (EKS Pod Identity, Workload Identity), or write keys into `objectStore`. Other annotations: nothing.",
    ],
    [
        /^(metrics|serviceMonitor|global\.(serviceMonitor|thanosRules))$|\.serviceMonitor$/,
        "the project brings its own ServiceMonitors and alerts (docs/runbooks).",
        "Nothing.",
    ],
    [
        /(^|\.)networkPolic(y|ies)$/,
        "the project has NetworkPolicies of its own (docs/adr/0017).",
        "Nothing; another client in the cluster needs a policy of its own.",
    ],
    [
        /\.?([a-zA-Z]*[aA]ffinity[a-zA-Z]*|topologySpreadConstraints)$/,
        "the project spreads pods over nodes and zones.",
        "Nothing; `pods.nodeSelector` and `pods.tolerations` choose nodes.",
    ],
    [/(^|\.)[a-zA-Z]*([pP]robes?|ecurityContext|PodSecurityContext)$/, "every pod has the project's own.", "Nothing."],
    [
        /^(global\.image|image|images)$|(^|\.)(imagePullSecrets|pullSecrets|imageRegistry|imagePullPolicy)$|^global\.security$/,
        "versions are pinned: the stack runs the Thanos that it is tested with (npm run versions).",
        "For a mirror write `pods.imageRegistry`.",
    ],
    [
        /(^|\.)(extraEnv[a-zA-Z]*|extraVolume[a-zA-Z]*|extraInitContainers|extraContainers|sidecars|initContainers|extraDeploy|extraManifests|lifecycle[a-zA-Z]*|hostAliases|dns[A-Z][a-zA-Z]*|command)$/,
        "pods of the project cannot be extended.",
        "If Thanos needs it to reach the bucket, write it in `objectStore`; else deploy it beside the stack.",
    ],
    [
        /(^|\.)(service[a-zA-Z]*|containerPorts|clusterDomain|[a-z]*Port)$/,
        "names and ports of Services are the project's own.",
        "Give clients the new address: Query Frontend is thanos-query-frontend, port 10902.",
    ],
    [
        /(^|\.)(pdb|podDisruptionBudget|updateStrategy|minReadySeconds|podManagementPolicy|terminationGracePeriodSeconds|revisionHistoryLimit|strategyType)$/,
        "the project decides how its pods are replaced.",
        "Nothing.",
    ],
    [
        /(^|\.)(autoscaling|vpa|externalAutoscaler)$/,
        "only Query, Query Frontend and routers can have more pods while they are busy.",
        "Nothing, or write `query.autoscale`.",
    ],
    [
        /^(minio|rustfs)$/,
        "the stack uses an existing object store and installs none beside it.",
        "Keep the store's release; its data are the blocks.",
    ],
    [
        /(^|\.)(https|httpConfig|existingHttpConfigSecret|auth|grpc|grpcTLS)$/,
        "the stack makes the certificates between clusters itself; pages have a login by `exposure`.",
        "Nothing.",
    ],
    [
        /(^|\.)(fullnameOverride|nameOverride|namespaceOverride|commonLabels|commonAnnotations|podLabels|labels|annotations|[a-z]+Annotations)$/,
        "names and labels are what the fleet finds its parts by.",
        "Nothing; change what selects pods by the old names.",
    ],
    [/(^|\.)resourcesPreset$/, "the defaults follow from `size`.", "Write the memory, where the defaults do not fit."],
    [
        /(^|\.)(persistence|persistentVolumeClaimRetentionPolicy)$/,
        "volumes have a size and a StorageClass; old volumes are not taken over, since everything in them is in the bucket, too.",
        "Delete the old claims when the fleet answers.",
    ],
    [
        /^receive\.(config|existingConfigmap|hashrings)|^receive\.mode$/,
        "the ring has the ingesters that the stack runs; a tenant is an observee.",
        "Write `receive.rings` for tenants with ingesters of their own.",
    ],
    [
        /^(ruler|rule)\.(config|rules|existingConfigmap|autoImportPrometheusRules)$/,
        "import does not move rules: many belong into the Prometheus of the cluster that they are about (docs/adr/0023).",
        "Write those that need several clusters to files beside Pulumi.yaml, and list them in `rule.files`.",
    ],
    [
        /^(queryFrontend|storegateway)\.existingConfigmap$/,
        "import does not see the ConfigMap.",
        "Write the cache in `queryFrontend.cache` or `store.cache`.",
    ],
    [
        /^kube-prometheus-stack$/,
        "is another chart, with values of its own.",
        "Write this section to a file, and import it beside this one.",
    ],
];

/** Lists of variables and whole objects, whose names do not tell which of them are credentials. */
const OFTEN_SECRET = /(^|\.)(extraEnv[a-zA-Z]*|extraDeploy|extraManifests|auth|minio|rustfs)$/;

const reasonOf = (path: string) => REASONS.find(([pattern]) => pattern.test(path));

/** A note on each value that nothing has read. Sections of components that are off count for nothing; one that has no effect is told once. */
export function noteLeftovers(
    values: Values,
    notes: Notes,
    isOff: (path: string) => boolean = () => false,
    idle: (section: string) => string | undefined = () => undefined,
): void {
    const groups = new Map<string, { value: unknown; why: string; todo: string }>();
    for (const { path, value } of values.unread((at) => reasonOf(at) !== undefined)) {
        if (isOff(path)) continue;
        const [section = ""] = path.split(".");
        const useless = idle(section);
        if (useless !== undefined) {
            const value = Object.keys(isMap(values.root[section]) ? values.root[section] : {}).join(", ");
            groups.set(section, { value, why: useless, todo: "Nothing." });
            continue;
        }
        const [, why, todo] = reasonOf(path) ?? [
            undefined,
            "has no setting here.",
            "Leave it out, or compare it with docs/configuration.md.",
        ];
        groups.set(path, { value, why, todo });
    }
    for (const [path, { value, why, todo }] of groups) notes.left(path, OFTEN_SECRET.test(path) ? "(not shown)" : value, why, todo);
}
