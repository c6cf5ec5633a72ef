/** Tags carry a v, most programs print none. */
export const bare = (version: string) => version.replace(/^v/, "");

/** `exact`: flags or output differ between versions. `at-least`: same major, this or newer. `any`: what the system has. */
export type Accept = "exact" | "at-least" | "any";

export function satisfies(version: string, accept: Accept, want: string): boolean {
    if (accept === "any") return true;
    if (accept === "exact") return version === want;
    const [have, least] = [numbers(version), numbers(want)];
    if (have[0] !== least[0]) return false;
    const first = least.findIndex((n, i) => n !== have[i]);
    return first === -1 || have[first]! > least[first]!;
}

const numbers = (version: string) => [0, 1, 2].map((i) => Number.parseInt(version.split(".")[i] ?? "0", 10) || 0);
