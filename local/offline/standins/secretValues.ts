/** Property bags as the engine sends them: plain JSON in which a secret value is wrapped in an object with a signature. */

import { isMap } from "../../../rules/isMap";

export type Bag = Record<string, unknown>;

/** Constants of Pulumi's wire protocol, repeated from `@pulumi/pulumi/runtime/rpc` because loading that takes half a second. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
export const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const isSecret = (value: unknown): value is Bag => isMap(value) && value[SIGNATURE] === SECRET;

/** Wraps a value as a secret: the engine encrypts it in the state. */
export const secret = (value: unknown): unknown => (isSecret(value) ? value : { [SIGNATURE]: SECRET, value });

/** The value without secret wrappers and nulls, to compare it or to send it to an API server. */
export function reveal(value: unknown): unknown {
    if (isSecret(value)) return reveal(value.value);
    if (Array.isArray(value)) return value.map(reveal);
    if (!isMap(value)) return value;
    const kept = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
    return Object.fromEntries(kept.map(([k, v]) => [k, reveal(v)]));
}

export const revealBag = (bag: Bag): Bag => reveal(bag) as Bag;

/**
 * Wraps each value of `outputs` that is secret at the same place of `inputs`. Otherwise an API server's answer would return a secret input as
 * plain text, and the engine would write it into the state as such.
 */
export function keepSecrets(outputs: unknown, inputs: unknown): unknown {
    if (isSecret(inputs)) return outputs === undefined ? undefined : secret(outputs);
    if (Array.isArray(outputs) && Array.isArray(inputs)) return outputs.map((o, i) => keepSecrets(o, inputs[i]));
    if (isMap(outputs) && isMap(inputs) && !isSecret(outputs)) {
        return Object.fromEntries(Object.entries(outputs).map(([k, v]) => [k, keepSecrets(v, inputs[k])]));
    }
    return outputs;
}
