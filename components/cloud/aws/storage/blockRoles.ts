import * as pulumi from "@pulumi/pulumi";
import { ACCESS, type Grant, type Granted } from "../../../blocks/access";
import type { ObjectStore } from "../../../blocks/objectStore";
import { childOptions } from "../../../kubernetes/childOptions";
import { type PodIdentitySource, podRole } from "../iam/podRole";
import { type RoleArgs, roleWithPolicy } from "../iam/role";
import { assumeStatements, prefixStatements, roleTrust } from "../iam/statements";

/** ARNs of a bucket and of its key. */
type EncryptedStore = NonNullable<ObjectStore["iam"]>;

export interface IdentityArgs extends Omit<Grant, "store"> {
    /** The bucket of the stream, and its key. */
    store: EncryptedStore;
    /** The folder of the stream's blocks in the bucket. */
    prefix: string;
    /** Name, path and permissions boundary of the role. */
    role: RoleArgs;
    /** How the cluster's pods get credentials. */
    podIdentity: PodIdentitySource;
}

/**
 * The IAM role of one service account: with the rights of one component on one stream, or with the right to assume the role that has them.
 */
export class Identity extends pulumi.ComponentResource {
    readonly granted: Granted;

    constructor(name: string, args: IdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:Identity", name, {}, opts);
        const { assume, component, prefix, store } = args;
        const { role, annotations, ready } = podRole(
            name,
            { ...args, rights: assume === undefined ? prefixRights(component, prefix, store) : assumeStatements(assume) },
            childOptions(this, opts),
        );
        this.granted = { annotations, ready };
        this.registerOutputs({ roleArn: role.arn });
    }
}

export interface ObserverRoleArgs {
    /** Name, path and permissions boundary of the role. */
    role: RoleArgs;
    /** ARN of the one role that may assume this one. It need not exist yet. */
    assumedBy: string;
    /** The bucket of the stream, and its key. */
    store: EncryptedStore;
    /** The folder that the role writes to. */
    prefix: string;
}

/** A role of the observer's account through which a cluster of another account uploads its blocks. */
export class ObserverRole extends pulumi.ComponentResource {
    readonly arn: pulumi.Output<string>;

    constructor(name: string, args: ObserverRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        super("thanos-fleet:aws:ObserverRole", name, {}, opts);
        const { role } = roleWithPolicy(
            name,
            args.role,
            { trust: roleTrust(args.assumedBy), rights: prefixRights("prometheus", args.prefix, args.store) },
            childOptions(this, opts),
        );
        this.arn = role.arn;
        this.registerOutputs({ roleArn: role.arn });
    }
}

const prefixRights = (component: Grant["component"], prefix: string, store: EncryptedStore) =>
    pulumi.output(store).apply((arns) => prefixStatements({ ...arns, access: ACCESS[component], prefix }));
