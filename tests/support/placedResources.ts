import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { ACCOUNT, awsOutputs } from "../../engine/awsPlaceholders";

/** A resource that a piece of program placed on AWS or in Kubernetes. */
export interface Placed {
    /** `NodeGroup nodes-general`. */
    title: string;
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
    /** Name of the explicit provider. */
    provider: string | undefined;
    /** Titles of all that has to exist before it. */
    after: string[];
}

export const REGION = "eu-west-1";
export { ACCOUNT };

/** The role of a part, as a stack would name it. */
export const role = (component: string) => ({
    name: `blue-${component}-0123ab`,
    path: "/thanos-fleet/",
    permissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
});

/** Runs a piece of program against the SDK's in-process monitor, with AWS's part of every answer as the plan has it. */
export async function placedBy(build: () => void, region = REGION): Promise<Placed[]> {
    await pulumi.runtime.setMocks({
        newResource: ({ type, name, inputs }) => {
            const { id, outputs } = awsOutputs(type, name, inputs, region);
            return { id, state: outputs };
        },
        call: ({ token }) => {
            throw new Error(`unexpected call of ${token}`);
        },
    });
    const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
    const placed: Placed[] = [];
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
                after: request.getDependenciesList().map(titleOf),
            });
        return register(request, callback);
    };
    build();
    await pulumi.runtime.disconnect();
    return placed;
}

const kindOf = (type: string) => type.slice(type.lastIndexOf(":") + 1);
const titleOf = (urn: string) => `${kindOf(urn.split("::")[2] ?? "")} ${urn.split("::")[3]}`;

export const titles = (placed: readonly Placed[]) => placed.map(({ title }) => title).sort();

export function find(placed: readonly Placed[], title: string): Placed {
    const found = placed.find((resource) => resource.title === title);
    if (found === undefined) throw new Error(`no ${title} among ${titles(placed).join(", ")}`);
    return found;
}
