import assert from "node:assert/strict";
import { modelOf } from "../../../../config/checks";
import { loadConfig } from "../../../../config/load";
import type { Run } from "../../../../engine/runInProcess";
import { manifestOf } from "../../../../policies/policy";
import { readModel } from "../../../../rules/reading/readModel";
import { buildObservee, buildObserver, observeeConfig, observerConfig } from "../../../support/testFleet";

const manifestsOf = ({ resources }: Run) =>
    resources.flatMap(({ type, name, props }) => manifestOf({ type, name, urn: `${type}::${name}`, props }));

const registeredBy = (run: Run) => readModel(manifestsOf(run), ["compactors", "receives", "prometheuses"]).model;

/** The paths differ: settings in one model, resources in the other. */
const withoutPaths = <T extends { path: string }>(parts: readonly T[]) => parts.map(({ path, ...rest }) => rest);

describe("the model of a configuration", () => {
    it("has the observer's hashring and Prometheus as they are registered", async () => {
        const [configured, registered] = [modelOf(loadConfig(observerConfig("local"))), registeredBy(await buildObserver("local"))];
        const receives = ({ receives }: typeof configured) =>
            withoutPaths(receives).map((receive) => ({ ...receive, rings: withoutPaths(receive.rings) }));
        assert.deepEqual(receives(configured), receives(registered));
        assert.deepEqual(withoutPaths(configured.prometheuses), withoutPaths(registered.prometheuses));
    });

    it("has one compactor that is like each of the registered ones, but for the stream", async () => {
        const [compactor] = withoutPaths(modelOf(loadConfig(observerConfig("local"))).compactors);
        const registered = withoutPaths(registeredBy(await buildObserver("local")).compactors);
        assert.deepEqual(
            registered,
            ["blue", "observer", "red"].map((stream) => ({ ...compactor, stream })),
        );
    });

    it("has an observee's Prometheus as it is registered, and nothing else", async () => {
        const [configured, registered] = [
            modelOf(loadConfig(observeeConfig("red", "local"))),
            registeredBy(await buildObservee("red", "local")),
        ];
        assert.deepEqual(withoutPaths(configured.prometheuses), withoutPaths(registered.prometheuses));
        assert.deepEqual([configured.compactors, registered.compactors, configured.receives, registered.receives], [[], [], [], []]);
    });
});
