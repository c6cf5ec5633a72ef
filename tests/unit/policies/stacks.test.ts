import assert from "node:assert/strict";
import type { Run } from "../../../engine/runInProcess";
import { RULES } from "../../../rules";
import { isKnown } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { manifestOf } from "../../../rules/reading/manifest";
import { readModel } from "../../../rules/reading/readModel";
import { thresholdsOf } from "../../../rules/rule";
import { allOnAws, buildObservee, buildObserver } from "../../support/testFleet";

/** The engine shows secret values to policies. Of those, the rules read the files of Secrets. */
const manifestsOf = ({ resources }: Run) =>
    resources.flatMap(({ type, name, props, secrets: { stringData } }) =>
        manifestOf({ type, name, urn: `${type}::${name}`, props: { ...props, ...(stringData !== undefined && { stringData }) } }),
    );

const problemsIn = (run: Run): string[] =>
    RULES.flatMap((rule) => {
        const { model, unread } = readModel(manifestsOf(run), rule.reads);
        assert.deepEqual(unread, []);
        return rule.check(model, thresholdsOf(rule)).map(problemText);
    });

describe("the stacks of this project", function () {
    this.timeout(300_000);

    it("pass every rule on one machine", async () => {
        const runs = [await buildObserver("local"), await buildObservee("blue", "local"), await buildObservee("red", "local")];
        for (const run of runs) assert.deepEqual(problemsIn(run), []);
    });

    it("pass every rule on AWS, in every variant", async () => {
        for (const run of await allOnAws()) assert.deepEqual(problemsIn(run), []);
    });

    it("have buckets and roles on AWS that the rules decide on, and roles that fit their pods", async () => {
        const manifests = manifestsOf(await buildObserver("aws"));
        const { model } = readModel(manifests, ["roles", "objectStores"]);
        assert.deepEqual(
            model.objectStores.map(({ place }) => place),
            ["blue", "observer", "red", "blue", "observer", "red", "observer"].map((prefix) => ({
                bucket: "blocks-of-the-fleet",
                prefix,
                hasKey: false,
            })),
        );
        assert.deepEqual(
            model.roles.flatMap(({ path, rights }) => (isKnown(rights) && rights.deletes.length > 0 ? [path] : [])),
            ["blue", "observer", "red"].map((stream) => `Role compact-${stream}-identity`),
        );
    });

    it("have each part that rules look at", async () => {
        const manifests = manifestsOf(await buildObserver("local"));
        const { model } = readModel(manifests, [
            "compactors",
            "receives",
            "stores",
            "sources",
            "frontends",
            "sidecars",
            "endpointLists",
            "commands",
        ]);
        assert.deepEqual(
            Object.entries(model).flatMap(([kind, parts]) => (parts.length > 0 ? [[kind, parts.length]] : [])),
            [
                ["compactors", 3],
                ["receives", 1],
                ["stores", 3],
                ["sources", 2],
                ["frontends", 1],
                ["sidecars", 1],
                ["endpointLists", 1],
                ["commands", 10],
            ],
        );
    });
});
