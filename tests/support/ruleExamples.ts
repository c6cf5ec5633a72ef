import assert from "node:assert/strict";
import { parseAllDocuments, stringify } from "yaml";
import { toPolicy } from "../../policies/policy";
import { readable } from "../../policies/properties";
import { undecided } from "../../rules";
import type { KubernetesObject } from "../../rules/example";
import { problemText } from "../../rules/problem";
import type { Manifest } from "../../rules/reading/manifest";
import { readModel } from "../../rules/reading/readModel";
import { type Rule, thresholdsOf } from "../../rules/rule";

/** Kubernetes objects as they are read from YAML. */
export const manifestsOf = (objects: readonly object[]): Manifest[] =>
    parseAllDocuments(objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n")).map((document) => {
        const { apiVersion, kind, ...fields } = (document as { toJS(): unknown }).toJS() as KubernetesObject;
        const { name } = fields.metadata;
        return { apiVersion, kind, name, id: urnOf(typeOf(apiVersion, kind), name), fields };
    });

/** The type of a Kubernetes object in Pulumi. */
export const typeOf = (apiVersion: string, kind: string) => `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
const urnOf = (type: string, name: string) => `urn:pulumi:dev::fleet::${type}::${name}`;

/** What a rule finds in Kubernetes objects, and what it cannot decide there. */
export function findingsIn(rule: Rule, objects: readonly object[]): { problems: string[]; undecided: string[] } {
    const { model, lacks } = readModel(manifestsOf(objects), rule.reads);
    return {
        problems: rule.check(model, thresholdsOf(rule)).map(problemText),
        undecided: undecided(rule, model, lacks).map(({ path, fact }) => `${path}: ${fact}`),
    };
}

/** What a rule's policy reports about Kubernetes objects that a stack registers, as the pack's server runs it. Throws what the policy throws. */
export function reportsOn(rule: Rule, objects: readonly object[]): string[] {
    const policy = toPolicy(rule);
    const resources = objects.map((object) => {
        const { apiVersion, kind, ...fields } = object as KubernetesObject;
        const type = typeOf(apiVersion, kind);
        const { name } = fields.metadata;
        return { type, name, urn: urnOf(type, name), props: readable(fields) };
    });
    const found: string[] = [];
    for (const together of policy.scope === "part" ? resources.map((resource) => [resource]) : [resources])
        policy.validate(together, {}, (message) => void found.push(message));
    return found;
}

/** Says what a rule reports about its bad example: as a model, and as manifests. */
export function reports(rule: Rule, inModel: readonly string[], inManifests: readonly string[]): void {
    it("reports each problem of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), inModel));
    it("reports the same where manifests show them", () => assert.deepEqual(findingsIn(rule, rule.manifests.bad).problems, inManifests));
}
