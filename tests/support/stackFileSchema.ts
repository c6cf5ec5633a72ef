import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { schemas } from "../../config/schema";
import { PROJECT, SECTIONS } from "../../engine/stackFile";
import { isMap } from "../../rules/isMap";

/** The JSON Schema of stack files, by which editors complete and check them: that of zod, in the form of a stack file. */

type Schema = Record<string, unknown>;

/** What `pulumi config set --secret` writes in the place of a text. */
const SECURE = {
    type: "object",
    description: "Encrypted by pulumi config set --secret.",
    properties: { secure: { type: "string" } },
    required: ["secure"],
    additionalProperties: false,
};

/** @param what what a setting is, by its path: `observees[].name` */
export function stackFileSchema(what: ReadonlyMap<string, string>): Schema {
    // Most settings are the same for all roles and clouds: each is written once, and again for a role in which it is another.
    const definitions: Schema = { secure: SECURE };
    const define = (role: string, key: string, schema: Schema) => {
        // `role` and `cloud` tell the variants apart.
        if ("const" in schema) return schema;
        const name = [key, `${role}-${key}`].find((free) => isDeepStrictEqual(definitions[free] ?? schema, schema)) as string;
        definitions[name] = schema;
        return { $ref: `#/definitions/${name}` };
    };
    for (const [variant, schema] of Object.entries(schemas)) {
        const { properties, required } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", target: "draft-7" }) as {
            properties: Record<string, Schema>;
            required: string[];
        };
        const [role = ""] = variant.split(" ");
        definitions[variant.replaceAll(" ", "-")] = {
            properties: Object.fromEntries(
                Object.entries(properties).map(([key, value]) => [`${PROJECT}:${key}`, define(role, key, forEditors(value, key, what))]),
            ),
            // Without `cloud` it is aws: a default of Pulumi.yaml.
            required: required.filter((key) => key !== "cloud").map((key) => `${PROJECT}:${key}`),
            // Other packages' settings (`aws:region`) may be beside them.
            patternProperties: { [`^(?!${PROJECT}:)[^:]+:`]: {} },
            additionalProperties: false,
        };
    }
    const either = (key: string, value: string, yes: Schema, no: Schema): Schema => ({
        if: { properties: { [`${PROJECT}:${key}`]: { const: value } }, required: [`${PROJECT}:${key}`] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: yes,
        else: no,
    });
    const config = (role: string) =>
        either("cloud", "local", { $ref: `#/definitions/${role}-on-local` }, { $ref: `#/definitions/${role}-on-aws` });
    return {
        $schema: "http://json-schema.org/draft-07/schema#",
        title: `Stack file of ${PROJECT}`,
        type: "object",
        properties: {
            ...Object.fromEntries(SECTIONS.map((section) => [section, {}])),
            config: {
                type: "object",
                properties: { [`${PROJECT}:role`]: { enum: ["observer", "observee"], description: what.get("role") } },
                required: [`${PROJECT}:role`],
                ...either("role", "observer", config("observer"), config("observee")),
            },
        },
        additionalProperties: false,
        definitions,
    };
}

/** A part of the schema, with what each setting is, and with encrypted values where any text is allowed. */
function forEditors(schema: Schema, path: string, what: ReadonlyMap<string, string>): Schema {
    const within = Object.fromEntries(
        Object.entries(schema).map(([key, value]) => {
            if (key === "properties" && isMap(value))
                return [
                    key,
                    Object.fromEntries(
                        Object.entries(value).map(([name, inner]) => [name, forEditors(inner as Schema, `${path}.${name}`, what)]),
                    ),
                ];
            if (key === "items" && isMap(value)) return [key, forEditors(value, `${path}[]`, what)];
            if (Array.isArray(value) && /^(anyOf|oneOf)$/.test(key))
                return [key, value.map((inner) => forEditors(inner as Schema, path, what))];
            return [key, value];
        }),
    );
    const description = what.get(path);
    const isText = schema.type === "string" && !["pattern", "enum", "const", "format"].some((key) => key in schema);
    const mayBeSecret = isText || path === "objectStore";
    return {
        ...(description !== undefined && { description }),
        ...(mayBeSecret ? { anyOf: [within, { $ref: "#/definitions/secure" }] } : within),
    };
}
