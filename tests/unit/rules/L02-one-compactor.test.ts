import assert from "node:assert/strict";
import { OBJSTORE, thanos } from "../../../rules/example";
import { oneCompactorPerStream as rule } from "../../../rules/L02-one-compactor";
import { type Compactor, NOTHING } from "../../../rules/model";
import { problemText } from "../../../rules/problem";
import { thresholdsOf } from "../../../rules/rule";
import { findingsIn } from "../../support/ruleExamples";

describe("rule L2, one-compactor-per-stream", () => {
    it("reports replicas, strategy, schedule, autoscaler and a second compactor of its bad example", () =>
        assert.deepEqual(rule.check(rule.bad, thresholdsOf(rule)).map(problemText), [
            "compact-blue.replicas: 2 compactors would work on blue at once. Compact takes no lock: they corrupt it. Set it to 1; to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.",
            "compact-red.strategy: a rolling update starts the next compactor of red before the last one has stopped. Use a StatefulSet, or a Deployment with strategy Recreate.",
            "compact-green.concurrencyPolicy: Allow lets a run start while the last one still compacts green. Set it to Forbid.",
            "compact-yellow.autoscale: up to 5 compactors would work on yellow at once. Compact takes no lock: they corrupt it. Remove the autoscaler; to compact faster, raise --compact.concurrency or shard with --selector.relabel-config.",
            "compact-red-again.stream: red already has a compactor (compact-red). Compact takes no lock: two of them corrupt it. Remove one, give it its own prefix, or shard both with --selector.relabel-config.",
        ]));

    const [good] = rule.good.compactors;
    assert.ok(good);
    const pathsOf = (...compactors: Partial<Compactor>[]) =>
        rule.check({ ...NOTHING, compactors: compactors.map((c) => ({ ...good, ...c })) }, thresholdsOf(rule)).map(({ path }) => path);

    it("leaves those alone that do not run: scaled to 0, or suspended", () => {
        const update = { overlapsOnUpdate: true, overlapsOnSchedule: true };
        assert.deepEqual(pathsOf({ path: "a", replicas: 0, ...update }, { path: "b" }, { path: "c", replicas: 0 }), []);
        assert.deepEqual(pathsOf({ path: "a", replicas: 0 }, { path: "b" }, { path: "c" }), ["c.stream"]);
        const nightly = (suspend: boolean) => {
            const object = thanos("CronJob", "nightly", ["compact", ...OBJSTORE], { secret: "objstore-blue" });
            return { ...object, spec: { ...(object.spec as object), suspend } };
        };
        const found = (suspend: boolean) => findingsIn(rule, [...rule.manifests.good, nightly(suspend)]).problems.length;
        assert.deepEqual([found(true), found(false)], [0, 2]);
    });

    it("lets compactors shard a stream by relabelling", () =>
        assert.deepEqual(pathsOf({ path: "a", shard: "hashmod 0" }, { path: "b", shard: "hashmod 1" }), []));
    it("refuses a compactor of the whole stream beside that of a shard, whichever comes first", () => {
        assert.deepEqual(pathsOf({ path: "a" }, { path: "b", shard: "hashmod 0" }), ["b.stream"]);
        assert.deepEqual(pathsOf({ path: "a", shard: "hashmod 0" }, { path: "b", shard: "hashmod 1" }, { path: "c" }), ["c.stream"]);
    });
    it("refuses two compactors of the same shard", () =>
        assert.deepEqual(pathsOf({ path: "a", shard: "hashmod 0" }, { path: "b", shard: "hashmod 0" }), ["b.stream"]));
    it("reports every compactor of a stream but the first", () =>
        assert.deepEqual(pathsOf({ path: "a" }, { path: "b" }, { path: "c" }), ["b.stream", "c.stream"]));
});
