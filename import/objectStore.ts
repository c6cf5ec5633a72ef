import { parse } from "yaml";
import { isMap } from "../rules/isMap";
import type { Settings } from "./settings";

/** An objstore file of Thanos: a store, the folder in it, and the credentials, which belong into no stack file. */
export interface ImportedStore {
    readonly store: { readonly type: string; readonly config: Settings };
    /** `""` is the root of the bucket. */
    readonly prefix: string;
    /** Paths of the credentials that were left out: `config.secret_key`. */
    readonly secrets: readonly string[];
    /** Fields that `objectStore` does not have. They work in no pod of the project, or say what Thanos does anyway. */
    readonly unknown: readonly string[];
}

/** Credentials in Thanos's objstore file (https://thanos.io/tip/thanos/storage.md). */
const SECRETS = [
    "access_key",
    "secret_key",
    "session_token",
    "service_account",
    "storage_account_key",
    "storage_connection_string",
    "client_secret",
    "password",
    "application_credential_secret",
    "secret_id",
    "access_key_id",
    "access_key_secret",
    "privatekey",
    "passphrase",
];

/** Reads an objstore file, as text or as the map that some charts take. Undefined where it is none. */
export function importedStore(file: unknown): ImportedStore | undefined {
    const content = typeof file === "string" ? parsed(file) : file;
    if (!isMap(content) || typeof content.type !== "string" || !isMap(content.config)) return undefined;
    const { type, config } = content;
    // Helm or the shell would have filled it in.
    if (/\{\{|\$[{(]/.test(JSON.stringify(config))) return undefined;
    const secrets = SECRETS.filter((key) => config[key] !== undefined && config[key] !== "");
    const given = Object.entries(config).filter(([key, value]) => !SECRETS.includes(key) && !isEmpty(value) && !USELESS.has(key));
    return {
        store: { type: type.toUpperCase(), config: Object.fromEntries(given.map(([key, value]) => [key, withoutEmpty(value)])) },
        prefix: typeof content.prefix === "string" ? content.prefix.replace(/^\/+|\/+$/g, "") : "",
        secrets: secrets.map((key) => `config.${key}`),
        unknown: Object.keys(config).filter((key) => USELESS.has(key) && !isEmpty(config[key])),
    };
}

/** Fields that Thanos ignores, or that are about its own logs. */
const USELESS = new Set(["trace", "aws_sdk_auth"]);

function parsed(text: string): unknown {
    try {
        return parse(text, { logLevel: "silent" });
    } catch {
        return undefined;
    }
}

/** Many files are copies of the one in Thanos's documentation, which has every field with nothing in it. */
function isEmpty(value: unknown): boolean {
    if (isMap(value)) return Object.values(value).every(isEmpty);
    return value === undefined || value === null || value === "";
}

const withoutEmpty = (value: unknown): unknown =>
    isMap(value)
        ? Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (isEmpty(inner) ? [] : [[key, withoutEmpty(inner)]])))
        : value;
