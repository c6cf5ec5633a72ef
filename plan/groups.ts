import { isLoadBalancer, LINES, type Title } from "./groupContents";
import type { StackPlan } from "./model";

/** A stack's resources, grouped as a person thinks of them. Pure. */

type Resources = StackPlan["resources"];
type Resource = Resources[number];

export interface Group {
    title: Title;
    /** How many resources it is made of. */
    count: number;
    /** What matters about them; cells of a line are set below each other. */
    lines: string[][];
}

/** Where a resource belongs by its own type; the first match decides. */
const BY_TYPE: [type: RegExp, title: Title][] = [
    [/^aws:iam\/|:PodIdentityAssociation$/, "Identities"],
    [/^aws:eks\/nodeGroup:|^aws:ec2\/launchTemplate:/, "Nodes"],
    [/^aws:eks\/addon:|:StorageClass$/, "Add-ons"],
    [/^aws:(eks|cloudwatch)\//, "Cluster"],
    [/^aws:ec2\//, "Network"],
    [/^aws:s3\//, "Bucket and key"],
    [/^pulumi:providers:/, "Around them"],
    [/^tls:|^aws:route53\/|:Ingress$/, "Names and certificates"],
];

/** ... and else by the component it is a part of, the innermost that is known. */
const BY_COMPONENT: [type: RegExp, title: Title][] = [
    [/:aws:Network$/, "Network"],
    [/:aws:(Platform|EksCluster)$/, "Cluster"],
    [/:aws:NodeGroups$/, "Nodes"],
    [/:aws:(Bucket|EncryptedBucket|Replication)$|:local:S3Server$/, "Bucket and key"],
    [/:aws:(Identity|ObserverRole)$/, "Identities"],
    [/:index:Certificates$/, "Names and certificates"],
    [/:thanos:/, "Thanos"],
    [/:prometheus:/, "Prometheus"],
    [/:aws:/, "Add-ons"],
];

/** Every resource is in exactly one group. What a group says of itself without a resource is there already. */
export function groupsOf(stack: StackPlan): Group[] {
    // The order in which resources are registered may differ from one run to the next.
    const resources = [...stack.resources].sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
    const titles = Object.keys(LINES) as Title[];
    const titled = resources.map((resource) => ({ resource, title: titleOf(resource, resources) }));
    // A component that is left empty says nothing by itself.
    const empty = titles.filter((title) => titled.every((one) => one.title !== title || isComponent(one.resource)));
    return titles.flatMap((title) => {
        const own = titled.filter((one) => (empty.includes(one.title) ? AROUND : one.title) === title).map(({ resource }) => resource);
        const lines = LINES[title](own, resources);
        return own.length + lines.length > 0 ? [{ title, count: own.length, lines }] : [];
    });
}

const AROUND: Title = "Around them";
const isComponent = ({ type }: Resource) => type.startsWith("thanos-fleet:");

function titleOf(resource: Resource, all: Resources): Title {
    if (isLoadBalancer(resource)) return "Names and certificates";
    const own = BY_TYPE.find(([type]) => type.test(resource.type));
    if (own) return own[1];
    for (const type of [resource.type, ...typesAbove(resource, all)]) {
        const found = BY_COMPONENT.find(([component]) => component.test(type));
        if (found) return found[1];
    }
    return AROUND;
}

/** Types of the components around a resource, innermost first. A component may bear the name of the one it is in. */
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
