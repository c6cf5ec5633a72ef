import { EXTERNAL_DNS_HOSTNAME, POOL_LABEL } from "../components/naming/labels";
import type { StackPlan } from "./model";
import { rightsOf } from "./roleRights";

type Resources = StackPlan["resources"];
type Resource = Resources[number];
type Bag = Record<string, unknown>;

/** The groups, in the order in which they are read, and what is said of each: of its own resources, with a look at all others. Pure. */
export const LINES = {
    Network: network,
    Cluster: cluster,
    Nodes: nodes,
    "Add-ons": addOns,
    "Bucket and key": bucketAndKey,
    Identities: (own) => rightsOf(own).map(({ wearer, does, on }) => [wearer, does, on]),
    "Names and certificates": names,
    Thanos: (own) => own.flatMap(workload),
    Prometheus: prometheus,
    "Around them": around,
} satisfies Record<string, (own: Resources, all: Resources) => string[][]>;
export type Title = keyof typeof LINES;

const ofType = (resources: Resources, type: RegExp) => resources.filter((r) => type.test(r.type));
const bag = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});
const at = (value: unknown, ...path: (string | number)[]) => path.reduce((inner, key) => bag(inner)[key], value);
const text = (value: unknown) => (value === undefined ? "" : String(value));
const unique = (values: unknown[]) => [...new Set(values.filter((value) => value !== undefined).map(String))];
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
const part = (when: unknown, words: string) => (when ? [words] : []);

function network(own: Resources): string[][] {
    const zones = unique(ofType(own, /:Subnet$/).map(({ props }) => props.availabilityZone));
    return ofType(own, /:Vpc$/).map(({ props }) => [
        text(props.cidrBlock),
        [
            `subnets in ${zones.join(", ")}`,
            counted(ofType(own, /:NatGateway$/).length, "NAT gateway"),
            ...ofType(own, /:VpcEndpoint$/).map((endpoint) => `endpoint of ${text(endpoint.props.serviceName).split(".").at(-1)}`),
        ].join("; "),
    ]);
}

function cluster(own: Resources, all: Resources): string[][] {
    const made = ofType(own, /:Cluster$/).map(({ props }) => [
        text(props.name),
        [
            `made, Kubernetes ${props.version}`,
            at(props, "vpcConfig", "endpointPublicAccess") ? "API open to some addresses" : "API private",
            ...part(props.encryptionConfig, "secrets encrypted"),
            ...part(props.deletionProtection, "protected from deletion"),
            ...part(props.enabledClusterLogTypes, `logs: ${[props.enabledClusterLogTypes].flat().join(", ")}`),
        ].join("; "),
    ]);
    const admins = ofType(own, /:AccessEntry$/).map(({ props }) => [text(props.principalArn), "administers it"]);
    const used = unique(all.map(({ props }) => props.clusterName)).filter((name) => !made.some(([known]) => known === name));
    return [...made, ...admins, ...used.map((name) => [name, "is there: looked at, not changed"])];
}

/** One line for groups that differ in their subnet only: there is one a zone. */
function nodes(own: Resources): string[][] {
    const templates = ofType(own, /:LaunchTemplate$/);
    const described = ofType(own, /:NodeGroup$/).map(({ name, props }) => {
        const template = templates.find((t) => [t.name, t.props.name].includes(at(props, "launchTemplate", "id") as string))?.props ?? {};
        const count = at(props, "scalingConfig", "minSize");
        return {
            pool: text(at(props, "labels", POOL_LABEL) ?? props.nodeGroupName ?? name),
            what: [
                text(template.instanceType ?? at(props, "instanceTypes", 0)),
                `${text(props.amiType)}, ${volumeOf(template)}`,
                `${count} in ${[props.subnetIds].flat().join(", ")}`,
            ],
        };
    });
    return unique(described.map(({ pool }) => pool)).map((pool) => {
        const same = described.filter((group) => group.pool === pool);
        const [type = "", image = ""] = same[0]?.what ?? [];
        return [pool, type, same.map(({ what }) => what[2]).join("; "), image];
    });
}

/** The largest: Bottlerocket has its system on a second one. */
const volumeOf = (template: Bag) =>
    `${Math.max(...[template.blockDeviceMappings].flat().map((device) => Number(at(device, "ebs", "volumeSize") ?? 0)))} GiB`;

function addOns(own: Resources): string[][] {
    return [
        ...ofType(own, /:Addon$/).map(({ props }) => [text(props.addonName), text(props.addonVersion ?? "EKS's own version")]),
        ...ofType(own, /:Release$/).map(({ props }) => [text(props.name), `chart ${text(props.chart)} ${text(props.version)}`.trimEnd()]),
        ...ofType(own, /:StorageClass$/).map(({ props }) => [
            text(at(props, "metadata", "name")),
            `StorageClass, ${text(props.reclaimPolicy)}, ${text(props.volumeBindingMode)}`,
        ]),
    ];
}

function bucketAndKey(own: Resources): string[][] {
    return [
        ...ofType(own, /aws:s3\/bucket:Bucket$/).map(({ props: { bucket } }) => {
            // Each of its settings is a resource of its own.
            const setting = (type: RegExp) => ofType(own, type).find(({ props }) => props.bucket === bucket)?.props;
            const old = at(setting(/:BucketLifecycleConfiguration$/), "rules", 0, "noncurrentVersionExpiration", "noncurrentDays");
            return [
                text(bucket),
                [
                    ...part(setting(/:BucketPublicAccessBlock$/), "private"),
                    ...part(setting(/:BucketServerSideEncryptionConfiguration$/), "encrypted"),
                    ...part(old, `old versions kept ${old} days`),
                    ...part(setting(/:BucketReplicationConfig$/), "copied to another region"),
                ].join("; "),
            ];
        }),
        ...ofType(own, /:Key$/).map(({ props, name }) => [
            name,
            [...part(props.enableKeyRotation, "rotates every year"), `kept ${props.deletionWindowInDays} days after its deletion`].join(
                "; ",
            ),
        ]),
        ...own.flatMap(workload),
    ];
}

/** A Service that other clusters reach. */
export function isLoadBalancer({ type, props }: Resource): boolean {
    return type === "kubernetes:core/v1:Service" && at(props, "spec", "type") === "LoadBalancer";
}

function names(own: Resources): string[][] {
    const days = (hours: unknown) => `${Number(hours) / 24} days`;
    const signed = ofType(own, /:LocallySignedCert$/);
    return [
        ...own.filter(isLoadBalancer).map(({ props }) => [
            text(at(props, "metadata", "annotations", EXTERNAL_DNS_HOSTNAME)),
            `load balancer, ${[at(props, "spec", "ports")]
                .flat()
                .map((port) => `${at(port, "name")} ${at(port, "port")}`)
                .join(", ")}`,
        ]),
        ...ofType(own, /:Ingress$/).map(({ props }) => {
            const certificate = at(props, "metadata", "annotations", "alb.ingress.kubernetes.io/certificate-arn");
            return [text(at(props, "spec", "rules", 0, "host")), `page, by ${certificate ? "HTTPS" : "HTTP inside the VPC"}`];
        }),
        ...part(
            ofType(own, /:SelfSignedCert$/).length,
            counted(ofType(own, /:SelfSignedCert$/).length, "authority").replace("authoritys", "authorities"),
        ).map((authorities) => [authorities, "keys in this stack's state, in no cluster"]),
        ...unique(
            signed.map(({ props }) => `valid ${days(props.validityPeriodHours)}, renewed ${days(props.earlyRenewalHours)} before`),
        ).map((how) => [counted(signed.length, "certificate"), how]),
    ];
}

function workload({ type, props }: Resource): string[][] {
    if (!/:(Deployment|StatefulSet)$/.test(type)) return [];
    const size = at(props, "spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage");
    return [
        [text(at(props, "metadata", "name")), counted(Number(at(props, "spec", "replicas") ?? 1), "replica"), size ? `${size} each` : ""],
    ];
}

function around(own: Resources): string[][] {
    const kinds = own.map(({ type }) => (type.startsWith("pulumi:providers:") ? `${lastPart(type)} provider` : lastPart(type)));
    return own.length > 0
        ? [
              [
                  unique(kinds)
                      .map((kind) => counted(kinds.filter((other) => other === kind).length, kind))
                      .join(", "),
              ],
          ]
        : [];
}

const lastPart = (type: string) => type.slice(type.lastIndexOf(":") + 1);

function prometheus(own: Resources): string[][] {
    return ofType(own, /:Release$/).map(({ props }) => {
        const spec = at(props, "values", "prometheus", "prometheusSpec");
        const size = at(spec, "storageSpec", "volumeClaimTemplate", "spec", "resources", "requests", "storage");
        const chart = `${text(props.chart).split("/").at(-1)} ${text(props.version)}`.trimEnd();
        return [text(props.name), counted(Number(at(spec, "replicas")), "replica"), `${size} each`, chart];
    });
}
