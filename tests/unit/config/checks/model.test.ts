import assert from "node:assert/strict";
import { modelOf } from "../../../../config/checks";
import { loadConfig } from "../../../../config/load";
import { type Run, runInProcess } from "../../../../engine/runInProcess";
import { toEngineConfig } from "../../../../engine/stackFile";
import type { Hashring } from "../../../../rules/model";
import { manifestOf } from "../../../../rules/reading/manifest";
import { readModel } from "../../../../rules/reading/readModel";
import { buildExposed, buildObservee, buildObserver, EXPOSED, NGINX, observeeConfig, observerConfig } from "../../../support/testFleet";

const manifestsOf = ({ resources }: Run) =>
    resources.flatMap(({ type, name, props }) => manifestOf({ type, name, urn: `${type}::${name}`, props }));

const registeredBy = (run: Run) => readModel(manifestsOf(run), ["compactors", "receives", "prometheuses"]).model;

/** The paths differ: settings in one model, resources in the other. */
const withoutPaths = <T extends { path: string }>(parts: readonly T[]) => parts.map(({ path, ...rest }) => rest);

/** Which ring is how is a setting; how series are spread over it is the program's decision. */
const ringsOf = (rings: readonly Hashring[]) => withoutPaths(rings).map(({ algorithm, ...ring }) => ring);

describe("the model of a configuration", () => {
    it("has the observer's hashring and Prometheus as they are registered", async () => {
        const [configured, registered] = [modelOf(loadConfig(observerConfig("local"))), registeredBy(await buildObserver("local"))];
        const receives = ({ receives }: typeof configured) =>
            receives.map(({ replicationFactor, rings }) => ({ replicationFactor, rings: ringsOf(rings) }));
        assert.deepEqual(receives(configured), receives(registered));
        assert.deepEqual(withoutPaths(configured.prometheuses), withoutPaths(registered.prometheuses));
    });

    it("has the observer's rings with their zones as they are registered", async () => {
        const rings = [{ name: "big", tenants: ["red"], ingesters: 6, zones: ["a", "b", "c"] }];
        const observees = ["red", "green"].map((name) => ({ name, mode: "sidecar-remote-write" }));
        const raw = observerConfig("local", { observees, receive: { rings } });
        const registered = registeredBy(await runInProcess("observer", toEngineConfig(raw)));
        const receives = (model: typeof registered) => model.receives.map((receive) => ringsOf(receive.rings));
        assert.deepEqual(receives(modelOf(loadConfig(raw))), receives(registered));
        assert.deepEqual(receives(registered), [
            [
                { ingesters: 6, perZone: [2, 2, 2], tenants: ["red"] },
                { ingesters: 3, tenants: ["green"] },
            ],
        ]);
    });

    it("has one compactor that is like each of the registered ones, but for the stream", async () => {
        const [compactor] = withoutPaths(modelOf(loadConfig(observerConfig("local"))).compactors);
        // How blocks are merged is the program's decision, and no setting.
        const registered = withoutPaths(registeredBy(await buildObserver("local")).compactors).map(({ merging, ...rest }) => rest);
        assert.deepEqual(
            registered,
            ["blue", "observer", "red"].map((stream) => ({ ...compactor, stream })),
        );
    });

    it("has the login and the networks of every exposed page as they are registered", async () => {
        for (const variant of ["alb-login", "proxy-login"] as const) {
            const [configured] = withoutPaths(modelOf(loadConfig(observerConfig("local", EXPOSED[variant]))).pages);
            const registered = readModel(manifestsOf(await buildExposed(variant)), ["pages"]).model.pages;
            // Grafana is no page of Thanos.
            assert.deepEqual(
                withoutPaths(registered),
                ["query", "blocks"].map((host) => ({ ...configured, host: `${host}.fleet.test` })),
            );
        }
        const nobody = { ...NGINX, login: { by: "nobody", reason: "the VPN asks for a login" } };
        const raw = observerConfig("local", { exposure: nobody });
        const run = await runInProcess("observer", toEngineConfig(raw));
        assert.deepEqual(withoutPaths(readModel(manifestsOf(run), ["pages"]).model.pages), withoutPaths(modelOf(loadConfig(raw)).pages));
        assert.deepEqual(modelOf(loadConfig(observerConfig("aws"))).pages, []);
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
