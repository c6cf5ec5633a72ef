import assert from "node:assert/strict";
import type { Run } from "../../../engine/runInProcess";
import { manifestOf } from "../../../policies/policy";
import { RULES } from "../../../rules";
import { problemText } from "../../../rules/problem";
import { readModel } from "../../../rules/reading/readModel";
import { thresholdsOf } from "../../../rules/rule";
import { allOnAws, buildObservee, buildObserver } from "../../support/testFleet";

const manifestsOf = ({ resources }: Run) =>
    resources.flatMap(({ type, name, props }) => manifestOf({ type, name, urn: `${type}::${name}`, props }));

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
