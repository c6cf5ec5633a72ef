import { getInstanceType } from "@pulumi/aws/ec2";
import type * as pulumi from "@pulumi/pulumi";
import { type Lookup, lookUp } from "./awsLookup";

/** What EC2 says of an instance type. */
export interface InstanceType {
    /** Virtual CPUs. */
    cpus: number;
    /** MiB. */
    memory: number;
    /** Network interfaces, each with so many IPv4 addresses. */
    interfaces: number;
    addresses: number;
}

/**
 * The sizes of the default family (EC2 user guide; amazon-eks-ami, instance-info.jsonl). A plan without an account knows these, and a refusal proposes
 * them; `preview` and `up` ask EC2.
 */
export const M7G: Record<string, InstanceType> = {
    "m7g.large": { cpus: 2, memory: 8192, interfaces: 3, addresses: 10 },
    "m7g.xlarge": { cpus: 4, memory: 16384, interfaces: 4, addresses: 15 },
    "m7g.2xlarge": { cpus: 8, memory: 32768, interfaces: 4, addresses: 15 },
    "m7g.4xlarge": { cpus: 16, memory: 65536, interfaces: 8, addresses: 30 },
    "m7g.8xlarge": { cpus: 32, memory: 131072, interfaces: 8, addresses: 30 },
};

export const findInstanceType = (instanceType: string, provider: pulumi.ProviderResource): Promise<Lookup<InstanceType>> =>
    lookUp(
        getInstanceType({ instanceType }, { provider }).then((found) => ({
            cpus: found.defaultVcpus,
            memory: found.memorySize,
            interfaces: found.maximumNetworkInterfaces,
            addresses: found.maximumIpv4AddressesPerInterface,
        })),
    );
