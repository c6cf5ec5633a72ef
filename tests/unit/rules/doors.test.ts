import assert from "node:assert/strict";
import { satisfies } from "semver";
import { UnknownValueError } from "../../../policies/properties";
import { RULES, undecided } from "../../../rules";
import type { KubernetesObject } from "../../../rules/example";
import { NOTHING } from "../../../rules/model";
import { type Rule, thresholdsOf } from "../../../rules/rule";
import { problemsOf } from "../../support/problemsOf";
import { findingsIn, reportsOn } from "../../support/ruleExamples";
import { NGINX, observerConfig } from "../../support/testFleet";
import { UNKNOWN } from "../../support/thanosManifests";

describe("every rule on manifests", () => {
    for (const rule of RULES) {
        const { name, manifests } = rule;
        it(`decides its good example, and finds nothing in it: ${name}`, () =>
            assert.deepEqual(findingsIn(rule, manifests.good), { problems: [], undecided: [] }));
        it(`finds something in its bad example: ${name}`, () => assert.notDeepEqual(findingsIn(rule, manifests.bad).problems, []));
        it(`reports the same through the policy pack: ${name}`, () => {
            assert.deepEqual(reportsOn(rule, manifests.bad).sort(), findingsIn(rule, manifests.bad).problems.sort());
            assert.deepEqual(reportsOn(rule, manifests.good), []);
        });
        it(`raises no false alarm for a value that is unknown before the update: ${name}`, () => {
            for (const objects of withOneUnknown(manifests.good))
                try {
                    assert.deepEqual(reportsOn(rule, objects), [], JSON.stringify(objects));
                } catch (error) {
                    // The engine then warns that the rule could not run.
                    if (!(error instanceof UnknownValueError)) throw error;
                }
        });
        it(`raises no false alarm where an object is not among the manifests: ${name}`, () => {
            for (const left of manifests.good.filter(({ metadata }) => metadata.name !== MEANS_ANOTHER[rule.id])) {
                const { problems } = findingsIn(
                    rule,
                    manifests.good.filter((object) => object !== left),
                );
                assert.deepEqual(problems, [], `without ${left.kind} ${left.metadata.name}`);
            }
        });
    }

    it("says what it could not decide, where it finds less without the ConfigMaps and Secrets", () => {
        const silent = RULES.flatMap((rule) => {
            const { id, manifests } = rule;
            const { problems, undecided: facts } = findingsIn(
                rule,
                manifests.bad.filter(({ kind }) => kind !== "ConfigMap" && kind !== "Secret"),
            );
            return problems.length < findingsIn(rule, manifests.bad).problems.length && facts.length === 0 ? [id] : [];
        });
        // Two Secrets that are not known may be of one bucket or of two: nobody would want to read that of each pair of compactors.
        assert.deepEqual(silent, ["L2"]);
    });
});

/** Objects without which the rest of an example is another deployment, and a wrong one: old blocks have one Store. */
const MEANS_ANOTHER: Record<string, string> = { L6: "store-recent" };

/** Copies of objects, each with one text or number that is unknown. What an object is, is always known. */
function* withOneUnknown(objects: readonly KubernetesObject[]): Generator<object[]> {
    for (const [i, object] of objects.entries())
        for (const path of leavesOf(object)) {
            if (["apiVersion", "kind"].includes(path[0] ?? "")) continue;
            yield objects.map((other, j) => (i === j ? replaced(other, path) : other));
        }
}

function leavesOf(value: unknown): string[][] {
    if (typeof value !== "object" || value === null) return [[]];
    return Object.entries(value).flatMap(([key, child]) => leavesOf(child).map((path) => [key, ...path]));
}

function replaced(object: object, path: readonly string[]): object {
    const copy = structuredClone(object) as Record<string, unknown>;
    let at = copy;
    for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[path.at(-1) ?? ""] = UNKNOWN;
    return copy;
}

describe("every rule about settings", () => {
    const compact = (retention: object) => ({
        compact: { retention: { raw: "90d", fiveMinutes: "90d", oneHour: "90d", ...retention } },
    });
    const unequal = { easedRules: [{ rule: "L34", reason: "not asked here" }] };
    /** Settings that each rule refuses, by its id; and the same with a better value. */
    const refused: Record<string, [wrong: Record<string, unknown>, right: Record<string, unknown>]> = {
        L4: [
            { ...compact({ raw: "24h" }), ...unequal },
            { ...compact({ raw: "40h" }), ...unequal },
        ],
        L5: [{ store: { ignoreDeletionMarksDelay: "48h" } }, { store: { ignoreDeletionMarksDelay: "47h" } }],
        L6: [
            { store: { minAge: "22h" }, receive: { retention: "22h" } },
            { store: { minAge: "22h" }, receive: { retention: "23h" } },
        ],
        L7: [{ receive: { ingesters: 2 } }, { receive: { ingesters: 3 } }],
        L14: [{ queryFrontend: { replicas: 2 } }, { queryFrontend: { replicas: 1 } }],
        L31: [{ prometheus: { replicas: 1 } }, { prometheus: { replicas: 2 } }],
        L32: [
            exposed({ by: "nobody", reason: "the VPN asks" }, "0.0.0.0/0"),
            exposed({ by: "nobody", reason: "the VPN asks" }, "10.0.0.0/8"),
        ],
        L34: [compact({ oneHour: "365d" }), compact({ oneHour: "90d" })],
    };

    it("has a configuration that it refuses", () =>
        assert.deepEqual(
            RULES.filter(({ settings }) => settings !== undefined).map(({ id }) => id),
            Object.keys(refused),
        ));

    for (const [id, [wrong, right]] of Object.entries(refused))
        it(`refuses it, and what differs in this setting alone is accepted: ${id}`, () => {
            const rule = RULES.find((candidate) => candidate.id === id);
            const [first] = (rule?.settings ?? []).map((setting) => setting.split(/[.[]/)[0]);
            assert.deepEqual(problemsOf(observerConfig("local", right)), []);
            const found = problemsOf(observerConfig("local", wrong));
            assert.equal(found.length, 1);
            assert.equal(found[0]?.split(".")[0], first);
        });

    function exposed(login: object, source: string) {
        return { exposure: { ...NGINX, login, sourceRanges: [source] } };
    }
});

describe("the releases that a rule concerns", () => {
    /** A release in the range of each program, and one outside of it, by the rule's id. */
    const releases: Record<string, Record<string, [inside: string, outside: string]>> = {
        L8: { Thanos: ["0.27.0", "0.26.9"] },
        L13: { Thanos: ["0.40.9", "0.41.0"] },
        L19: { Thanos: ["0.42.0", "0.41.9"] },
        L20: { Thanos: ["0.42.0", "0.41.9"] },
        L23: { Thanos: ["0.38.0", "0.37.9"] },
        L25: { Thanos: ["0.41.9", "0.42.0"], Prometheus: ["3.9.0", "3.8.9"], "prometheus-operator": ["0.93.9", "0.94.0"] },
        L33: { Prometheus: ["3.15.0", "3.10.9"] },
    };

    it("are of every rule that has some", () => {
        const bounded = RULES.filter(({ versions }) => versions !== undefined);
        assert.deepEqual(
            bounded.map(({ id }) => id),
            Object.keys(releases),
        );
        for (const { id, versions } of bounded) {
            assert.deepEqual(Object.keys(versions ?? {}), Object.keys(releases[id] ?? {}));
            for (const [program, range] of Object.entries(versions ?? {}))
                assert.ok(satisfies(releases[id]?.[program]?.[0] ?? "", range), id);
        }
    });

    for (const rule of RULES.filter(({ versions }) => versions !== undefined))
        for (const [program, [inside, outside]] of Object.entries(releases[rule.id] ?? {}))
            it(`decide: ${rule.id} finds something with ${program} ${inside}, nothing with ${outside}, and is undecided where that is not known`, () => {
                const count = (release: string | undefined) => rule.check(withRelease(rule, program, release), thresholdsOf(rule)).length;
                assert.equal(count(inside), rule.bad === NOTHING ? 0 : rule.check(rule.bad, thresholdsOf(rule)).length);
                assert.equal(count(outside), 0);
                // Whether ketama is known is no question worth asking: releases without it are of 2022.
                if (["L8", "L33"].includes(rule.id)) return;
                assert.equal(count(undefined), 0);
                assert.notDeepEqual(undecided(rule, withRelease(rule, program, undefined)), []);
            });

    /** The bad example of a rule with another release in all of its parts. */
    function withRelease({ bad }: Rule, program: string, release: string | undefined): typeof bad {
        const version = release === undefined ? {} : { version: release };
        const without = <T extends { version?: string }>({ version: _, ...part }: T) => part as Omit<T, "version">;
        const declared = release === undefined ? {} : { declared: release };
        return {
            ...bad,
            ...(program === "Thanos" && {
                receives: bad.receives.map((part) => ({ ...without(part), ...version })),
                endpointLists: bad.endpointLists.map((part) => ({ ...without(part), ...version })),
                commands: bad.commands.map((part) => ({ ...without(part), ...version })),
            }),
            sidecars: bad.sidecars.map(({ operator, ...part }) => ({
                ...part,
                ...(program === "Thanos" && { thanos: declared }),
                ...(program === "Prometheus" && { prometheus: declared }),
                ...(program === "prometheus-operator" ? release && { operator: release } : operator && { operator }),
            })),
        };
    }
});
