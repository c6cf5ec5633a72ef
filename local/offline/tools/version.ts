import { satisfies as inRange } from "semver";

/** Tags have a v, most programs print none. */
export const bare = (version: string) => version.replace(/^v/, "");

/** `exact`: flags or output differ between versions. `at-least`: same major version, this or newer. `any`: whatever the system has. */
export type VersionRule = "exact" | "at-least" | "any";

export function satisfies(version: string, rule: VersionRule, want: string): boolean {
    if (rule === "any") return true;
    return rule === "exact" ? version === want : inRange(version, `>=${want} <${Number.parseInt(want, 10) + 1}.0.0`);
}
