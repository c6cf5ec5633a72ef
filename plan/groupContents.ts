import { EXTERNAL_DNS_HOSTNAMES, POOL_LABEL } from "../components/naming/labels";
import { prometheusPods } from "../components/naming/names";
import { CONFIG_SECRET_DIR } from "../components/prometheus/fleetAlertmanager";
import { NO_LOGIN } from "../rules/model";
import type { StackPlan } from "./model";
import { roleRights } from "./roleRights";

type Resources = StackPlan["resources"];
type Resource = Resources[number];
type Bag = Record<string, unknown>;

/** Every group, in the order in which `npm run plan` prints them, with the function that describes it: from its own resources, and all of the stack's. */
export const GROUP_ROWS = {
    Network: network,
    Cluster: cluster,
    Nodes: nodes,
    "Add-ons": addOns,
    "Bucket and key": bucketAndKey,
    "IAM roles": (own) => roleRights(own).map(({ assumedBy, allows, target }) => [assumedBy, allows, target]),
    "Names and certificates": names,
    Thanos: (own) => own.flatMap(workload),
    Prometheus: prometheus,
    Grafana: grafana,
    Pages: pages,
    Other: typeCounts,
} satisfies Record<string, (own: Resources, all: Resources) => string[][]>;
export type GroupTitle = keyof typeof GROUP_ROWS;

const ofType = (resources: Resources, type: RegExp) => resources.filter((r) => type.test(r.type));
const asObject = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});
const valueAt = (value: unknown, ...path: (string | number)[]) => path.reduce((inner, key) => asObject(inner)[key], value);
const text = (value: unknown) => (value === undefined ? "" : String(value));
const unique = (values: unknown[]) => [...new Set(values.filter((value) => value !== undefined).map(String))];
const countOf = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
const wordsIf = (condition: unknown, words: string) => (condition ? [words] : []);

function network(own: Resources): string[][] {
    const zones = unique(ofType(own, /:Subnet$/).map(({ props }) => props.availabilityZone));
    return ofType(own, /:Vpc$/).map(({ props }) => [
        text(props.cidrBlock),
        [
            `subnets in ${zones.join(", ")}`,
            countOf(ofType(own, /:NatGateway$/).length, "NAT gateway"),
            ...ofType(own, /:VpcEndpoint$/).map((endpoint) => `endpoint of ${text(endpoint.props.serviceName).split(".").at(-1)}`),
        ].join("; "),
    ]);
}

function cluster(own: Resources, all: Resources): string[][] {
    const created = ofType(own, /:Cluster$/).map(({ props }) => [
        text(props.name),
        [
            `created, Kubernetes ${props.version}`,
            valueAt(props, "vpcConfig", "endpointPublicAccess") ? "public and private API endpoint" : "private API endpoint",
            ...wordsIf(props.encryptionConfig, "secrets encrypted"),
            ...wordsIf(props.deletionProtection, "protected from deletion"),
            ...wordsIf(props.enabledClusterLogTypes, `logs: ${[props.enabledClusterLogTypes].flat().join(", ")}`),
        ].join("; "),
    ]);
    const admins = ofType(own, /:AccessEntry$/).map(({ props }) => [text(props.principalArn), "cluster administrator"]);
    const used = unique(all.map(({ props }) => props.clusterName)).filter((name) => !created.some(([createdName]) => createdName === name));
    return [...created, ...admins, ...used.map((name) => [name, "exists: read, not changed"])];
}

/** One row per pool: its node groups differ in the subnet only, one per zone. */
function nodes(own: Resources): string[][] {
    const templates = ofType(own, /:LaunchTemplate$/);
    const described = ofType(own, /:NodeGroup$/).map(({ name, props }) => {
        const template =
            templates.find((t) => [t.name, t.props.name].includes(valueAt(props, "launchTemplate", "id") as string))?.props ?? {};
        const count = valueAt(props, "scalingConfig", "minSize");
        return {
            pool: text(valueAt(props, "labels", POOL_LABEL) ?? props.nodeGroupName ?? name),
            cells: [
                text(template.instanceType ?? valueAt(props, "instanceTypes", 0)),
                `${text(props.amiType)}, ${volumeOf(template)}`,
                `${count} in ${[props.subnetIds].flat().join(", ")}`,
            ],
        };
    });
    return unique(described.map(({ pool }) => pool)).map((pool) => {
        const same = described.filter((group) => group.pool === pool);
        const [type = "", image = ""] = same[0]?.cells ?? [];
        return [pool, type, same.map(({ cells }) => cells[2]).join("; "), image];
    });
}

/** Size of the largest volume: Bottlerocket has its system on a second, smaller one. */
const volumeOf = (template: Bag) =>
    `${Math.max(...[template.blockDeviceMappings].flat().map((device) => Number(valueAt(device, "ebs", "volumeSize") ?? 0)))} GiB`;

function addOns(own: Resources): string[][] {
    return [
        ...ofType(own, /:Addon$/).map(({ props }) => [text(props.addonName), text(props.addonVersion ?? "EKS's default version")]),
        ...ofType(own, /:Release$/).map(({ props }) => [text(props.name), `chart ${text(props.chart)} ${text(props.version)}`.trimEnd()]),
        ...ofType(own, /:StorageClass$/).map(({ props }) => [
            text(valueAt(props, "metadata", "name")),
            `StorageClass, ${text(props.reclaimPolicy)}, ${text(props.volumeBindingMode)}`,
        ]),
    ];
}

function bucketAndKey(own: Resources): string[][] {
    return [
        ...ofType(own, /aws:s3\/bucket:Bucket$/).map(({ props: { bucket } }) => {
            // Each setting of a bucket is a separate resource.
            const setting = (type: RegExp) => ofType(own, type).find(({ props }) => props.bucket === bucket)?.props;
            const keptDays = valueAt(
                setting(/:BucketLifecycleConfiguration$/),
                "rules",
                0,
                "noncurrentVersionExpiration",
                "noncurrentDays",
            );
            return [
                text(bucket),
                [
                    ...wordsIf(setting(/:BucketPublicAccessBlock$/), "private"),
                    ...wordsIf(setting(/:BucketServerSideEncryptionConfiguration$/), "encrypted"),
                    ...wordsIf(keptDays, `old versions kept ${keptDays} days`),
                    ...wordsIf(setting(/:BucketReplicationConfig$/), "copied to another region"),
                ].join("; "),
            ];
        }),
        ...ofType(own, /:Key$/).map(({ props, name }) => [
            name,
            [...wordsIf(props.enableKeyRotation, "rotated every year"), `kept ${props.deletionWindowInDays} days after its deletion`].join(
                "; ",
            ),
        ]),
        ...own.flatMap(workload),
    ];
}

/** Whether the resource is a Service that other clusters reach. */
export function isLoadBalancer({ type, props }: Resource): boolean {
    return type === "kubernetes:core/v1:Service" && valueAt(props, "spec", "type") === "LoadBalancer";
}

function names(own: Resources): string[][] {
    const days = (hours: unknown) => `${Number(hours) / 24} days`;
    const signed = ofType(own, /:LocallySignedCert$/);
    return [
        ...own.filter(isLoadBalancer).map(({ props }) => [
            text(valueAt(props, "metadata", "annotations", EXTERNAL_DNS_HOSTNAMES[0])),
            `load balancer, ${[valueAt(props, "spec", "ports")]
                .flat()
                .map((port) => `${valueAt(port, "name")} ${valueAt(port, "port")}`)
                .join(", ")}`,
        ]),
        ...wordsIf(
            ofType(own, /:SelfSignedCert$/).length,
            countOf(ofType(own, /:SelfSignedCert$/).length, "authority").replace("authoritys", "authorities"),
        ).map((authorities) => [authorities, "keys in this stack's state only, not in the cluster"]),
        ...unique(
            signed.map(({ props }) => `valid ${days(props.validityPeriodHours)}, renewed ${days(props.earlyRenewalHours)} before`),
        ).map((validity) => [countOf(signed.length, "certificate"), validity]),
    ];
}

function workload({ type, props }: Resource): string[][] {
    if (!/:(Deployment|StatefulSet)$/.test(type)) return [];
    const size = valueAt(props, "spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage");
    return [
        [
            text(valueAt(props, "metadata", "name")),
            countOf(Number(valueAt(props, "spec", "replicas") ?? 1), "replica"),
            size ? `${size} each` : "",
            ...ruleFiles(props),
        ],
    ];
}

/** How many files with rules a workload evaluates, and whether it keeps nothing of what it records. */
function ruleFiles(props: Resource["props"]): string[] {
    const flags = flagsOf(props);
    const { length } = valuesOf(flags, "rule-file");
    const writes = valuesOf(flags, "remote-write.config").length > 0;
    return wordsIf(length, `${countOf(length, "rule file")}${writes ? ", records to Receive" : ""}`);
}

function typeCounts(own: Resources): string[][] {
    const kinds = own.map(({ type }) => (type.startsWith("pulumi:providers:") ? `${lastPart(type)} provider` : lastPart(type)));
    return own.length > 0
        ? [
              [
                  unique(kinds)
                      .map((kind) => countOf(kinds.filter((other) => other === kind).length, kind))
                      .join(", "),
              ],
          ]
        : [];
}

const lastPart = (type: string) => type.slice(type.lastIndexOf(":") + 1);

function prometheus(own: Resources): string[][] {
    const scraped = ofType(own, /:ScrapeConfig$/).map(({ props }) => text(valueAt(props, "metadata", "name")));
    const scrapeConfigs = scraped.length > 0 ? [["scrape configs", "", "", scraped.join(", ")]] : [];
    // A stack that installs no Prometheus has a Service for the sidecars of the one that it keeps.
    const kept = ofType(own, /:Service$/).flatMap(({ props }) => {
        const name = valueAt(props, "spec", "selector", Object.keys(prometheusPods(""))[0] ?? "");
        return name === undefined
            ? []
            : [[text(name), "", "", `exists in ${text(valueAt(props, "metadata", "namespace"))}: read, not changed`]];
    });
    if (kept.length > 0) return [...kept, ...scrapeConfigs];
    return ofType(own, /:Release$/).flatMap(({ props }) => {
        const spec = valueAt(props, "values", "prometheus", "prometheusSpec");
        const size = valueAt(spec, "storageSpec", "volumeClaimTemplate", "spec", "resources", "requests", "storage");
        const chart = `${text(props.chart).split("/").at(-1)} ${text(props.version)}`.trimEnd();
        return [
            [text(props.name), countOf(Number(valueAt(spec, "replicas")), "replica"), `${size} each`, chart],
            ["alerts", "", "", alertsGoTo(props.values)],
            ...own.flatMap(fleetAlertmanager),
            ...scrapeConfigs,
        ];
    });
}

function grafana(own: Resources): string[][] {
    const dashboards = ofType(own, /:ConfigMap$/).filter(({ props }) => valueAt(props, "metadata", "labels", "grafana_dashboard"));
    if (dashboards.length === 0) return [];
    const installed = ofType(own, /:Role$/).length > 0;
    const secret = ofType(own, /:Secret$/).map(({ props }) => `password in Secret ${text(valueAt(props, "metadata", "name"))}`);
    return [
        ["dashboards", dashboards.map(({ name }) => name.replace(/^grafana-/, "")).join(", ")],
        [
            "server",
            installed ? ["by the chart", ...secret].join("; ") : "not installed: another Grafana finds the dashboards by their label",
        ],
    ];
}

/** The address of each page, and who may open it. */
function pages(own: Resources): string[][] {
    const addresses = ofType(own, /:Ingress$/).flatMap(({ props }) => {
        const annotations = asObject(valueAt(props, "metadata", "annotations"));
        const from = text(annotations["alb.ingress.kubernetes.io/inbound-cidrs"] ?? annotations[`${NGINX}/whitelist-source-range`]);
        return [valueAt(props, "spec", "rules")].flat().flatMap((rule) =>
            [valueAt(rule, "http", "paths")].flat().flatMap((at) => {
                const login = own.find(
                    ({ type, name }) => type.endsWith(":Deployment") && name === valueAt(at, "backend", "service", "name"),
                );
                const flags = login && flagsOf(login.props);
                const paths = flags ? valuesOf(flags, "upstream").map((url) => new URL(url).pathname) : [text(valueAt(at, "path"))];
                return paths.map((path) => [
                    `https://${text(valueAt(rule, "host"))}${path.replace(/(?<=.)\/$/, "")}`,
                    `from ${from.replaceAll(",", ", ")}`,
                    flags ? proxyLogin(flags) : ingressLogin(annotations),
                ]);
            }),
        );
    });
    return [...addresses, ...own.flatMap(workload)];
}

const NGINX = "nginx.ingress.kubernetes.io";

/** Arguments of a workload's container. */
const flagsOf = (props: Resource["props"]) => [valueAt(props, "spec", "template", "spec", "containers", 0, "args") ?? []].flat().map(text);
const valuesOf = (flags: readonly string[], name: string) =>
    flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3));

/** Whom oauth2-proxy lets in, by its flags. */
function proxyLogin(flags: readonly string[]): string {
    const domains = valuesOf(flags, "email-domain");
    const groups = valuesOf(flags, "allowed-group");
    return [
        `login at ${valuesOf(flags, "oidc-issuer-url").join()}`,
        domains.includes("*") ? "any email address" : `email addresses of ${domains.join(", ")}`,
        ...wordsIf(groups.length, `groups ${groups.join(", ")}`),
        ...wordsIf(flags.includes("--skip-jwt-bearer-tokens"), "bearer tokens too"),
    ].join("; ");
}

/** Whom an Ingress lets in, by its annotations. */
function ingressLogin(annotations: Bag): string {
    const oidc = annotations["alb.ingress.kubernetes.io/auth-idp-oidc"];
    if (oidc === undefined) return `no login: ${text(annotations[NO_LOGIN])}`;
    return `login at ${(JSON.parse(text(oidc)) as { issuer: string }).issuer}; whoever it lets in`;
}

/** The fleet's Alertmanager. Without receivers of the user's, its configuration is in the project's own file. */
const fleetAlertmanager = (resource: Resource): string[][] =>
    workload(resource).map((cells) => [
        ...cells,
        valuesOf(flagsOf(resource.props), "config.file").some((file) => file.startsWith(`${CONFIG_SECRET_DIR}/`))
            ? RECEIVERS
            : NO_RECEIVERS,
    ]);

const RECEIVERS = "receivers of a Secret";
const NO_RECEIVERS = "no receivers: set alerting.configSecret";

/** Who is told of alerts, by the chart's values. */
function alertsGoTo(values: unknown): string {
    const own = valueAt(values, "alertmanager");
    if (valueAt(own, "enabled"))
        return [
            `Alertmanager, ${countOf(Number(valueAt(own, "alertmanagerSpec", "replicas")), "replica")}`,
            valueAt(own, "alertmanagerSpec", "configSecret") ? RECEIVERS : NO_RECEIVERS,
        ].join("; ");
    const others = [valueAt(values, "prometheus", "prometheusSpec", "additionalAlertManagerConfigs") ?? []].flat();
    const addresses = others.flatMap((other) => [valueAt(other, "static_configs", 0, "targets")].flat());
    // Only the fleet's own has another name in its certificate than in its address.
    if (others.some((other) => valueAt(other, "tls_config", "server_name")))
        return `sent to the fleet's Alertmanager (${addresses.join(", ")}); while the observer is away, nobody is told`;
    return addresses.length > 0 ? `sent to ${addresses.join(", ")}` : "sent to nobody: alerting.alertmanager is off";
}
