/**
 * A stand-in for the official Pulumi plugin `random`, for machines that cannot download it (findPlugins.ts chooses). Run by
 * bin/random/pulumi-resource-random.
 *
 * RandomPassword, RandomString and RandomId: generated once, kept in the state, generated anew when any input changes.
 */

import { randomBytes, randomInt } from "node:crypto";
import { version } from "@pulumi/random/package.json";
import { isMap } from "../../../rules/isMap";
import { type Decision, differences } from "./diff";
import { type Bag, revealBag, secret } from "./secretValues";
import { type StandIn, serve } from "./server";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
/** The special characters of the official provider. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** `length` characters of the wanted classes, with the wanted minimum of each class. */
export function characters(inputs: Bag): string {
    const length = Number(inputs.length);
    const classes = [
        { chars: LOWER, on: inputs.lower !== false, least: Number(inputs.minLower ?? 0) },
        { chars: UPPER, on: inputs.upper !== false, least: Number(inputs.minUpper ?? 0) },
        { chars: DIGITS, on: (inputs.numeric ?? inputs.number) !== false, least: Number(inputs.minNumeric ?? 0) },
        { chars: String(inputs.overrideSpecial || SPECIAL), on: inputs.special !== false, least: Number(inputs.minSpecial ?? 0) },
    ].filter((c) => c.on);
    const all = classes.map((c) => c.chars).join("");
    const least = classes.flatMap((c) => Array.from({ length: c.least }, () => c.chars));
    if (!(length >= 1) || all === "" || least.length > length)
        throw new Error(
            `length: ${inputs.length} is less than the ${Math.max(least.length, 1)} characters that are required. Set at least that.`,
        );
    const sets = [...least, ...Array.from({ length: length - least.length }, () => all)];
    const drawn = sets.map((set) => set[randomInt(set.length)] as string);
    for (let i = drawn.length - 1; i > 0; i--) {
        const j = randomInt(i + 1);
        [drawn[i], drawn[j]] = [drawn[j] as string, drawn[i] as string];
    }
    return drawn.join("");
}

export function idOutputs(bytes: Buffer, prefix: string): { id: string; outputs: Bag } {
    const b64Url = bytes.toString("base64url");
    const outputs = {
        b64Url: `${prefix}${b64Url}`,
        b64Std: `${prefix}${bytes.toString("base64")}`,
        hex: `${prefix}${bytes.toString("hex")}`,
        dec: `${prefix}${BigInt(`0x${bytes.toString("hex")}`)}`,
    };
    return { id: b64Url, outputs };
}

/** Creates a resource. */
export function make(type: string, inputs: Bag): { id: string; outputs: Bag } {
    switch (type) {
        case "random:index/randomPassword:RandomPassword":
            // As in the official provider: the id is not secret, so it cannot be the password.
            return { id: "none", outputs: { ...inputs, result: secret(characters(inputs)) } };
        case "random:index/randomString:RandomString": {
            const result = characters(inputs);
            return { id: result, outputs: { ...inputs, result } };
        }
        case "random:index/randomId:RandomId": {
            const { id, outputs } = idOutputs(randomBytes(Number(inputs.byteLength)), String(inputs.prefix ?? ""));
            return { id, outputs: { ...inputs, ...outputs } };
        }
        default:
            throw new Error(
                `The stand-in provider does not support ${type}. Use RandomPassword, RandomString or RandomId, or install the official plugin.`,
            );
    }
}

/** Nothing can be changed in place: every input, `keepers` included, asks for a new value. */
export function decide(olds: Bag, news: Bag): Decision {
    const changes = differences(olds, news);
    return { changes, replaces: changes.map((c) => c.path), deleteBeforeReplace: false };
}

const standIn: StandIn = {
    version,
    configure: async () => {},
    check: async ({ inputs }) => inputs,
    diff: async ({ inputs, oldInputs }) => decide(revealBag(oldInputs), revealBag(inputs)),
    create: async ({ type, inputs }) => make(type, revealBag(inputs)),
    update: async ({ oldOutputs }) => oldOutputs,
    read: async ({ id, oldInputs, oldOutputs }) => (isMap(oldOutputs) ? { id, outputs: oldOutputs, inputs: oldInputs } : undefined),
    delete: async () => {},
    cancel: () => {},
};

if (require.main === module) void serve(standIn, process.argv.at(-1));
