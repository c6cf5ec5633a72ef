import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** A resource that a piece of program declared, and how. */
export interface Declared {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    protect: boolean;
    retainOnDelete: boolean;
    provider: string | undefined;
}

/** Runs a piece of program, a component or two, against the SDK's in-process monitor. An ARN is `<arn of NAME>`, so that what it went into can be compared. */
export async function declaredBy(build: () => void): Promise<Declared[]> {
    await pulumi.runtime.setMocks({
        newResource: ({ type, name, inputs }) => ({
            id: `<id of ${name}>`,
            state: { ...inputs, arn: inputs.arn ?? arnOf(type, name, inputs) },
        }),
        call: ({ token }) => {
            throw new Error(`unexpected call of ${token}`);
        },
    });
    const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
    const declared: Declared[] = [];
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = async (request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) => {
        if (request.getCustom())
            declared.push({
                type: request.getType(),
                name: request.getName(),
                inputs: (request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
                protect: request.getProtect() ?? false,
                retainOnDelete: request.getRetainondelete() ?? false,
                provider: /::([^:]+)::[^:]*$/.exec(request.getProvider())?.[1],
            });
        return register(request, callback);
    };
    build();
    await pulumi.runtime.disconnect();
    return declared;
}

const arnOf = (type: string, name: string, inputs: Record<string, unknown>) =>
    type === "aws:s3/bucket:Bucket" ? `arn:aws:s3:::${inputs.bucket}` : `<arn of ${name}>`;
