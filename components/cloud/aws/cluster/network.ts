import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { childOptions } from "../../../kubernetes/childOptions";
import type { Subnets } from "./eksAccess";

export interface NetworkArgs {
    /** Addresses of the VPC, a /16 to /20. */
    cidr: string;
    region: string;
    /** Letters of the zones to be in. */
    zones: readonly string[];
}

/** A VPC for one cluster: in each zone a private subnet for nodes, pods and load balancers, and a public one for the way out. */
export class Network extends pulumi.ComponentResource {
    /** The private ones, by the letter of their zone. */
    readonly subnets: Subnets;
    /** With the route tables of the private subnets: what a peering connection needs to know. */
    readonly vpcId: pulumi.Output<string>;
    readonly privateRouteTableIds: pulumi.Output<string>[];

    constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Network", name, {}, opts);
        const here = childOptions(this, opts);
        const tags = (what: string, more: Record<string, string> = {}) => ({ tags: { Name: `${name}-${what}`, ...more } });

        const vpc = new ec2.Vpc(
            name,
            { cidrBlock: args.cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: { Name: name } },
            here,
        );
        const inside = { vpcId: vpc.id };
        // Without a rule: what names no security group of its own reaches nothing.
        new ec2.DefaultSecurityGroup(name, { ...inside, ...tags("closed") }, here);
        const gateway = new ec2.InternetGateway(name, { ...inside, ...tags("internet") }, here);
        // Routes are resources of their own: a table that lists its routes takes away those that others add, of a peering connection for instance.
        const outward = new ec2.RouteTable(`${name}-public`, { ...inside, ...tags("public") }, here);
        const out = new ec2.Route(
            `${name}-public`,
            { routeTableId: outward.id, destinationCidrBlock: ANYWHERE, gatewayId: gateway.id },
            here,
        );

        const zones = args.zones.map((zone) => {
            const availabilityZone = `${args.region}${zone}`;
            const cidrs = subnetCidrs(args.cidr, zone);
            const publicSubnet = new ec2.Subnet(
                `${name}-public-${zone}`,
                { ...inside, availabilityZone, cidrBlock: cidrs.public, ...tags(`public-${zone}`, { "kubernetes.io/role/elb": "1" }) },
                here,
            );
            const routed = new ec2.RouteTableAssociation(
                `${name}-public-${zone}`,
                { subnetId: publicSubnet.id, routeTableId: outward.id },
                here,
            );
            // One a zone: when a zone is lost its pods start in the others, which then have to pull images.
            const address = new ec2.Eip(`${name}-${zone}`, { domain: "vpc", ...tags(`nat-${zone}`) }, here);
            const nat = new ec2.NatGateway(
                `${name}-${zone}`,
                { subnetId: publicSubnet.id, allocationId: address.id, ...tags(zone) },
                pulumi.mergeOptions(here, { dependsOn: [routed, out] }),
            );

            // The load balancer controller looks for subnets by these tags (its docs, "Subnet auto-discovery").
            const subnet = new ec2.Subnet(
                `${name}-private-${zone}`,
                {
                    ...inside,
                    availabilityZone,
                    cidrBlock: cidrs.private,
                    ...tags(`private-${zone}`, { "kubernetes.io/role/internal-elb": "1" }),
                },
                here,
            );
            const routes = new ec2.RouteTable(`${name}-private-${zone}`, { ...inside, ...tags(`private-${zone}`) }, here);
            new ec2.Route(
                `${name}-private-${zone}`,
                { routeTableId: routes.id, destinationCidrBlock: ANYWHERE, natGatewayId: nat.id },
                here,
            );
            new ec2.RouteTableAssociation(`${name}-private-${zone}`, { subnetId: subnet.id, routeTableId: routes.id }, here);
            return { zone, subnet, routes };
        });

        this.vpcId = vpc.id;
        this.subnets = Object.fromEntries(zones.map(({ zone, subnet }) => [zone, subnet.id]));
        this.privateRouteTableIds = zones.map(({ routes }) => routes.id);

        // Blocks go straight to S3: through a NAT gateway every byte of them would be paid for.
        new ec2.VpcEndpoint(
            `${name}-s3`,
            {
                ...inside,
                vpcEndpointType: "Gateway",
                serviceName: `com.amazonaws.${args.region}.s3`,
                routeTableIds: this.privateRouteTableIds,
                ...tags("s3"),
            },
            here,
        );
        this.registerOutputs({ vpcId: vpc.id });
    }
}

const ANYWHERE = "0.0.0.0/0";

/** No region has more than seven zones. */
const ZONES = "abcdefg";

/**
 * A VPC is cut into eight: zone by zone a private subnet, and the last eighth again into eight, for the public ones. A zone's place follows from its letter,
 * so that no subnet moves when a zone comes or goes. Pure.
 */
export function subnetCidrs(vpc: string, zone: string): { private: string; public: string } {
    const place = ZONES.indexOf(zone);
    return { private: eighth(vpc, place), public: eighth(eighth(vpc, 7), place) };
}

function eighth(cidr: string, place: number): string {
    const [address = "", length] = cidr.split("/");
    const prefix = Number(length) + 3;
    const first = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0) + place * 2 ** (32 - prefix);
    return `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join(".")}/${prefix}`;
}
