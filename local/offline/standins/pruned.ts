/** What a live object has of the fields that a program declared. */
import { isMap } from "../../../rules/isMap";
import type { KubeObject } from "./readiness";
import { type Bag, keepSecrets, revealBag } from "./secretValues";

/** The live object, pruned to the shape of the inputs (`pruneLiveState`, provider/pkg/provider/provider.go). Values that are secret in the inputs stay so. */
export function pruned(inputs: Bag, live: KubeObject): Bag {
    const plain = revealBag(inputs);
    const data = isMap(live.data) ? live.data : {};
    // The API server turns `stringData` into `data`.
    const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]);
    const object: Bag = isMap(plain.stringData) ? { ...live, stringData: Object.fromEntries(decoded) } : { ...live };
    return keepSecrets(pick(plain, object), inputs) as Bag;
}

function pick(declared: unknown, live: unknown): unknown {
    if (Array.isArray(declared) && Array.isArray(live)) return declared.slice(0, live.length).map((value, i) => pick(value, live[i]));
    if (isMap(declared) && isMap(live))
        return Object.fromEntries(
            Object.entries(declared).flatMap(([key, value]) =>
                key in live ? [[key, pick(value, live[key])]] : isEmpty(value) ? [[key, value]] : [],
            ),
        );
    return isSameQuantity(declared, live) ? declared : live;
}

/** The API server leaves out fields with such a value (Go's `omitempty`). */
const isEmpty = (value: unknown) =>
    value === false || value === 0 || value === "" || ((Array.isArray(value) || isMap(value)) && Object.keys(value).length === 0);

const FACTORS: Record<string, number> = {
    ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
    ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** The API server writes quantities in a form of its own: `0.5` becomes `500m`, `1024Mi` becomes `1Gi`. */
function isSameQuantity(a: unknown, b: unknown): boolean {
    const [left, right] = [a, b].map(quantity);
    return left !== undefined && right !== undefined && Math.abs(left - right) <= 1e-9 * Math.max(left, right);
}

function quantity(value: unknown): number | undefined {
    const [, digits, suffix = ""] = /^(\d+(?:\.\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(value)) ?? [];
    const factor = FACTORS[suffix];
    return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
