import assert from "node:assert/strict";
import fc from "fast-check";
import semver from "semver";
import { ConfigError } from "../../../config/configError";
import { checkSettings } from "../../../rollout/settings";
import { type Deployed, type FleetStack, type WaveInput, wavesForNone, wavesOf } from "../../../rollout/waves";

const observer: FleetStack = { name: "observer", role: "observer", cluster: "observer", labels: {} };
const observee = (name: string, labels: FleetStack["labels"] = {}): FleetStack => ({
    name,
    role: "observee",
    cluster: name,
    labels,
    observer: "observer",
});
const observees = (count: number) => Array.from({ length: count }, (_, i) => observee(`c${String(i).padStart(3, "0")}`));
const at = (thanos: string, ...clusters: string[]) => new Map<string, Deployed>([["observer", { thanos, observees: clusters }]]);
const sizes = (input: WaveInput) => wavesOf(input).map(({ stacks }) => stacks.length);
const names = (input: WaveInput) => wavesOf(input).map(({ stacks }) => stacks.join(" "));

const input = (stacks: FleetStack[], more: Partial<WaveInput> = {}, settings: unknown = {}): WaveInput => ({
    stacks,
    settings: checkSettings(settings),
    deployed: new Map(),
    thanos: "0.42.4",
    ...more,
});

describe("the waves of a rollout", () => {
    it("are the observer, one observee, a tenth, and the rest in waves of ten", () => {
        assert.deepEqual(sizes(input([...observees(40), observer])), [1, 1, 4, 10, 10, 10, 5]);
        assert.deepEqual(names(input([observee("red"), observer, observee("blue")])), ["observer", "blue", "red"]);
    });

    it("have the observer first on an upgrade, and where nothing is deployed", () => {
        const stacks = [observee("blue"), observer];
        for (const deployed of [new Map(), at("0.42.3", "blue"), at("0.42.4", "blue")])
            assert.deepEqual(names(input(stacks, { deployed })), ["observer", "blue"]);
    });

    it("have the observer last where Thanos gets older, but before observees that it does not know yet", () =>
        assert.deepEqual(
            names(input([observer, observee("blue"), observee("new"), observee("red")], { deployed: at("0.43.0", "blue", "red") })),
            ["blue", "red", "observer", "new"],
        ));

    it("are refused where Thanos gets older in the observer, and an observee is left out", () =>
        assert.throws(
            () => wavesOf(input([observer, observee("blue")], { deployed: at("0.43.0", "blue", "green", "red") })),
            new ConfigError("order of the rollout", [
                {
                    path: "observer",
                    problem:
                        "would go from Thanos 0.43.0 to 0.42.4, and green, red would stay newer: a Query may be newer than what it asks, not older.",
                    remedy: "Roll out these clusters, too, or keep the version.",
                },
            ]),
        ));

    it("are those of rollout.yaml, by names and sizes", () => {
        const stacks = [observer, observee("dev-a"), observee("dev-b"), observee("prod-a"), observee("prod-b"), observee("prod.c")];
        assert.deepEqual(names(input(stacks, {}, { waves: [{ stacks: ["dev-*"] }, { stacks: ["prod-b"] }] })), [
            "observer",
            "dev-a dev-b",
            "prod-b",
            "prod-a prod.c",
        ]);
        // A dot is a dot.
        assert.deepEqual(names(input(stacks, {}, { waves: [{ stacks: ["prod.*"], size: 1 }] }))[1], "prod.c");
    });

    it("are those of rollout.yaml, by labels", () => {
        const stacks = [
            observer,
            observee("a", { tier: "prod", region: "eu-west-1" }),
            observee("b", { tier: "prod", region: "us-east-1" }),
            observee("c", { tier: "dev", region: "us-east-1" }),
            observee("d"),
        ];
        assert.deepEqual(
            names(
                input(
                    stacks,
                    {},
                    { waves: [{ labels: { tier: "dev" } }, { labels: { tier: "prod", region: "us-*" } }, { labels: { tier: "*" } }] },
                ),
            ),
            ["observer", "c", "b", "a", "d"],
        );
    });

    it("are those of rollout.yaml, by names and labels", () =>
        assert.deepEqual(
            names(
                input(
                    [observer, observee("a", { tier: "dev" }), observee("b1", { tier: "dev" }), observee("b2")],
                    {},
                    {
                        waves: [{ stacks: ["b*"], labels: { tier: "dev" } }],
                    },
                ),
            ),
            ["observer", "b1", "a b2"],
        ));

    it("each choose an observee of the fleet, or are named", () => {
        const { waves } = checkSettings({
            waves: [{ stacks: ["blu"] }, { labels: { tier: "dev" } }, { labels: { tier: "prod" } }, { size: 1 }],
        });
        const fleet = [observer, observee("blue", { tier: "dev" })];
        const paths = (stacks: FleetStack[]) => wavesForNone(stacks, waves).map(({ path }) => path);
        assert.deepEqual(paths(fleet), ["waves.0", "waves.2"]);
        // The first stack of a fleet is its observer.
        assert.deepEqual(paths([observer]), []);
    });

    it("honour maxUnhealthy from two clusters up", () =>
        assert.deepEqual(names(input([observer, observee("blue"), observee("red")], {}, { waves: [{}], maxUnhealthy: 1 })), [
            "observer",
            "blue",
            "red",
        ]));

    describe("for any fleet", () => {
        const version = fc.constantFrom("0.41.0", "0.42.4", "0.43.0");
        const fleet = fc.record({
            count: fc.integer({ min: 0, max: 120 }),
            known: fc.integer({ min: 0, max: 120 }),
            running: fc.option(version),
            thanos: version,
            waves: fc.array(
                fc.record(
                    {
                        stacks: fc.array(fc.constantFrom("c*", "c00*", "c001", "*9", "none"), { minLength: 1, maxLength: 3 }),
                        size: fc.oneof(
                            fc.integer({ min: 1, max: 50 }),
                            fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%`),
                        ),
                    },
                    { requiredKeys: [] },
                ),
                { minLength: 1, maxLength: 5 },
            ),
            maxUnhealthy: fc.integer({ min: 1, max: 20 }),
            reversed: fc.boolean(),
        });
        /** The fleet's input: of its observees, the first `known` are deployed. */
        const made = fleet.map(({ count, known, running, thanos, waves, maxUnhealthy, reversed }) => {
            const all = [observer, ...observees(count)];
            const deployed = running === null ? new Map() : at(running, ...observees(Math.min(known, count)).map(({ cluster }) => cluster));
            return input(reversed ? all.reverse() : all, { deployed, thanos }, { waves, maxUnhealthy });
        });

        it("have every stack once, in the same place whatever the order of the input", () =>
            fc.assert(
                fc.property(made, (one) => {
                    const all = wavesOf(one);
                    assert.deepEqual(all.flatMap(({ stacks }) => stacks).sort(), one.stacks.map(({ name }) => name).sort());
                    assert.deepEqual(wavesOf({ ...one, stacks: [...one.stacks].reverse() }), all);
                }),
            ));

        it("have 1 to maxUnhealthy stacks each, and an observer alone", () =>
            fc.assert(
                fc.property(made, (one) => {
                    for (const { stacks } of wavesOf(one)) {
                        assert.ok(stacks.length >= 1 && stacks.length <= one.settings.maxUnhealthy, stacks.join(" "));
                        assert.ok(!stacks.includes("observer") || stacks.length === 1);
                    }
                }),
            ));

        it("leave no leaf Query newer than the observer's after any wave, and let no observee read a contract that it is not in", () =>
            fc.assert(
                fc.property(made, (one) => {
                    const before = one.deployed.get("observer");
                    const running = new Map(before ? [before.observees, ["observer"]].flat().map((name) => [name, before.thanos]) : []);
                    const contract = new Set(before?.observees);
                    for (const { stacks } of wavesOf(one)) {
                        for (const name of stacks) {
                            if (name === "observer") for (const { cluster } of one.stacks) contract.add(cluster);
                            else assert.ok(contract.has(name), `${name} is not in the contract`);
                            running.set(name, one.thanos);
                        }
                        for (const [name, thanos] of running)
                            assert.ok(semver.lte(thanos, running.get("observer") as string), `${name} is newer than the observer`);
                    }
                }),
            ));
    });
});
