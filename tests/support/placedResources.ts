import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { ACCOUNT, awsOutputs } from "../../engine/awsPlaceholders";

/** A resource that a program declares on AWS or in Kubernetes. */
export interface PlacedResource {
    /** Kind and name: `NodeGroup nodes-general`. */
    title: string;
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
    /** Name of the explicit provider. */
    provider: string | undefined;
    /** Titles of the resources that have to exist before this one. */
    dependsOn: string[];
}

export const REGION = "eu-west-1";
export { ACCOUNT };

/** Name, path and boundary of the role of one part of a stack. */
export const role = (component: string) => ({
    name: `blue-${component}-0123ab`,
    path: "/thanos-fleet/",
    permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
});

/** Runs a program against the SDK's in-process monitor, with the plan's placeholders for what only AWS knows. */
export async function placedBy(build: () => void, region = REGION): Promise<PlacedResource[]> {
    const mocks: pulumi.runtime.Mocks = {
        newResource: ({ type, name, inputs }) => {
            const { id, outputs } = awsOutputs(type, name, inputs, region);
            return { id, state: outputs };
        },
        call: ({ token }) => {
            throw new Error(`unexpected call of ${token}`);
        },
    };
    await pulumi.runtime.setMocks(mocks, "thanos-fleet", "blue", true);
    const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
    const placed: PlacedResource[] = [];
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = async (request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) => {
        if (request.getCustom())
            placed.push({
                title: `${kindOf(request.getType())} ${request.getName()}`,
                type: request.getType(),
                name: request.getName(),
                inputs: (request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
                protect: request.getProtect() ?? false,
                retainOnDelete: request.getRetainondelete() ?? false,
                provider: /::([^:]+)::[^:]*$/.exec(request.getProvider())?.[1],
                dependsOn: request.getDependenciesList().map(titleOf),
            });
        return register(request, callback);
    };
    build();
    await pulumi.runtime.disconnect();
    return placed;
}

const kindOf = (type: string) => type.slice(type.lastIndexOf(":") + 1);
const titleOf = (urn: string) => `${kindOf(urn.split("::")[2] ?? "")} ${urn.split("::")[3]}`;

export const titles = (placed: readonly PlacedResource[]) => placed.map(({ title }) => title).sort();

export function resourceTitled(placed: readonly PlacedResource[], title: string): PlacedResource {
    const resource = placed.find((candidate) => candidate.title === title);
    if (resource === undefined) throw new Error(`no ${title} among ${titles(placed).join(", ")}`);
    return resource;
}

/** The value of an output or of an object of outputs, once it is known. */
export const outputValue = <T>(output: pulumi.Input<T>) =>
    new Promise<T>((resolve) => void pulumi.output(output).apply((value) => resolve(value as T)));
