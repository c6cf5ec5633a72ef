import { GROUP_ROWS, type GroupTitle, isLoadBalancer } from "./groupContents";
import type { StackPlan } from "./model";

type Resources = StackPlan["resources"];
type Resource = Resources[number];

/** A part of a stack, described in a few rows. */
export interface Group {
    title: GroupTitle;
    /** Number of resources; 0 for a group that describes only what exists already. */
    count: number;
    /** What matters about the resources: a row of cells for each, to be printed as a table. */
    rows: string[][];
}

/** The group of a resource by its own type; the first match decides. */
const BY_TYPE: [type: RegExp, title: GroupTitle][] = [
    [/^aws:iam\/|:PodIdentityAssociation$/, "IAM roles"],
    [/^aws:eks\/nodeGroup:|^aws:ec2\/launchTemplate:/, "Nodes"],
    [/^aws:eks\/addon:|:StorageClass$/, "Add-ons"],
    [/^aws:(eks|cloudwatch)\//, "Cluster"],
    [/^aws:ec2\//, "Network"],
    [/^aws:s3\//, "Bucket and key"],
    [/:PrometheusRule$/, "Prometheus"],
    [/^tls:|^aws:route53\//, "Names and certificates"],
];

/** The group of any other resource by the component that contains it; the innermost component listed here decides. */
const BY_COMPONENT: [type: RegExp, title: GroupTitle][] = [
    [/:aws:Network$/, "Network"],
    [/:aws:EksCluster$/, "Cluster"],
    [/:aws:NodeGroups$/, "Nodes"],
    [/:aws:(Bucket|EncryptedBucket|Replication)$|:local:S3Server$/, "Bucket and key"],
    [/:aws:(Identity|ObserverRole)$/, "IAM roles"],
    [/:index:Certificates$/, "Names and certificates"],
    [/:thanos:/, "Thanos"],
    [/:prometheus:/, "Prometheus"],
    [/:grafana:/, "Grafana"],
    [/:exposure:/, "Pages"],
    [/:aws:AddOns$/, "Add-ons"],
];

/** Divides a stack's resources into groups, each resource into exactly one. Groups with neither resources nor rows are left out. */
export function groupsOf(stack: StackPlan): Group[] {
    // The order of registration may differ from run to run.
    const resources = [...stack.resources].sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
    const titles = Object.keys(GROUP_ROWS) as GroupTitle[];
    const titled = resources.map((resource) => ({ resource, title: titleOf(resource, resources) }));
    // A group of components without resources goes to the rest.
    const empty = titles.filter((title) => titled.every((entry) => entry.title !== title || isComponent(entry.resource)));
    return titles.flatMap((title) => {
        const own = titled.filter((entry) => (empty.includes(entry.title) ? REST : entry.title) === title).map(({ resource }) => resource);
        const rows = GROUP_ROWS[title](own, resources);
        return own.length + rows.length > 0 ? [{ title, count: own.length, rows }] : [];
    });
}

const REST: GroupTitle = "Other";
const isComponent = ({ type }: Resource) => type.startsWith("thanos-fleet:");

function titleOf(resource: Resource, all: Resources): GroupTitle {
    if (isLoadBalancer(resource)) return "Names and certificates";
    const byType = BY_TYPE.find(([type]) => type.test(resource.type));
    if (byType) return byType[1];
    for (const type of [resource.type, ...typesAbove(resource, all)]) {
        const byComponent = BY_COMPONENT.find(([component]) => component.test(type));
        if (byComponent) return byComponent[1];
    }
    return REST;
}

/** Types of the components that contain a resource, innermost first. A component may have the same name as its parent. */
function typesAbove(resource: Resource, all: Resources): string[] {
    const seen = new Set<string>();
    const types: string[] = [];
    for (let { parent } = resource; parent !== undefined && !seen.has(parent); ) {
        seen.add(parent);
        const named = all.filter((r) => r.name === parent && isComponent(r));
        types.push(...named.map((r) => r.type));
        parent = named.map((r) => r.parent).find((above) => above !== undefined && !seen.has(above));
    }
    return types;
}
