import { isKnown, type Known, type ObjectStoreFile, type PodIdentity, type S3Place } from "../model";
import { documentsIn, notKnown, type Process, readYaml, type Surroundings } from "./process";

/** The file of a process that says where blocks are, and who its pods are. */
export function objectStoreIn({ path, component, workload, content }: Process, around: Surroundings): ObjectStoreFile[] {
    const file = content("objstore.config");
    if (file === undefined) return [];
    const identity = around.quietly(() => identityOf(workload.namespace, workload.serviceAccount, around));
    return [{ path, component, ...objectStoreFile(file), identity: identity ?? notKnown("its service account is not known") }];
}

/** What a file about an object store says. */
export function objectStoreFile(content: Known<string>): Pick<ObjectStoreFile, "documents" | "place"> {
    if (!isKnown(content)) return { documents: content, place: content };
    const place = s3PlaceOf(content);
    return { documents: documentsIn(content), ...(place && { place }) };
}

/** Undefined for other stores than S3. */
function s3PlaceOf(content: string): S3Place | undefined {
    interface File {
        readonly type?: unknown;
        readonly prefix?: unknown;
        readonly config?: Readonly<Record<string, unknown>> | null;
    }
    const { type, prefix, config } = (readYaml(content) ?? {}) as File;
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    const bucket = text(config?.bucket);
    if (text(type).toUpperCase() !== "S3" || bucket === "") return undefined;
    return { bucket, prefix: text(prefix).replace(/^\/+|\/+$/g, ""), hasKey: text(config?.access_key) !== "" };
}

/** The service account that pods run as, and the role in its annotation. */
export function identityOf(namespace: string, name: string, { manifests, quietly }: Surroundings): PodIdentity {
    interface Fields {
        readonly metadata?: {
            readonly name?: string;
            readonly namespace?: string;
            readonly annotations?: Readonly<Record<string, string>>;
        };
    }
    const serviceAccount = `${namespace}/${name}`;
    const accounts = manifests
        .filter(({ kind }) => kind === "ServiceAccount")
        .map(({ fields }) => fields as Fields)
        .filter(({ metadata }) => quietly(() => `${metadata?.namespace ?? "default"}/${metadata?.name}`) === serviceAccount);
    if (accounts.length === 0) return { serviceAccount, roleArn: notKnown(`ServiceAccount ${serviceAccount} is not among the manifests`) };
    const arns = accounts.map(({ metadata }) => quietly(() => metadata?.annotations?.[ROLE_ANNOTATION] ?? "") ?? NOT_YET);
    const roleArn = arns.find((arn) => arn !== "");
    return { serviceAccount, ...(roleArn !== undefined && { roleArn }) };
}

const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";
const NOT_YET = notKnown("the role of its service account is not known yet");
