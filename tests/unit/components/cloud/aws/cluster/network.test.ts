import assert from "node:assert/strict";
import fc from "fast-check";
import { Network, subnetCidrs } from "../../../../../../components/cloud/aws/cluster/network";
import { outputValue, placedBy, REGION, resourceTitled } from "../../../../../support/placedResources";

async function createNetwork() {
    let network: Network | undefined;
    const placed = await placedBy(() => {
        network = new Network("eks", { cidr: "10.42.0.0/16", region: REGION, zones: ["a", "c"] });
    });
    return { placed, network: network as Network };
}

describe("a VPC that the stack creates", () => {
    const resources = async () => (await createNetwork()).placed;

    it("gives nodes and the control plane its private subnets, by the letter of their zone", async () => {
        const { network } = await createNetwork();
        const ids = await outputValue(network.subnets);
        assert.deepEqual(ids, { a: "eks-private-a", c: "eks-private-c" });
    });

    it("tags its subnets as private or public for the load balancer controller", async () => {
        const placed = await resources();
        assert.deepEqual(
            ["private", "public"].map((kind) => resourceTitled(placed, `Subnet eks-${kind}-c`).inputs),
            [
                {
                    vpcId: "eks",
                    availabilityZone: "eu-west-1c",
                    cidrBlock: "10.42.64.0/19",
                    tags: { Name: "eks-private-c", "kubernetes.io/role/internal-elb": "1" },
                },
                {
                    vpcId: "eks",
                    availabilityZone: "eu-west-1c",
                    cidrBlock: "10.42.232.0/22",
                    tags: { Name: "eks-public-c", "kubernetes.io/role/elb": "1" },
                },
            ],
        );
    });

    it("routes each zone through a NAT gateway in the same zone", async () => {
        const placed = await resources();
        assert.deepEqual(
            ["a", "c"].map((zone) => [
                resourceTitled(placed, `NatGateway eks-${zone}`).inputs.subnetId,
                resourceTitled(placed, `Route eks-private-${zone}`).inputs,
            ]),
            ["a", "c"].map((zone) => [
                `eks-public-${zone}`,
                { routeTableId: `eks-private-${zone}`, destinationCidrBlock: "0.0.0.0/0", natGatewayId: `eks-${zone}` },
            ]),
        );
    });

    it("removes no routes that others add: no route table lists its routes", async () => {
        const placed = await resources();
        const listed = placed.filter(({ title, inputs }) => title.startsWith("RouteTable ") && "routes" in inputs);
        assert.deepEqual(listed, []);
    });

    it("outputs its id and the private route tables, for a peering connection", async () => {
        const { network } = await createNetwork();
        const { vpcId, privateRouteTableIds: routeTables } = network;
        assert.deepEqual(await outputValue({ vpcId, routeTables }), { vpcId: "eks", routeTables: ["eks-private-a", "eks-private-c"] });
    });

    it("has a route to the internet before its NAT gateways", async () => {
        const { dependsOn } = resourceTitled(await resources(), "NatGateway eks-a");
        assert.deepEqual(
            ["Route eks-public", "RouteTableAssociation eks-public-a"].filter((title) => !dependsOn.includes(title)),
            [],
        );
    });

    it("reaches S3 through a gateway endpoint, which is free", async () => {
        const { inputs } = resourceTitled(await resources(), "VpcEndpoint eks-s3");
        assert.deepEqual(inputs, {
            vpcId: "eks",
            vpcEndpointType: "Gateway",
            serviceName: "com.amazonaws.eu-west-1.s3",
            routeTableIds: ["eks-private-a", "eks-private-c"],
            tags: { Name: "eks-s3" },
        });
    });

    it("has a default security group without rules", async () => {
        const { inputs } = resourceTitled(await resources(), "DefaultSecurityGroup eks");
        assert.deepEqual(Object.keys(inputs).sort(), ["tags", "vpcId"]);
    });
});

describe("the address ranges of subnets", () => {
    it("follow from the letters of the zones", () => {
        assert.deepEqual(
            ["a", "b", "g"].map((zone) => subnetCidrs("10.42.0.0/16", zone)),
            [
                { private: "10.42.0.0/19", public: "10.42.224.0/22" },
                { private: "10.42.32.0/19", public: "10.42.228.0/22" },
                { private: "10.42.192.0/19", public: "10.42.248.0/22" },
            ],
        );
    });

    it("fit into the smallest VPC", () => {
        assert.deepEqual(
            ["a", "c"].map((zone) => subnetCidrs("172.16.48.0/20", zone)),
            [
                { private: "172.16.48.0/23", public: "172.16.62.0/26" },
                { private: "172.16.52.0/23", public: "172.16.62.128/26" },
            ],
        );
    });

    const ZONES = ["a", "b", "c", "d", "e", "f", "g"];
    interface Range {
        first: number;
        last: number;
    }
    const toNumber = (address: string) => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    const toAddress = (number: number) => [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join(".");
    const rangeOf = (cidr: string): Range => {
        const [address = "", prefix] = cidr.split("/");
        const first = toNumber(address);
        return { first, last: first + 2 ** (32 - Number(prefix)) - 1 };
    };
    const rangesIn = (vpcCidr: string, zones: readonly string[]) =>
        zones.flatMap((zone) => Object.values(subnetCidrs(vpcCidr, zone))).map(rangeOf);

    /** A CIDR of a VPC as the configuration allows it: a /16 to /20 whose host bits are zero. */
    const vpcCidrs = fc
        .tuple(fc.integer({ min: 16, max: 20 }), fc.nat({ max: 2 ** 32 - 1 }))
        .map(([prefix, number]) => `${toAddress(number - (number % 2 ** (32 - prefix)))}/${prefix}`);

    it("lie inside the VPC and begin where their prefix allows, for every VPC", () => {
        fc.assert(
            fc.property(vpcCidrs, (vpcCidr) => {
                const vpc = rangeOf(vpcCidr);
                for (const { first, last } of rangesIn(vpcCidr, ZONES)) {
                    assert.ok(first >= vpc.first && last <= vpc.last, `${toAddress(first)}-${toAddress(last)} outside ${vpcCidr}`);
                    assert.equal(first % (last - first + 1), 0);
                }
            }),
        );
    });

    it("never overlap, for every VPC and all zones", () => {
        fc.assert(
            fc.property(vpcCidrs, (vpcCidr) => {
                const ranges = rangesIn(vpcCidr, ZONES).sort((a, b) => a.first - b.first);
                for (const [i, { first }] of ranges.slice(1).entries())
                    assert.ok(first > (ranges[i] as Range).last, `${toAddress(first)} is in two subnets of ${vpcCidr}`);
            }),
        );
    });

    it("do not move when zones are added", async () => {
        const blocksOf = async (zones: readonly string[], cidr: string) => {
            const placed = await placedBy(() => {
                new Network("eks", { cidr, region: REGION, zones });
            });
            return Object.fromEntries(
                placed.filter(({ type }) => type === "aws:ec2/subnet:Subnet").map(({ name, inputs }) => [name, inputs.cidrBlock]),
            );
        };
        await fc.assert(
            fc.asyncProperty(vpcCidrs, fc.shuffledSubarray(ZONES, { minLength: 3 }), async (vpcCidr, zones) => {
                const before = await blocksOf(zones.slice(0, 2), vpcCidr);
                const after = await blocksOf(zones, vpcCidr);
                assert.deepEqual({ ...after, ...before }, after);
            }),
            { numRuns: 3 },
        );
    });
});
