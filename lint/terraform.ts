import { dirname, join } from "node:path";
import { parse } from "yaml";
import { isMap } from "../rules/isMap";
import type { Manifest } from "../rules/reading/manifest";
import { UncomputedError } from "../rules/reading/notKnown";
import type { SourceDocument } from "./documents";
import { releaseOf } from "./helm";
import { objectsOf, type SourceObject } from "./objects";

type Attributes = Record<string, unknown>;
type Keys = readonly (string | number)[];
type FileAt = (path: string) => string | undefined;

/** A resource, a data source or a module. */
interface Block {
    readonly type: string;
    readonly name: string;
    readonly attributes: Attributes;
    readonly source: SourceDocument;
    readonly keys: Keys;
}

/** Blocks that may refer to each other: those of the files in one folder, or of one module of a plan. */
interface Module {
    readonly resources: Block[];
    readonly data: Block[];
    readonly calls: Block[];
    readonly locals: Attributes;
}

const HCL = /\.tf$/;
const CONFIGURATION = /\.tf(\.json)?$/;

/** Whether a document is a configuration of Terraform or OpenTofu, a plan or a state (`terraform show -json`). */
export const isTerraform = ({ file }: SourceDocument, value: unknown): value is Attributes =>
    isMap(value) && (CONFIGURATION.test(file) || (typeof value.format_version === "string" && rootOf(value) !== undefined));

const at = (value: unknown, ...keys: Keys): unknown =>
    keys.reduce<unknown>((inner, key) => (isMap(inner) || Array.isArray(inner) ? (inner as Attributes)[key] : undefined), value);

const mapAt = (value: unknown, ...keys: Keys): Attributes => {
    const found = at(value, ...keys);
    return isMap(found) ? found : {};
};

const listAt = (value: unknown, ...keys: Keys): readonly unknown[] => {
    const found = at(value, ...keys);
    return Array.isArray(found) ? found : found === undefined || found === null ? [] : [found];
};

const textAt = (value: unknown, ...keys: Keys): string | undefined => {
    const found = at(value, ...keys);
    return typeof found === "string" ? found : undefined;
};

/** The objects that configurations and plans describe, as rules read them. `fileAt` reads what `file()` names. */
export function terraformObjects(
    documents: readonly { readonly source: SourceDocument; readonly value: Attributes }[],
    fileAt: FileAt,
): SourceObject[] {
    const folders = new Map<string, Module>();
    const planned: { readonly folder: string; readonly module: Module }[] = [];
    for (const { source, value } of documents) {
        const folder = dirname(source.file);
        if (CONFIGURATION.test(source.file)) {
            const module = folders.get(folder) ?? emptyModule();
            folders.set(folder, module);
            addConfiguration(module, source, value);
        } else planned.push(...modulesOf(source, value).map((module) => ({ folder, module })));
    }
    const written = [...folders].map(([folder, module]) => ({ folder, module }));
    return [...written, ...planned].flatMap(({ folder, module }) => moduleObjects(module, folder, fileAt));
}

const emptyModule = (): Module => ({ resources: [], data: [], calls: [], locals: {} });

/** A configuration in Terraform's JSON syntax, in which a block may be a list of one. */
function addConfiguration(module: Module, source: SourceDocument, value: Attributes): void {
    const typed = (key: string): Block[] =>
        Object.entries(mapAt(value, key)).flatMap(([type, named]) =>
            Object.entries(isMap(named) ? named : {}).map(([name, block]) => blockOf(source, [key, type, name], type, name, block)),
        );
    module.resources.push(...typed("resource"));
    module.data.push(...typed("data"));
    for (const [name, block] of Object.entries(mapAt(value, "module")))
        module.calls.push(blockOf(source, ["module", name], "module", name, block));
    for (const locals of listAt(value, "locals")) Object.assign(module.locals, locals);
}

const blockOf = (source: SourceDocument, keys: Keys, type: string, name: string, block: unknown): Block => ({
    ...{ type, name, source, keys },
    attributes: mapAt([block].flat(), 0),
});

const rootOf = (value: Attributes) => ["planned_values", "values"].find((key) => isMap(at(value, key, "root_module")));

/** The modules of a plan or a state. What is known after the update only is an expression in them. */
function modulesOf(source: SourceDocument, value: Attributes): Module[] {
    const root = rootOf(value) ?? "";
    const unknown = new Map(
        listAt(value, "resource_changes").map((change) => [textAt(change, "address"), at(change, "change", "after_unknown")]),
    );
    const walk = (module: unknown, configuration: unknown, keys: Keys): Module[] => {
        const blocks = listAt(module, "resources").map((resource, i) => {
            const [type = "", name = "", address] = [textAt(resource, "type"), textAt(resource, "name"), textAt(resource, "address")];
            const written = listAt(configuration, "resources").find((one) => at(one, "type") === type && at(one, "name") === name);
            const attributes = mapAt(withUnknown(at(resource, "values"), unknown.get(address)));
            const references = REFERRING.flatMap((key) => {
                const reference = attributes[key] === UNKNOWN ? textAt(written, "expressions", key, "references", 0) : undefined;
                return reference === undefined ? [] : [[key, `\${${reference}}`] as const];
            });
            return {
                isData: at(resource, "mode") === "data",
                block: {
                    ...{ type, name, source, keys: [...keys, "resources", i, "values"] },
                    attributes: { ...attributes, ...Object.fromEntries(references) },
                },
            };
        });
        const children = listAt(module, "child_modules").flatMap((child, i) => {
            const call = textAt(child, "address")?.split(".").at(-1)?.replace(/\[.*/, "") ?? "";
            return walk(child, at(configuration, "module_calls", call, "module"), [...keys, "child_modules", i]);
        });
        const of = (wanted: boolean) => blocks.filter(({ isData }) => isData === wanted).map(({ block }) => block);
        return [{ ...emptyModule(), resources: of(false), data: of(true) }, ...children];
    };
    return walk(at(value, root, "root_module"), at(value, "configuration", "root_module"), [root, "root_module"]);
}

const UNKNOWN = `\${known after apply}`;
/** Attributes that are the name of another resource, and nothing else. */
const REFERRING = ["bucket", "role", "policy_arn", "role_arn"];

function withUnknown(value: unknown, unknown: unknown): unknown {
    if (unknown === true) return UNKNOWN;
    if (Array.isArray(unknown)) return (Array.isArray(value) ? value : unknown).map((_, i) => withUnknown(at(value, i), unknown[i]));
    if (!isMap(unknown)) return value;
    return {
        ...mapAt(value),
        ...Object.fromEntries(Object.entries(unknown).map(([key, mark]) => [key, withUnknown(at(value, key), mark)])),
    };
}

function moduleObjects(module: Module, folder: string, fileAt: FileAt): SourceObject[] {
    const evaluate = evaluatorOf(module, folder, fileAt);
    return [
        ...module.resources.flatMap((block) => resourceObjects({ ...block, attributes: evaluate(block.attributes) as Attributes })),
        ...module.calls
            .filter(isAboutThanos)
            .map((block) =>
                objectOf(
                    block,
                    { apiVersion: "terraform", kind: "module", name: block.name, fields: {} },
                    "a module: lint the plan (`terraform show -json`)",
                ),
            ),
    ];
}

const isAboutThanos = ({ attributes }: Block) => /thanos|kube-prometheus/i.test(JSON.stringify(attributes));

/** Replaces expressions that are known, and leaves the others as they are. */
function evaluatorOf(module: Module, folder: string, fileAt: FileAt): (value: unknown) => unknown {
    const find = (blocks: readonly Block[], type: string, name: string) =>
        blocks.find((block) => block.type === type && block.name === name)?.attributes;
    /** A local may refer to itself through others. */
    const evaluate = (value: unknown, depth = 0): unknown => {
        if (typeof value === "string" && depth < DEEPEST) return textOf(value, depth + 1);
        if (Array.isArray(value)) return value.map((one) => evaluate(one, depth));
        return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, evaluate(one, depth)])) : value;
    };
    const textOf = (text: string, depth: number): unknown => {
        const [, file] = /^\$\{(?:templatefile|file)\("([^"]+)".*\)\}$/s.exec(text) ?? [];
        if (file !== undefined) {
            const content = fileAt(join(folder, file.replace(/^\$\{path\.module\}\//, "")));
            return content === undefined ? text : evaluate(content, depth);
        }
        const [, whole] = /^\$\{([^{}"]+)\}$/.exec(text) ?? [];
        if (whole !== undefined) return known(whole.trim(), depth) ?? text;
        return text.replace(/\$\{([^{}"]+)\}/g, (expression, inner: string) => {
            const found = known(inner.trim(), depth);
            return typeof found === "string" ? found : expression;
        });
    };
    let left = MOST_REFERENCES;
    const known = (expression: string, depth: number): unknown => {
        if (--left < 0) return undefined;
        const [, local] = /^local\.([\w-]+)$/.exec(expression) ?? [];
        if (local !== undefined) return at(module.locals, local) === undefined ? undefined : evaluate(module.locals[local], depth);
        const [, data, type = "", name = "", path = ""] = /^(data\.)?(\w+)\.([\w-]+)(?:\[0\])?((?:\.\w+|\[0\])*)$/.exec(expression) ?? [];
        const attributes = find(data === undefined ? module.resources : module.data, type, name);
        if (attributes === undefined) return undefined;
        if (type === "aws_iam_policy_document" && path === ".json")
            return JSON.stringify(policyOf(evaluate(attributes, depth) as Attributes));
        const found = attributeOf(type, attributes, path);
        return found === undefined || found === UNKNOWN ? undefined : evaluate(found, depth);
    };
    return (value) => evaluate(value);
}

const DEEPEST = 8;
/** Locals may refer to others many times each, so that their values grow without end. */
const MOST_REFERENCES = 100_000;

/** `bucket`, `arn`, `metadata[0].name` of a resource. What AWS makes of a name is made alike. */
function attributeOf(type: string, attributes: Attributes, path: string): string | undefined {
    const keys = [...path.matchAll(/\w+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
    const written = textAt(attributes, ...keys);
    if (written !== undefined && written !== UNKNOWN) return written;
    const name = textAt(attributes, type === "aws_s3_bucket" ? "bucket" : "name");
    if (path === ".id") return /^aws_(s3_bucket|iam_role)$/.test(type) ? name : textAt(attributes, "metadata", 0, "name");
    const prefix = path === ".arn" ? ARNS[type] : undefined;
    return prefix === undefined || name === undefined ? undefined : prefix + name;
}

/** The account is no matter: rules compare the names. */
const ARNS: Readonly<Record<string, string>> = {
    aws_s3_bucket: "arn:aws:s3:::",
    aws_iam_role: "arn:aws:iam::000000000000:role/",
    aws_iam_policy: "arn:aws:iam::000000000000:policy/",
};

/** The policy that a data source `aws_iam_policy_document` renders. */
function policyOf(document: Attributes): object {
    const statements = listAt(document, "statement").map((statement) => {
        const principals = listAt(statement, "principals").map((one) => [textAt(one, "type") ?? "", at(one, "identifiers")] as const);
        const conditions = new Map<string, Attributes>();
        for (const one of listAt(statement, "condition")) {
            const test = textAt(one, "test") ?? "";
            conditions.set(test, { ...conditions.get(test), [textAt(one, "variable") ?? ""]: at(one, "values") });
        }
        return {
            Effect: textAt(statement, "effect") ?? "Allow",
            Action: at(statement, "actions"),
            NotAction: at(statement, "not_actions"),
            Resource: at(statement, "resources"),
            ...(principals.length > 0 && { Principal: Object.fromEntries(principals) }),
            ...(conditions.size > 0 && { Condition: Object.fromEntries(conditions) }),
        };
    });
    return { Statement: statements };
}

type Described = Pick<Manifest, "apiVersion" | "kind" | "fields">;

/** Resources of AWS as Pulumi's provider has them, which is made of Terraform's. */
const AWS: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
    aws_s3_bucket: ["aws:s3", "Bucket"],
    aws_s3_bucket_lifecycle_configuration: ["aws:s3", "BucketLifecycleConfiguration"],
    aws_iam_role: ["aws:iam", "Role"],
    aws_iam_role_policy: ["aws:iam", "RolePolicy"],
    aws_iam_role_policy_attachment: ["aws:iam", "RolePolicyAttachment"],
    aws_iam_policy: ["aws:iam", "Policy"],
    aws_eks_pod_identity_association: ["aws:eks", "PodIdentityAssociation"],
};

/** Resources of the provider of Kubernetes. Each may end with `_v1`. */
const KUBERNETES: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
    kubernetes_deployment: ["apps/v1", "Deployment"],
    kubernetes_stateful_set: ["apps/v1", "StatefulSet"],
    kubernetes_daemonset: ["apps/v1", "DaemonSet"],
    kubernetes_daemon_set: ["apps/v1", "DaemonSet"],
    kubernetes_cron_job: ["batch/v1", "CronJob"],
    kubernetes_job: ["batch/v1", "Job"],
    kubernetes_service: ["v1", "Service"],
    kubernetes_service_account: ["v1", "ServiceAccount"],
    kubernetes_config_map: ["v1", "ConfigMap"],
    kubernetes_secret: ["v1", "Secret"],
};

function resourceObjects(block: Block): SourceObject[] {
    const { type, name, attributes } = block;
    const described = ofAws(block) ?? ofKubernetes(block);
    if (described !== undefined) return [objectOf(block, { ...described, name })];
    if (type === "helm_release") {
        const asked = { apiVersion: "terraform", kind: type, name, id: "", fields: attributes };
        const { release, passedOver } = releaseOf(asked) ?? {};
        if (release === undefined) return passedOver === undefined ? [] : [objectOf(block, asked, passedOver)];
        const { fields } = release.manifest;
        return [objectOf(block, { ...release.manifest, fields: { ...fields, values: computed(fields.values) } }, passedOver)];
    }
    if (type !== "kubernetes_manifest" && type !== "kubectl_manifest") return [];
    const value = type === "kubernetes_manifest" ? attributes.manifest : yaml(attributes.yaml_body);
    return objectsOf(block.source, value).map(({ manifest, passedOver }) =>
        objectOf(block, { ...manifest, fields: withComputed(manifest.fields) }, passedOver),
    );
}

function ofAws({ type, attributes }: Block): Described | undefined {
    const [apiVersion, kind] = AWS[type] ?? [];
    if (apiVersion === undefined || kind === undefined) return undefined;
    const fields = withComputed(inCamelCase(attributes) as Attributes);
    const arn = attributeOf(type, attributes, ".arn");
    return {
        apiVersion,
        kind,
        fields: arn === undefined ? fields : Object.defineProperties(fields, { arn: { value: arn, enumerable: true } }),
    };
}

function ofKubernetes({ type, attributes }: Block): Described | undefined {
    const [apiVersion, kind] = KUBERNETES[type.replace(/_v1$/, "")] ?? [];
    if (apiVersion === undefined || kind === undefined) return undefined;
    const { data, ...fields } = inCamelCase(attributes) as Attributes;
    // The provider encodes what it is given.
    const content = data === undefined ? {} : { [kind === "Secret" ? "stringData" : "data"]: data };
    return { apiVersion, kind, fields: withComputed({ ...fields, ...content }) };
}

/** Names stay as they are written: the same expression has the same value. */
const withComputed = ({ metadata, ...fields }: Attributes): Attributes =>
    Object.defineProperties(computed(fields) as Attributes, { metadata: { value: metadata, enumerable: true } });

/** Blocks of which there may be several, and what Kubernetes and AWS call them. */
const SEVERAL: Readonly<Record<string, string>> = {
    rule: "rules",
    lifecycle_rule: "lifecycleRules",
    transition: "transitions",
    inline_policy: "inlinePolicies",
    container: "containers",
    init_container: "initContainers",
    volume: "volumes",
    volume_mount: "volumeMounts",
    env: "env",
    items: "items",
    sources: "sources",
};

/** Maps whose keys are names that people give. */
const NAMED = ["labels", "annotations", "match_labels", "data", "tags", "selector"];

/** Attributes with a policy of IAM as JSON. */
const POLICIES = ["policy", "assume_role_policy"];

/** Undefined where an expression decides on it as a whole. */
function policyIn(text: string): Attributes | undefined {
    try {
        return JSON.parse(text) as Attributes;
    } catch {
        return undefined;
    }
}

const inCamels = (key: string) =>
    key === "cluster_ip" ? "clusterIP" : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Attributes of Terraform as fields: in camel case, with blocks of which there is one as maps. */
function inCamelCase(value: unknown): unknown {
    if (!isMap(value)) return value;
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, child]) => {
            if (child === null || (Array.isArray(child) && child.length === 0)) return [];
            if (NAMED.includes(key) && isMap(child)) return [[key, child]];
            if (POLICIES.includes(key) && typeof child === "string") return [[inCamels(key), policyIn(child) ?? child]];
            if (key === "replicas" && typeof child === "string" && /^\d+$/.test(child)) return [[key, Number(child)]];
            const name = inCamels(key);
            if (!Array.isArray(child) || !child.some(isMap)) return [[name, inCamelCase(child)]];
            return [SEVERAL[key] === undefined ? [name, inCamelCase(child[0])] : [SEVERAL[key], child.map(inCamelCase)]];
        }),
    );
}

/** Fields that are expressions still throw when they are read: what needs them is undecided. Words of a list are read as they are, as flags are. */
function computed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(computed);
    if (!isMap(value)) return value;
    const result = {};
    for (const [key, child] of Object.entries(value))
        Object.defineProperty(
            result,
            key,
            typeof child === "string" && /(^|[^$])\$\{/.test(child)
                ? {
                      enumerable: true,
                      get() {
                          throw new UncomputedError(`${key} is ${child}`);
                      },
                  }
                : { enumerable: true, value: computed(child), writable: true, configurable: true },
        );
    return result;
}

function objectOf(block: Block, manifest: Omit<Manifest, "id">, passedOver?: string): SourceObject {
    const { type, name, source, keys } = block;
    const id = `${source.file}:${[source.line, ...keys].map((key) => (typeof key === "number" ? String(key).padStart(9, "0") : key)).join(":")}`;
    const position = HCL.test(source.file)
        ? source.text.search(new RegExp(`^[ \\t]*\\w+[ \\t]+${type === "module" ? "" : `"${type}"[ \\t]+`}"${name}"`, "m"))
        : -1;
    return {
        manifest: { ...manifest, id },
        title: `${type}.${name}`,
        source,
        keys,
        ...(position !== -1 && { position }),
        ...(passedOver !== undefined && { passedOver }),
    };
}

function yaml(text: unknown): unknown {
    try {
        return typeof text === "string" ? parse(text, { logLevel: "silent" }) : undefined;
    } catch {
        return undefined;
    }
}
