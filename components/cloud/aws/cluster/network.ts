import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import type { Subnets } from "./eksAccess";

export interface NetworkArgs {
    /** Address range of the VPC, a /16 to /20. */
    cidr: string;
    /** AWS region of the VPC. */
    region: string;
    /** Letters of the availability zones: `["a", "b"]`. */
    zones: readonly string[];
}

/** A VPC for one cluster: in each zone a private subnet for nodes, pods and load balancers, and a public one for the zone's NAT gateway. */
export class Network extends pulumi.ComponentResource {
    /** Ids of the private subnets, by the letter of their zone. */
    readonly subnets: Subnets;
    /** Whoever peers with the VPC needs its id, and the route tables of the private subnets. */
    readonly vpcId: pulumi.Output<string>;
    readonly privateRouteTableIds: pulumi.Output<string>[];

    constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Network", name, {}, opts);
        const childOpts = childOptions(this, opts);

        const vpcId = createVpc(name, args.cidr, childOpts).id;
        closeDefaultSecurityGroup(name, vpcId, childOpts);
        const internet = createInternetRoute(name, vpcId, childOpts);
        const zones = args.zones.map((letter) => {
            const zone: Zone = { letter, name: `${args.region}${letter}`, cidrs: subnetCidrs(args.cidr, letter) };
            const nat = createPublicSubnet(name, vpcId, zone, internet, childOpts);
            return { letter, ...createPrivateSubnet(name, vpcId, zone, nat, childOpts) };
        });
        const routeTableIds = zones.map(({ routeTable }) => routeTable.id);
        createS3Endpoint(name, vpcId, args.region, routeTableIds, childOpts);

        this.vpcId = vpcId;
        this.subnets = Object.fromEntries(zones.map(({ letter, subnet }) => [letter, subnet.id]));
        this.privateRouteTableIds = routeTableIds;
        this.registerOutputs({ vpcId });
    }
}

type VpcId = pulumi.Output<string>;

interface Zone {
    /** `a` */
    letter: string;
    /** `eu-west-1a` */
    name: string;
    cidrs: ZoneCidrs;
}

interface InternetRoute {
    /** The public subnets' route table. */
    routeTable: ec2.RouteTable;
    /** The route to the internet gateway. */
    route: ec2.Route;
}

const ANYWHERE = "0.0.0.0/0";

const named = (name: string, what: string, tags: Record<string, string> = {}) => ({ tags: { Name: `${name}-${what}`, ...tags } });

const createVpc = (name: string, cidrBlock: string, opts: pulumi.CustomResourceOptions) =>
    new ec2.Vpc(name, { cidrBlock, enableDnsSupport: true, enableDnsHostnames: true, tags: { Name: name } }, opts);

/** A default security group without rules: a resource that names no security group of its own reaches nothing. */
const closeDefaultSecurityGroup = (name: string, vpcId: VpcId, opts: pulumi.CustomResourceOptions) =>
    new ec2.DefaultSecurityGroup(name, { vpcId, ...named(name, "closed") }, opts);

/**
 * Routes are resources of their own: a route table that lists its routes removes those that others add, of a peering connection for
 * instance.
 */
function createInternetRoute(name: string, vpcId: VpcId, opts: pulumi.CustomResourceOptions): InternetRoute {
    const gateway = new ec2.InternetGateway(name, { vpcId, ...named(name, "internet") }, opts);
    const routeTable = new ec2.RouteTable(`${name}-public`, { vpcId, ...named(name, "public") }, opts);
    const route = new ec2.Route(
        `${name}-public`,
        { routeTableId: routeTable.id, destinationCidrBlock: ANYWHERE, gatewayId: gateway.id },
        opts,
    );
    return { routeTable, route };
}

/**
 * The public subnet of a zone, with a NAT gateway in it. One per zone: when a zone is lost, its pods start in the others and have to pull
 * images there.
 */
function createPublicSubnet(
    name: string,
    vpcId: VpcId,
    zone: Zone,
    internet: InternetRoute,
    opts: pulumi.CustomResourceOptions,
): ec2.NatGateway {
    const what = `public-${zone.letter}`;
    const subnet = new ec2.Subnet(
        `${name}-${what}`,
        {
            vpcId,
            availabilityZone: zone.name,
            cidrBlock: zone.cidrs.public,
            // The load balancer controller finds subnets by this tag and the one on private subnets (its docs, "Subnet auto-discovery").
            ...named(name, what, { "kubernetes.io/role/elb": "1" }),
        },
        opts,
    );
    const association = new ec2.RouteTableAssociation(
        `${name}-${what}`,
        { subnetId: subnet.id, routeTableId: internet.routeTable.id },
        opts,
    );
    const address = new ec2.Eip(`${name}-${zone.letter}`, { domain: "vpc", ...named(name, `nat-${zone.letter}`) }, opts);
    return new ec2.NatGateway(
        `${name}-${zone.letter}`,
        { subnetId: subnet.id, allocationId: address.id, ...named(name, zone.letter) },
        pulumi.mergeOptions(opts, { dependsOn: [association, internet.route] }),
    );
}

/** The private subnet of a zone, with a route to the zone's NAT gateway. */
function createPrivateSubnet(name: string, vpcId: VpcId, zone: Zone, nat: ec2.NatGateway, opts: pulumi.CustomResourceOptions) {
    const what = `private-${zone.letter}`;
    const subnet = new ec2.Subnet(
        `${name}-${what}`,
        {
            vpcId,
            availabilityZone: zone.name,
            cidrBlock: zone.cidrs.private,
            ...named(name, what, { "kubernetes.io/role/internal-elb": "1" }),
        },
        opts,
    );
    const routeTable = new ec2.RouteTable(`${name}-${what}`, { vpcId, ...named(name, what) }, opts);
    new ec2.Route(`${name}-${what}`, { routeTableId: routeTable.id, destinationCidrBlock: ANYWHERE, natGatewayId: nat.id }, opts);
    new ec2.RouteTableAssociation(`${name}-${what}`, { subnetId: subnet.id, routeTableId: routeTable.id }, opts);
    return { subnet, routeTable };
}

/** Blocks go straight to S3: a NAT gateway charges for every byte. */
const createS3Endpoint = (
    name: string,
    vpcId: VpcId,
    region: string,
    routeTableIds: pulumi.Output<string>[],
    opts: pulumi.CustomResourceOptions,
) =>
    new ec2.VpcEndpoint(
        `${name}-s3`,
        { vpcId, vpcEndpointType: "Gateway", serviceName: `com.amazonaws.${region}.s3`, routeTableIds, ...named(name, "s3") },
        opts,
    );

/** No region has more than seven zones. */
const ZONES = "abcdefg";

interface ZoneCidrs {
    private: string;
    public: string;
}

/**
 * Address ranges of one zone's subnets. The VPC is divided into eight: one eighth for each zone's private subnet, and the last again into
 * eight for the public subnets. The place follows from the zone's letter, so that no subnet moves when a zone is added or removed.
 */
export function subnetCidrs(vpcCidr: string, zone: string): ZoneCidrs {
    const index = ZONES.indexOf(zone);
    return { private: eighth(vpcCidr, index), public: eighth(eighth(vpcCidr, ZONES.length), index) };
}

function eighth(cidr: string, index: number): string {
    const [address = "", length] = cidr.split("/");
    const prefix = Number(length) + 3;
    const first = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0) + index * 2 ** (32 - prefix);
    return `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join(".")}/${prefix}`;
}
