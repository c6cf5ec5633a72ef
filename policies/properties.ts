import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** What the engine sends for a value that is unknown before the update, by its type (pkg/resource/plugin/rpc.go, 3.259). */
const UNKNOWN: ReadonlyMap<unknown, string> = new Map([
    ["1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", "boolean"],
    ["3eeb2bf0-c639-47a8-9e75-3b44932eb421", "number"],
    ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", "string"],
    ["6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", "Array"],
    ["030794c1-ac77-496b-92df-f27374a8bd58", "asset"],
    ["e48ece36-62e2-4504-bad9-02848725956a", "archive"],
    ["dd056dcd-154b-4c76-9bd3-c8f88648b5ff", "Object"],
]);

/** A secret is an object with this key, with this value, and with what is secret as `value` (sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A rule has read a value that is unknown before the update. */
export class UnknownValueError extends Error {
    constructor(type: string, path: readonly string[]) {
        super(`${type} value at .${path.join(".")} can't be known during preview`);
    }
}

/** The properties of a resource, as the engine sends them: secrets in the clear, and reading an unknown value throws. */
export const propertiesOf = (sent: Struct | undefined): Record<string, unknown> => readable(sent?.toJavaScript() ?? {});

/** The same of an object. */
export const readable = (properties: object): Record<string, unknown> => fill({}, Object.entries(properties), []);

/** Rules read few values of few resources: an unknown one costs nothing until it is read. */
function fill<T extends object>(target: T, entries: readonly (readonly [string, unknown])[], path: readonly string[]): T {
    for (const [key, sent] of entries) {
        const here = [...path, key];
        const value = isObject(sent) && sent[SIGNATURE] === SECRET ? sent.value : sent;
        const type = UNKNOWN.get(value);
        if (type === undefined) (target as Record<string, unknown>)[key] = isObject(value) ? filled(value, here) : value;
        else
            Object.defineProperty(target, key, {
                enumerable: true,
                get: () => {
                    throw new UnknownValueError(type, here);
                },
            });
    }
    return target;
}

const filled = (value: object, path: readonly string[]): object => fill(Array.isArray(value) ? [] : {}, Object.entries(value), path);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
