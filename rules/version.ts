import coerce from "semver/functions/coerce";
import satisfies from "semver/functions/satisfies";

/** A program whose releases differ in what a rule is about. */
export type Program = "Thanos" | "Prometheus" | "prometheus-operator";

/** The releases of a program that a rule concerns, as a range of npm's semver: `>=0.42.0`, `>=0.41.0 <0.42.0`. */
export type Versions = Readonly<Partial<Record<Program, string>>>;

/** `v0.42.4`, `0.42.4-debian-12-r0`, `0.93`: what begins as a release does. A tag such as `main-2026-01-02` or `latest` tells no release. */
const RELEASE = /^v?\d+\.\d+(\.\d+)?([-+].*)?$/;

/** What each release of a program begins with. There is no Thanos 1: `thanos:2026.11` is a count of somebody's own builds. */
const BEGINS: Readonly<Partial<Record<Program, RegExp>>> = { Thanos: /^v?0\./ };

/** The release of a program that a tag names: `0.42.4`. A release candidate counts as its release. */
export const releaseOf = (program: Program, tag: string | undefined): string | undefined =>
    tag !== undefined && RELEASE.test(tag) && (BEGINS[program]?.test(tag) ?? true) ? coerce(tag)?.version : undefined;

/** Whether a release lies in a range. Undefined where the release is not known. */
export const isIn = (range: string, release: string | undefined): boolean | undefined =>
    release === undefined ? undefined : satisfies(release, range);
