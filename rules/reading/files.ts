import type { NotKnown } from "../model";
import type { Manifest } from "./manifest";

/** Where the text of a file or of an environment variable comes from: a key of an object; of docker-compose, a file, or a folder and what is below it. */
export interface Origin {
    readonly kind: "ConfigMap" | "Secret" | "File";
    /** Empty for a file. */
    readonly namespace: string;
    readonly name: string;
    readonly key: string;
}

interface Fields {
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
    readonly data?: Readonly<Record<string, string>>;
    readonly stringData?: Readonly<Record<string, string>>;
}

/** `Secret monitoring/objstore (objstore.yml)`; `File ./bucket.yml`. */
export const originText = ({ kind, namespace, name, key }: Origin) =>
    kind === "File" ? `${kind} ${pathOf({ name, key })}` : `${kind} ${namespace}/${name} (${key})`;

const pathOf = ({ name, key }: Pick<Origin, "name" | "key">) => [name, key].filter((part) => part !== "").join("/");

/** Reads ConfigMaps and Secrets that are among the manifests, and files that docker-compose mounts. */
export class Files {
    private readonly objects = new Map<string, Fields>();

    constructor(
        manifests: readonly Manifest[],
        private readonly isUnknown: (error: unknown) => boolean,
        private readonly fileAt: (path: string) => string | undefined,
    ) {
        for (const { apiVersion, kind, fields } of manifests)
            if ((kind === "ConfigMap" || kind === "Secret") && (apiVersion === "v1" || apiVersion === "core/v1"))
                // One whose name is not known yet is another one: whoever mounts it does not know its name either.
                this.known(() => {
                    const { metadata } = fields as Fields;
                    this.objects.set(keyOf(kind, metadata?.namespace ?? "default", metadata?.name ?? ""), fields as Fields);
                });
    }

    /** The text; or why it is not known. Content that is unknown before an update throws where the caller wants the engine to say so. */
    text(origin: Origin, unknownContent: "throw" | "not known" = "not known"): string | NotKnown {
        if (origin.kind === "File") return this.fileAt(pathOf(origin)) ?? { notKnown: `${originText(origin)} is not read` };
        const object = this.objects.get(keyOf(origin.kind, origin.namespace, origin.name));
        if (object === undefined) return { notKnown: `${originText(origin)} is not among the manifests` };
        const read = () => content(object, origin);
        const text = unknownContent === "throw" ? read() : this.known(read);
        return text ?? { notKnown: `${originText(origin)} is not known yet` };
    }

    private known<T>(read: () => T): T | undefined {
        try {
            return read();
        } catch (error) {
            if (this.isUnknown(error)) return undefined;
            throw error;
        }
    }
}

const keyOf = (kind: string, namespace: string, name: string) => `${kind} ${namespace}/${name}`;

function content({ data, stringData }: Fields, { kind, key }: Origin): string | undefined {
    if (kind === "ConfigMap") return data?.[key];
    const encoded = data?.[key];
    return stringData?.[key] ?? (encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8"));
}
