import { parseDuration } from "../duration";
import type { LifecycleRule } from "../model";
import type { Manifest } from "./manifest";
import { notKnown, type Surroundings } from "./process";

interface Expiration {
    readonly days?: number;
    readonly date?: string;
}

/** A rule as S3's API has it, which ACK and Pulumi's BucketLifecycleConfiguration follow; `enabled`, `tags` and `expirations` are those of Pulumi's older buckets. */
interface RuleFields {
    readonly status?: string;
    readonly enabled?: boolean;
    readonly prefix?: string;
    readonly tags?: object;
    readonly filter?: {
        readonly prefix?: string;
        readonly tag?: object;
        readonly and?: { readonly prefix?: string; readonly tags?: object };
    };
    readonly expiration?: Expiration;
    readonly expirations?: readonly Expiration[];
    readonly transitions?: readonly { readonly storageClass?: string }[];
}

interface Lifecycle {
    readonly bucket: string | undefined;
    readonly rules: readonly RuleFields[];
    /** The field with the rules. */
    readonly field: string;
}

interface BucketFields {
    readonly bucket?: string;
    readonly rules?: readonly RuleFields[];
    readonly lifecycleRules?: readonly RuleFields[];
    readonly spec?: { readonly name?: string; readonly lifecycle?: { readonly rules?: readonly RuleFields[] } };
}

/** Kinds with a lifecycle: ACK's, and those of Pulumi's AWS provider of version 6 and 7. */
const LIFECYCLES: Readonly<Record<string, (fields: BucketFields, quietly: Surroundings["quietly"]) => Lifecycle>> = {
    "s3.services.k8s.aws/v1alpha1 Bucket": ({ spec }, quietly) => ({
        bucket: quietly(() => spec?.name),
        rules: spec?.lifecycle?.rules ?? [],
        field: "lifecycle.rules",
    }),
    "aws:s3 BucketLifecycleConfiguration": configuration,
    "aws:s3 BucketLifecycleConfigurationV2": configuration,
    "aws:s3 Bucket": inline,
    "aws:s3 BucketV2": inline,
};

function configuration(fields: BucketFields, quietly: Surroundings["quietly"]): Lifecycle {
    return { bucket: quietly(() => fields.bucket), rules: fields.rules ?? [], field: "rules" };
}

function inline(fields: BucketFields, quietly: Surroundings["quietly"]): Lifecycle {
    return { bucket: quietly(() => fields.bucket), rules: fields.lifecycleRules ?? [], field: "lifecycleRules" };
}

/** Storage classes whose objects have to be restored before they can be read. GLACIER_IR is none. */
const ARCHIVES = ["GLACIER", "DEEP_ARCHIVE"];

/** The rules of a bucket's lifecycle that delete or archive current objects. One that is unknown before the update is read in the update. */
export function lifecyclesOf({ apiVersion, kind, fields }: Manifest, path: string, { quietly }: Surroundings): LifecycleRule[] {
    const read = LIFECYCLES[`${apiVersion} ${kind}`];
    if (read === undefined) return [];
    const found = quietly(() => read(fields as BucketFields, quietly));
    return (found?.rules ?? []).flatMap((rule, i) => {
        const acts = quietly(() => actions(rule));
        const bucket = found?.bucket ?? notKnown("the name of its bucket is not known");
        return acts === undefined ? [] : [{ path: `${path}.${found?.field}[${i}]`, bucket, ...acts }];
    });
}

/** Undefined where it does nothing to a block. Objects of Thanos have no tags. */
function actions({ status, enabled, tags, filter, ...rule }: RuleFields): Omit<LifecycleRule, "path" | "bucket"> | undefined {
    if (status === "Disabled" || enabled === false) return undefined;
    if (hasKeys(tags) || filter?.tag !== undefined || hasKeys(filter?.and?.tags)) return undefined;
    const [expiration] = [rule.expiration ?? [], rule.expirations ?? []].flat();
    const archives = rule.transitions?.find(({ storageClass = "" }) => ARCHIVES.includes(storageClass))?.storageClass;
    const expires = expiration?.days ? `${expiration.days}d` : expiration?.date ? "0" : undefined;
    if (expires === undefined && archives === undefined) return undefined;
    return {
        prefix: filter?.prefix ?? filter?.and?.prefix ?? rule.prefix ?? "",
        ...(expires !== undefined && { expires: parseDuration(expires) }),
        ...(archives !== undefined && { archives }),
    };
}

const hasKeys = (value: object = {}) => Object.keys(value).length > 0;
